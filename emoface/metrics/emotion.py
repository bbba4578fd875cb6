"""Is the asked emotion to be seen, how strongly, and in the channels where anatomy expects it.

Everything is measured on the displacement ``d = mean_t (x[t] - n[t])`` from n, the neutral output for the same audio
and seed. Whether it is *our* emotion that is seen depends on the prototypes: taken from the training rules they
measure obedience to these rules, not what people recognise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

import numpy as np

from emoface.face.layout import ARKIT_INDEX

from .sequences import finite

Key = TypeVar("Key")

ANATOMY: dict[str, tuple[str, ...]] = {
    "happy": ("+mouthSmile", "+cheekSquint", "+eyeSquint"),
    "sad": ("+browInnerUp", "+mouthFrown"),
    "surprised": ("+browInnerUp", "+browOuterUp", "+eyeWide"),
    "fear": ("+browInnerUp", "+eyeWide", "+mouthStretch"),
    "disgusted": ("+noseSneer", "+mouthUpperUp"),
    "angry": ("+browDown", "+eyeSquint"),
    "contempt": ("~mouthSmile", "~mouthDimple"),
}
"""What each emotion does to the face by the emotional facial action coding system (EMFACS; Friesen and Ekman 1983):
``+`` the shape rises (on both sides if it has two), ``~`` it rises on one side more than on the other."""
LEAST_CHANGE = 0.02


def displacement(motion: np.ndarray, neutral: np.ndarray) -> np.ndarray:
    """Mean displacement ``mean_t (motion[t] - neutral[t])``.

    Args:
        motion, neutral: (T, C) curves of the same audio and seed.

    Returns:
        (C,) in the units of the curves.

    Raises:
        ValueError: the shapes differ, no frames, or values that are not finite.
    """
    motion, neutral = finite(motion, "motion"), finite(neutral, "neutral")
    if motion.ndim != 2 or motion.shape != neutral.shape or not len(motion):
        raise ValueError(f"motion and neutral must have the same shape (T, C), got {motion.shape}, {neutral.shape}")
    return (motion - neutral).mean(0)


def nearest_prototype(moved: np.ndarray, prototypes: Mapping[Key, np.ndarray]) -> Key:
    """The key of the prototype with the smallest Euclidean distance to a displacement (C,).

    Raises:
        ValueError: no prototypes, or another number of channels.
    """
    if not prototypes:
        raise ValueError("prototypes must hold at least one prototype, got none")
    widths = {np.shape(prototype) for prototype in prototypes.values()}
    if widths != {np.shape(moved)}:
        raise ValueError(f"prototypes must have the displacement's shape {np.shape(moved)}, got {sorted(widths)}")
    return min(prototypes, key=lambda key: float(np.sum((moved - prototypes[key]) ** 2)))


def strength(moved: np.ndarray, prototype: np.ndarray) -> float:
    """Projection ``<d, p> / <p, p>`` of a displacement (C,) on a prototype (C,): 1 is the prototype's own strength.

    Raises:
        ValueError: the prototype is zero.
    """
    power = float(np.dot(prototype, prototype))
    if power == 0:
        raise ValueError("prototype must not be zero")
    return float(np.dot(moved, prototype)) / power


def linearity_error(intensities: Sequence[float], strengths: Sequence[float]) -> float:
    """Largest relative departure from ``s(i) = i s(1)``: ``max_i |s(i) / (i s(1)) - 1|``.

    Args:
        intensities: asked, with 1 among them. strengths: measured.

    Returns:
        Share, 0 is linear.

    Raises:
        ValueError: the lengths differ, or 1 is not among the intensities.
    """
    if len(intensities) != len(strengths) or 1 not in intensities:
        raise ValueError(f"intensities must hold 1 and match strengths, got {intensities} and {strengths}")
    one = strengths[list(intensities).index(1)]
    if one == 0:
        return float("inf")
    return max(abs(s / (i * one) - 1) for i, s in zip(intensities, strengths))


def rising(values: Sequence[float], slack: float = 0.0) -> bool:
    """Whether each value is above the one before, but for ``slack`` (in the values' unit)."""
    return all(after > before - slack for before, after in pairwise(values))


def anatomy(moved: np.ndarray, emotion: str) -> dict[str, float]:
    """Movement of the shapes that an emotion is expected to move, positive where it goes the expected way.

    Args:
        moved: (52,) displacement in ARKit weights. emotion: a key of ``ANATOMY``.

    Returns:
        Entry of ``ANATOMY`` -> movement in weights; of two sides the smaller, for ``~`` their difference.

    Raises:
        ValueError: the emotion has no expectation.
    """
    if emotion not in ANATOMY:
        raise ValueError(f"emotion must be one of {', '.join(ANATOMY)}, got {emotion!r}")
    found = {}
    for entry in ANATOMY[emotion]:
        kind, shape = entry[0], entry[1:]
        names = [shape] if shape in ARKIT_INDEX else [shape + "Left", shape + "Right"]
        values = [float(moved[ARKIT_INDEX[name]]) for name in names]
        found[entry] = abs(values[0] - values[-1]) if kind == "~" else min(values)
    return found


def anatomically_right(moved: np.ndarray, emotion: str) -> bool:
    """Whether every shape that the emotion is expected to move went the expected way by more than 0.02."""
    return all(value > LEAST_CHANGE for value in anatomy(moved, emotion).values())
