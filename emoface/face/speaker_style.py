"""How a person moves, read off a clip of them and given to other motion: amplitude, habitual pose, lopsidedness.

A first version of personalisation, by statistics alone. Against ``base``, the neutral motion of the recording to be
animated, the clip ``c`` tells for each region R of shapes that move alike and for each shape i::

    r_R      = spread_R(c) / spread_R(base),                   spread_R = sqrt(mean_i std_t(x_i)^2)
    own_i    = std_t(c_i) / std_t(base_i) / r_R,               1 for shapes that do not move
    gain_i   = r_R ^ w  own_i ^ (w w'),                        each factor and the whole within 0.5 .. 2
    side     = exp(+-d w / 2), d = ln of left over right in c less that in base, of sqrt(mean (x_i)^2), within 0.5 .. 2
    offset_i = w (median(c_i) - gain_i median(base_i)),        within +-0.25, for shapes that leave the lips alone

with ``w = T / (T + 3 s)`` and ``w' = T / (T + 10 s)``: short clips are believed less, and of single shapes less than
of regions. Motion then is ``gain_i x_i + offset_i``; the head's turns have a gain each, and no offset. What phones need
(press, rolls, mouthClose, tongue), blinks and gaze stay, and lips that were closed stay closed, if need be pressed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emoface import checks
from emoface.shown import by_shape

from .controls import clip_motion, keep_closed
from .layout import FPS, JAW_OPEN_RADIANS, MOTION_NAMES, MOTION_SIZE, NECK

REGIONS: dict[str, tuple[str, ...]] = {
    "opening": ("jaw_pose_x", "mouthLowerDown", "mouthUpperUp"),
    "rounding": ("mouthFunnel", "mouthPucker"),
    "corners": ("mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch"),
    "cheeks": ("cheekSquint", "noseSneer"),
    "brows": ("brow",),
    "lids": ("eyeSquint", "eyeWide"),
}
"""Shapes, by the beginnings of their names, whose amplitude is taken together."""
POSED = ("corners", "cheeks", "brows", "lids")
"""Regions whose habitual pose is taken over; the others belong to what is said."""
GAIN, OFFSET = 2.0, 0.25
BELIEVED, BELIEVED_ALONE = 3.0, 10.0
"""Seconds of a clip that count for half: of what a region does, and of what one shape does otherwise."""
STILL = 1e-3
"""Spread, in weights or radians, below which a region is taken for not measured."""

_CHANNELS = {
    region: [i for i, name in enumerate(MOTION_NAMES) if name.startswith(starts)] for region, starts in REGIONS.items()
}
_UNITS = np.array([JAW_OPEN_RADIANS if name == "jaw_pose_x" else 1.0 for name in MOTION_NAMES])


@dataclass(frozen=True, eq=False)
class SpeakerStyle:
    """How a person moves, beside the neutral motion it was read against.

    Attributes:
        gain, offset: (56,) float32, of each motion channel.
    """

    gain: np.ndarray
    offset: np.ndarray

    __repr__ = by_shape

    def scaled(self, strength: float) -> SpeakerStyle:
        """The style at another strength: ``gain ** strength``, ``strength offset``; itself at 1."""
        return self if strength == 1 else SpeakerStyle(self.gain**strength, strength * self.offset)

    def apply(self, motion: np.ndarray) -> np.ndarray:
        """``clip(gain x + offset)`` with closed lips kept closed.

        Args:
            motion: (T, 56) of the open head.

        Returns:
            (T, 56) float32.
        """
        before = motion.astype(np.float64)
        moved = before * self.gain + self.offset
        clip_motion(moved)
        keep_closed(moved, before)
        clip_motion(moved)
        return moved.astype(np.float32)


def amplitude_style(lower: float, upper: float) -> SpeakerStyle:
    """A style of amplitude alone: gains of the mouth's and of the upper face's regions, each within 0.5 .. 2."""
    gain = np.ones(MOTION_SIZE, np.float32)
    for region, channels in _CHANNELS.items():
        gain[channels] = np.clip(lower if region in ("opening", "rounding", "corners") else upper, 1 / GAIN, GAIN)
    return SpeakerStyle(gain, np.zeros(MOTION_SIZE, np.float32))


def motion_style(clip: np.ndarray, base: np.ndarray) -> SpeakerStyle:
    """The style of a clip, see the module for the formula; of ``base`` itself it changes nothing.

    Args:
        clip: (N, 56) motion of a person at 25 fps; best some ten seconds of calm speech, for a clip's mood is taken
            for habit. base: (T, 56) neutral motion of the recording to be animated.

    Returns:
        The style. Regions that do not move in the clip, or not in ``base``, keep their amplitude and pose.

    Raises:
        ValueError: another shape, a single frame, or values that are not finite.
    """
    for name, motion in (("clip", clip), ("base", base)):
        if motion.ndim != 2 or motion.shape[1] != MOTION_SIZE or len(motion) < 2:
            raise ValueError(f"{name} must have shape (T, {MOTION_SIZE}) with T at least 2, got {motion.shape}")
        checks.finite(name, motion, "frame")
    clip, base = clip.astype(np.float64), base.astype(np.float64)
    belief, alone = (len(clip) / (len(clip) + seconds * FPS) for seconds in (BELIEVED, BELIEVED_ALONE))
    gain, offset = np.ones(MOTION_SIZE), np.zeros(MOTION_SIZE)
    for region, channels in _CHANNELS.items():
        spreads = [(motion[:, channels] / _UNITS[channels]).std(0) for motion in (clip, base)]
        theirs, ours = (np.sqrt(np.square(spread).mean()) for spread in spreads)
        if min(theirs, ours) < STILL:
            continue
        moving = np.minimum(*spreads) > STILL
        own = np.where(moving, spreads[0] / np.maximum(spreads[1], STILL) * ours / theirs, 1.0)
        gain[channels] = _bounded((theirs / ours) ** belief) * (own ** (belief * alone)).clip(1 / GAIN, GAIN)
        left, right = ([i for i in channels if MOTION_NAMES[i].endswith(side)] for side in ("Left", "Right"))
        lopsided = _sides(clip, left, right) / _sides(base, left, right)
        gain[left] *= _bounded(lopsided**belief) ** 0.5
        gain[right] /= _bounded(lopsided**belief) ** 0.5
        gain[channels] = gain[channels].clip(1 / GAIN, GAIN)
        if region in POSED:
            habit = np.median(clip[:, channels], 0) - gain[channels] * np.median(base[:, channels], 0)
            offset[channels] = belief * habit.clip(-OFFSET, OFFSET)
    for i in NECK:
        theirs, ours = clip[:, i].std(), base[:, i].std()
        if min(theirs, ours) >= STILL:
            gain[i] = _bounded((theirs / ours) ** belief)
    return SpeakerStyle(gain.astype(np.float32), offset.astype(np.float32))


def _bounded(gain: float) -> float:
    return float(np.clip(gain, 1 / GAIN, GAIN))


def _sides(motion: np.ndarray, left: list[int], right: list[int]) -> float:
    """How much stronger the left shapes are than the right ones; 1 where there are none."""
    if not left:
        return 1.0
    strong, weak = (np.sqrt(np.square(motion[:, side]).mean()) + STILL for side in (left, right))
    return float(strong / weak)
