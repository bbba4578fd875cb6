"""Accents: what makes feelings be read from outside grows with the shape that carries the feeling.

Levels of an emotion are laid out by the rules that the network learnt from. Those who know faces, but not these
rules, tell frowns from wrinkled noses late, sadness from fear, and fear and surprise from both. So a frown brings a
bared, firm lower lip (not more of itself: in strong anger brows are lowered as far as they go), and a wrinkled nose
brings itself, both lips and the chin, and leaves the brows up. Wide eyes under raised brows drop the jaw and round the
mouth; where brows are raised inside alone, they bare the lower teeth and draw the corners of the mouth down; and brows
raised inside over eyes that are not wide lift the chin.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from emoface.audio.lip_net import FIRM
from emoface.face.columns import places, values
from emoface.face.layout import MOTION_INDEX, MOUTH

ACCENTS: dict[str, dict[str, float]] = {
    "frown": {"mouthLowerDown": 0.25, "mouthRollLower": 0.2, "mouthPress": 0.2},
    "noseSneer": {
        "noseSneer": 0.5, "mouthUpperUp": 0.4, "mouthShrugUpper": 0.25, "mouthShrugLower": 0.2, "mouthFrown": -0.25,
        "mouthStretch": 0.25, "mouthSmile": 0.15, "mouthLowerDown": 0.3, "jawForward": 0.3, "browDown": -0.3,
    },
    "amazement": {
        "eyeWide": 0.05, "browOuterUp": 0.05, "mouthLowerDown": 0.3, "mouthFunnel": 0.2, "jaw_pose_x": 0.1,
    },
    "alarm": {
        "eyeWide": 0.07, "browOuterUp": 0.1, "mouthFrown": 0.4, "mouthLowerDown": 0.3, "mouthUpperUp": 0.1,
        "jaw_pose_x": 0.07,
    },
    "sorrow": {"mouthShrugLower": 0.4, "browDown": 0.15},
}  # fmt: skip
"""What comes with a unit of each source, see :func:`accentuate`; of shapes with two sides each by its own side. The jaw
is in radians.
"""

JAW_GIVES = 0.75
"""How far a dropped jaw gives way where lips close; if it gave no way, they would not meet in closures half heard."""

_SIDES = ("Left", "Right")
_READ = ("noseSneer", "browDown", "browInnerUp", "browOuterUp", "eyeWide")


def _channels(name: str) -> tuple[int, ...]:
    """The left and the right channel of a shape, twice its only one if it has no sides."""
    return tuple(MOTION_INDEX[name if name in MOTION_INDEX else name + side] for side in _SIDES)


_JAW = MOTION_INDEX["jaw_pose_x"]
_TARGETS = tuple(sorted({channel for row in ACCENTS.values() for name in row for channel in _channels(name)}))
_GIVING_WAY = tuple(JAW_GIVES if channel == _JAW else float(channel in MOUTH) for channel in _TARGETS)
_SPEAKING = tuple(float(channel == _JAW) for channel in _TARGETS)


@lru_cache(maxsize=8)
def _gains(name: str, side: int) -> tuple[float, ...]:
    """Of each of ``_TARGETS`` what a unit of a source on one side brings."""
    gains = dict.fromkeys(_TARGETS, 0.0)
    for other, gain in ACCENTS[name].items():
        channels = _channels(other)
        gains[channels[side]] += gain / channels.count(channels[side])
    return tuple(gains.values())


def accentuate(
    motion: Tensor, strength: float, closing: Tensor | None = None, presence: Tensor | None = None
) -> Tensor:
    """Motion with accents, ``m + strength x gain x source``.

    A source is ``noseSneer``, or the frown, ``max(browDown - browInnerUp - noseSneer, 0)``: brows that fear draws
    together, and those that a wrinkled nose draws down, are no frown. Amazement is ``min(eyeWide, browOuterUp)``, alarm
    the rest of ``eyeWide``, at most ``browInnerUp``, for eyes are wide under a frown, too. Sorrow is
    ``max(browInnerUp - browOuterUp - 2 eyeWide, 0)``. An accent must not part lips that close, so
    ``1 - min(closing / FIRM, 1)`` of the mouth's part is left; the jaw's gives way by ``JAW_GIVES`` of that, since lips
    close over a dropped jaw, and one that came and went with them would move as if it spoke. It is there only while
    somebody speaks: a silent face may raise its brows by chance.

    Args:
        motion: (..., T, 56). strength: 0 leaves motion as it is. closing: (T,) how firmly the lips are about to be
            closed, 0..1; None for not at all. presence: (T,) of speech, 0..1; None for all the time.

    Returns:
        (..., 56), not clipped, but nothing is taken below 0; a new tensor unless the strength is 0.
    """
    if strength == 0:
        return motion
    return _moved(motion, _sources(*_shapes(motion)), strength, closing, presence)


def without_accents(motion: Tensor, strength: float) -> Tensor:
    """The motion that :func:`accentuate` made this one of, where nothing was cut off at 0 or 1.

    Args:
        motion: (..., 56). strength: as it was.

    Returns:
        (..., 56); ``motion`` itself if the strength is 0.
    """
    if strength == 0:
        return motion
    sneer, brow, inner, outer, wide = _shapes(motion)
    nose, amazed, alarmed = ACCENTS["noseSneer"], ACCENTS["amazement"], ACCENTS["alarm"]
    sneer = sneer / (1 + strength * nose["noseSneer"])
    alarm = (wide - outer).clamp(min=0) / (1 + strength * (alarmed["eyeWide"] - alarmed["browOuterUp"]))
    alarm = torch.minimum(alarm, inner)
    outer, wide = outer - strength * alarmed["browOuterUp"] * alarm, wide - strength * alarmed["eyeWide"] * alarm
    amazement = torch.minimum(wide, outer) / (1 + strength * amazed["eyeWide"])  # which raises both alike
    outer, wide = outer - strength * amazed["browOuterUp"] * amazement, wide - strength * amazed["eyeWide"] * amazement
    sorrow = _sources(sneer, brow, inner, outer, wide)["sorrow"]
    brow = brow - strength * (nose["browDown"] * sneer + ACCENTS["sorrow"]["browDown"] * sorrow)
    return _moved(motion, _sources(sneer, brow, inner, outer, wide), -strength)


def _shapes(motion: Tensor) -> list[Tensor]:
    """The shapes of ``_READ``, each of both sides (..., 2); all but ``browDown`` at least 0."""
    shapes = [motion[..., places(_channels(name), motion.device)] for name in _READ]
    return [shape if name == "browDown" else shape.clamp(min=0) for name, shape in zip(_READ, shapes)]


def _sources(sneer: Tensor, brow: Tensor, inner: Tensor, outer: Tensor, wide: Tensor) -> dict[str, Tensor]:
    """The sources of ``ACCENTS``, each of both sides (..., 2)."""
    amazement = torch.minimum(wide, outer)
    frown = (brow - inner - sneer).clamp(min=0)
    sorrow = (inner - outer - 2 * wide).clamp(min=0)
    alarm = torch.minimum(wide - amazement, inner)
    return {"frown": frown, "noseSneer": sneer, "amazement": amazement, "alarm": alarm, "sorrow": sorrow}


def _moved(
    motion: Tensor, sources: dict[str, Tensor], strength: float,
    closing: Tensor | None = None, presence: Tensor | None = None,
) -> Tensor:  # fmt: skip
    at = places(_TARGETS, motion.device)
    targets = moved = motion[..., at]  # (..., T, targets)
    left = torch.ones_like(targets[..., :1])  # (..., T, 1), and (..., T, targets) below
    if closing is not None:
        lips = values(_GIVING_WAY, motion.dtype, motion.device)
        left = left - (closing[:, None] / FIRM).clamp(max=1) * lips
    if presence is not None:
        jaw = values(_SPEAKING, motion.dtype, motion.device)
        left = left * (1 - (1 - presence[:, None].square()) * jaw)  # square: little of what may be no voice
    for name, source in sources.items():
        for side in range(len(_SIDES)):
            gains = values(_gains(name, side), motion.dtype, motion.device)
            moved = moved + strength * left * source[..., side, None] * gains
    return motion.index_copy(-1, at, torch.maximum(moved, targets.clamp(max=0)))
