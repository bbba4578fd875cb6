"""What an animator turns after the fact: strength, smoothing, lids, lips, brows, single shapes, symmetry.

The knobs and most ranges are those of NVIDIA Audio2Face's face parameters, so that settings carry over by name.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from emoface import checks
from emoface.host import own_settings
from emoface.limits import budget
from emoface.reading import parse_json, read_text

from .layout import (
    ARKIT_NAMES,
    EXPRESSION_NAMES,
    FACE_SIZE,
    JAW_OPEN_RADIANS,
    JAW_SIDE_RADIANS,
    LIP_GAP_MM,
    MOTION_INDEX,
    MOTION_NAMES,
    MOTION_SIZE,
    MOUTH,
    NECK,
    UPPER,
    arkit_to_motion,
    full_motion,
    limit_turn,
    lip_gap,
    motion_to_arkit,
)
from .lips import beyond_jaw, close_lips, opening

RANGES: dict[str, tuple[float, float]] = {
    "upper_strength": (0, 2), "lower_strength": (0, 2), "blink_strength": (0, 2), "gaze_strength": (0, 2),
    "tongue_strength": (0, 3), "upper_smoothing": (0, 0.5), "lower_smoothing": (0, 0.5), "eyelid_offset": (-1, 1),
    "brow_offset": (-1, 1), "lip_open_offset": (-0.2, 0.2), "symmetry": (0, 1), "head_strength": (0, 2),
}  # fmt: skip
"""Control -> lowest and highest value."""
SHAPE_RANGES: dict[str, tuple[float, float]] = {"gain": (0, 5), "offset": (-1, 1), "low": (0, 1), "high": (0, 1)}
NEARLY_CLOSED_MM = 2.0
"""Lips closer than this are held together while strength or smoothing would part them, wholly so a millimetre below."""
PRESSED_MM = 1.0
"""Closing effort from which shut lips count as a p, b or m rather than as resting."""
FWHM = math.sqrt(8 * math.log(2))  # of a Gaussian, in standard deviations

_CLOSE = MOTION_INDEX["mouthClose"]
_JAW_X, _JAW_Y, _JAW_Z = (MOTION_INDEX[f"jaw_pose_{axis}"] for axis in "xyz")
_BLINK, _GAZE, _TONGUE = (
    [i for i, name in enumerate(MOTION_NAMES) if name.startswith(start)] for start in ("eyeBlink", "eyeLook", "tongue")
)
_UPPER = [i for i in UPPER if i not in _BLINK and i not in _GAZE]
_LOWER = list(MOUTH)
_NECK = list(NECK)
_PAIRS = [
    (i, MOTION_INDEX[name[:-4] + "Right"])
    for i, name in enumerate(MOTION_NAMES)
    if name.endswith("Left") and name != "mouthLeft" and i not in _GAZE
]
_SIDEWAYS = (MOTION_INDEX["mouthLeft"], MOTION_INDEX["mouthRight"])


def _check(owner: Any, ranges: dict[str, tuple[float, float]]) -> None:
    for name, (low, high) in ranges.items():
        object.__setattr__(owner, name, checks.number(name, getattr(owner, name), low, high))


@dataclass(frozen=True)
class Shape:
    """One shape's correction: weight -> clip(gain * weight + offset, low, high).

    Attributes:
        gain: 0..5. offset: -1..1. low, high: 0..1, low at most high.
    """

    gain: float = 1.0
    offset: float = 0.0
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        _check(self, SHAPE_RANGES)
        if self.low > self.high:
            raise ValueError(f"low must not be above high, got {self.low} and {self.high}")

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """The corrected weights, of the same shape."""
        return (self.gain * weights + self.offset).clip(self.low, self.high)


@dataclass(frozen=True)
class Controls:
    """Controls of a face; the defaults change nothing.

    Lips that meet stay together, and overlap no more, however strong or smooth the face is made: ``mouthClose`` makes
    up for it as far as the jaw opens, then the shapes that part them give way.

    Attributes:
        upper_strength: 0..2, gain of brows, cheeks, nose, eyeSquint and eyeWide.
        lower_strength: 0..2, gain of jaw, mouth, cheekPuff and tongue.
        blink_strength: 0..2, gain of eyeBlink.
        gaze_strength: 0..2, gain of eyeLook.
        tongue_strength: 0..3, gain of the tongue on top of ``lower_strength``.
        upper_smoothing: 0..0.5 s, full width at half maximum of a Gaussian over time, without delay; blinks and gaze
            stay sharp.
        lower_smoothing: 0..0.5 s, likewise. About 0.05 softens, from 0.15 on speech gets mumbled.
        eyelid_offset: -1..1; 1 eyes wide open, -1 shut. A blink still shuts the lids, and no further.
        brow_offset: -1..1; added to browInnerUp and browOuterUp if positive, to browDown if negative.
        lip_open_offset: -0.2..0.2; added to jawOpen if positive, except where the lips press together (p, b, m); to
            mouthClose if negative, at most until the lips meet or it reaches jawOpen.
        symmetry: 0..1, pulls left and right shapes to their mean and jaw and mouth to the middle; not the gaze.
        mirror: exchange left and right.
        head_strength: 0..2, gain of the head's turns, which end at ``NECK_RADIANS``; 0 holds it still.
        shapes: ARKit name (or "tongueUp") -> :class:`Shape`, applied last and exactly.

    Raises:
        TypeError: a value of a wrong kind. ValueError: out of range, or an unknown shape.
    """

    upper_strength: float = 1.0
    lower_strength: float = 1.0
    blink_strength: float = 1.0
    gaze_strength: float = 1.0
    tongue_strength: float = 1.0
    upper_smoothing: float = 0.0
    lower_smoothing: float = 0.0
    eyelid_offset: float = 0.0
    brow_offset: float = 0.0
    lip_open_offset: float = 0.0
    symmetry: float = 0.0
    mirror: bool = False
    head_strength: float = 1.0
    shapes: Mapping[str, Shape] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self, RANGES)
        object.__setattr__(self, "mirror", checks.switch("mirror", self.mirror))
        if not isinstance(self.shapes, Mapping):
            raise TypeError(f"shapes must map names to Shape, got {type(self.shapes).__name__}")
        for name, shape in self.shapes.items():
            if name not in (*ARKIT_NAMES, *EXPRESSION_NAMES):
                raise ValueError(f"shapes must be named like ARKit's or tongueUp, got {name!r}")
            if not isinstance(shape, Shape):
                raise TypeError(f"shapes[{name!r}] must be a Shape, got {type(shape).__name__}")
        object.__setattr__(self, "shapes", dict(self.shapes))

    @own_settings()
    def apply(self, curves: np.ndarray, fps: float) -> np.ndarray:
        """Adjust ARKit weights or motion vectors.

        Args:
            curves: (T, 52) ARKit weights, or motion vectors of the open head, (T, 56) or without the neck (T, 53).
            fps: frames per second.

        Returns:
            The same shape and dtype, weights within 0..1; the input itself is left as it is. Without smoothing a
            frame depends on that frame alone.

        Raises:
            TypeError: not a floating-point array. ValueError: another shape, no frame, values that are not finite,
            bad fps.
        """
        if not isinstance(curves, np.ndarray) or curves.dtype.kind != "f":
            kind = curves.dtype if isinstance(curves, np.ndarray) else type(curves).__name__
            raise TypeError(f"curves must be a floating-point numpy array, got {kind}")
        widths = (len(ARKIT_NAMES), FACE_SIZE, MOTION_SIZE)
        if curves.ndim != 2 or curves.shape[1] not in widths or not len(curves):
            raise ValueError(f"curves must be (T, 52), (T, 53) or (T, 56), T at least 1, got {curves.shape}")
        checks.finite("curves", curves, "frame")
        fps = checks.number("fps", fps, above=0)
        if self == Controls():
            return curves.copy()
        if curves.shape[1] != len(ARKIT_NAMES):
            adjusted = self._adjust(full_motion(curves.astype(np.float64)), fps)
            return adjusted[:, : curves.shape[1]].astype(curves.dtype)
        return motion_to_arkit(self._adjust(arkit_to_motion(curves.astype(np.float64)), fps)).astype(curves.dtype)

    def _adjust(self, motion: np.ndarray, fps: float) -> np.ndarray:
        """Adjust motion vectors (T, 56) float64 in place, in the order in which the steps must follow each other."""
        if self.mirror:
            motion = _mirrored(motion)
        _pull_together(motion, self.symmetry)
        before = motion.copy()
        motion[:, _UPPER] = smooth_gaussian(motion[:, _UPPER], self.upper_smoothing * fps)
        motion[:, _LOWER] = smooth_gaussian(motion[:, _LOWER], self.lower_smoothing * fps)
        for channels, strength in (
            (_UPPER, self.upper_strength),
            (_LOWER, self.lower_strength),
            (_BLINK, self.blink_strength),
            (_GAZE, self.gaze_strength),
            (_TONGUE, self.tongue_strength),
            (_NECK, self.head_strength),
        ):
            motion[:, channels] *= strength
        clip_motion(motion)
        keep_closed(motion, before)
        self._offset_lips(motion, before)
        self._offset_lids_and_brows(motion)
        for name, shape in self.shapes.items():
            _correct(motion, name, shape)
        clip_motion(motion)
        return motion

    def _offset_lips(self, motion: np.ndarray, before: np.ndarray) -> None:
        if self.lip_open_offset > 0:
            motion[:, _JAW_X] += self.lip_open_offset * JAW_OPEN_RADIANS * (1 - _pressed(before))
        else:
            meet = lip_gap(motion) / -LIP_GAP_MM["mouthClose"]
            room = (motion[:, _JAW_X] / JAW_OPEN_RADIANS - motion[:, _CLOSE]).clip(0)
            motion[:, _CLOSE] += np.minimum(np.minimum(-self.lip_open_offset, meet), room)

    def _offset_lids_and_brows(self, motion: np.ndarray) -> None:
        for side in ("Left", "Right"):
            blink, wide, down, outer = (
                MOTION_INDEX[name + side] for name in ("eyeBlink", "eyeWide", "browDown", "browOuterUp")
            )
            opened, closed = max(self.eyelid_offset, 0.0), max(-self.eyelid_offset, 0.0)
            motion[:, wide] += (1 - motion[:, wide]) * opened * (1 - motion[:, blink])
            motion[:, wide] *= 1 - closed
            motion[:, blink] += (1 - motion[:, blink]) * closed
            motion[:, outer] += max(self.brow_offset, 0.0)
            motion[:, down] += max(-self.brow_offset, 0.0)
        motion[:, MOTION_INDEX["browInnerUp"]] += max(self.brow_offset, 0.0)

    def to_dict(self) -> dict[str, Any]:
        """The controls as an object that JSON knows, every one by name."""
        return asdict(self)

    def to_json(self) -> str:
        """The controls as JSON text, every one by name."""
        return json.dumps(self.to_dict(), indent=2)

    @classmethod
    def from_dict(cls, values: Any) -> Controls:
        """Read what :meth:`to_dict` gave; controls left out keep their defaults.

        Raises:
            ValueError: an unknown control, out of range. TypeError: no object, or a value of a wrong kind.
        """
        checks.keys("controls", values, [one.name for one in fields(cls)])
        shapes = values.get("shapes")
        if not isinstance(shapes, Mapping):
            return cls(**values)
        for name, shape in shapes.items():
            checks.keys(f"shapes[{name!r}]", shape, [one.name for one in fields(Shape)])
        return cls(**{**values, "shapes": {name: Shape(**shape) for name, shape in shapes.items()}})

    @classmethod
    def from_json(cls, text: str) -> Controls:
        """Read what :meth:`to_json` gave; controls left out keep their defaults.

        Raises:
            ValueError: no JSON object, an unknown control, out of range. TypeError: a value of a wrong kind.
        """
        try:
            values = parse_json(text)
        except ValueError as error:
            raise ValueError(f"controls must be JSON: {error}") from error
        return cls.from_dict(values)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Controls:
        """Read a JSON file of controls.

        Raises:
            OSError: no such file, or it cannot be read. ValueError, TypeError: as :meth:`from_json`, naming the path.
        """
        text = read_text(path, budget().json)
        try:
            return cls.from_json(text)
        except (ValueError, TypeError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"path {Path(path)}: {error}") from error


def smooth_gaussian(curves: np.ndarray, frames: float) -> np.ndarray:
    """Curves (T, n) averaged over time by a Gaussian of ``frames`` full width at half maximum, without delay.

    Beyond the ends the first and last frame go on.
    """
    if frames < 0.01:  # the neighbours would weigh nothing
        return curves
    deviation = frames / FWHM
    reach = math.ceil(4 * deviation)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    padded = np.pad(curves, ((reach, reach), (0, 0)), "edge")
    total = np.zeros_like(curves)
    for start, weight in enumerate(kernel / kernel.sum()):
        total += weight * padded[start : start + len(curves)]
    return total


def _mirrored(motion: np.ndarray) -> np.ndarray:
    other = {"Left": "Right", "Right": "Left"}
    names = [next((name[: -len(s)] + other[s] for s in other if name.endswith(s)), name) for name in MOTION_NAMES]
    mirrored = motion[:, [MOTION_INDEX[name] for name in names]]
    mirrored[:, [_JAW_Y, _JAW_Z, *_NECK[1:]]] *= -1
    return mirrored


def _pull_together(motion: np.ndarray, symmetry: float) -> None:
    for left, right in _PAIRS:
        difference = symmetry * (motion[:, left] - motion[:, right]) / 2
        motion[:, left] -= difference
        motion[:, right] += difference
    left, right = _SIDEWAYS
    both = np.minimum(motion[:, left], motion[:, right])
    for side in _SIDEWAYS:
        motion[:, side] += symmetry * (both - motion[:, side])
    motion[:, [_JAW_Y, _JAW_Z]] *= 1 - symmetry


def keep_closed(motion: np.ndarray, before: np.ndarray) -> None:
    """Close lips that were nearly closed by as much as they were parted, and press none harder than they were.

    mouthClose goes no further beyond jawOpen than it did; what it cannot close, :func:`close_lips` does.
    """
    gap, gap_before = lip_gap(motion, signed=True), lip_gap(before, signed=True)
    pressed = (gap_before.clip(None, 0) - gap).clip(0)
    motion[:, _CLOSE] = (motion[:, _CLOSE] - pressed / -LIP_GAP_MM["mouthClose"]).clip(0)
    moved, was = torch.from_numpy(motion), opening(torch.from_numpy(before)).clamp(min=0)
    closed = torch.from_numpy((NEARLY_CLOSED_MM - gap_before).clip(0, 1))  # (T,) how closed the lips were
    most = was + (opening(moved) - was).clamp(min=0) * (1 - closed)
    motion[:] = close_lips(moved, most, closed, torch.from_numpy(beyond_jaw(before))).numpy()


def _pressed(motion: np.ndarray) -> np.ndarray:
    """How much lips press together, (T,) 0..1: shut, and by an effort of shapes that close them."""
    effort = -sum(
        (by * motion[:, MOTION_INDEX[name]] for name, by in LIP_GAP_MM.items() if by < 0), np.zeros(len(motion))
    )
    return (1 - lip_gap(motion) / NEARLY_CLOSED_MM).clip(0) * (effort / PRESSED_MM).clip(0, 1)


def _correct(motion: np.ndarray, name: str, shape: Shape) -> None:
    if name == "jawOpen":
        motion[:, _JAW_X] = shape(motion[:, _JAW_X] / JAW_OPEN_RADIANS) * JAW_OPEN_RADIANS
    elif name in ("jawLeft", "jawRight"):
        sign = 1 if name == "jawLeft" else -1
        side = sign * motion[:, _JAW_Y] / JAW_SIDE_RADIANS
        motion[:, _JAW_Y] = sign * (shape(side.clip(0)) + side.clip(None, 0)) * JAW_SIDE_RADIANS
    else:
        motion[:, MOTION_INDEX[name]] = shape(motion[:, MOTION_INDEX[name]])


def clip_motion(motion: np.ndarray) -> None:
    """Bring weights (T, 56) to 0..1, the jaw to what a weight of 1 turns it, the head to its largest turn; in place."""
    motion[:, : len(EXPRESSION_NAMES)] = motion[:, : len(EXPRESSION_NAMES)].clip(0, 1)
    motion[:, _JAW_X] = motion[:, _JAW_X].clip(0, JAW_OPEN_RADIANS)
    motion[:, _JAW_Y] = motion[:, _JAW_Y].clip(-JAW_SIDE_RADIANS, JAW_SIDE_RADIANS)
    motion[:, _NECK] = limit_turn(motion[:, _NECK])
