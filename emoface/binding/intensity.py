"""How strongly emotions are told: levels as strengths, and a strength for each emotion that moves the face."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emoface.binding.emotions import EMOTIONS

MOVING = EMOTIONS[1:]
"""The emotions that move the face, all but neutral: the axes of an intensity vector."""

LEVEL_STRENGTH = (0.0, 0.5, 0.76, 1.0)
"""Strength of an expression at level 0 (neutral), 1, 2 and 3; levels between interpolate."""


def level_strength(level: float) -> float:
    """Strength of a level 0..3, linear between the integer levels."""
    return float(np.interp(level, range(len(LEVEL_STRENGTH)), LEVEL_STRENGTH))


def intensity_of(emotion: str, level: float) -> np.ndarray:
    """Intensity vector (7,) of one emotion at a level."""
    return intensity_vector({} if emotion == "neutral" else {emotion: level_strength(level)})


def intensity_vector(strengths: Mapping[str, float]) -> np.ndarray:
    """Intensity vector (7,) float32 of strengths 0..1 by emotion; those left out, and neutral, are 0."""
    return np.array([strengths.get(name, 0.0) for name in MOVING], np.float32)
