"""How much curves tremble: their mean absolute second difference."""

from __future__ import annotations

import numpy as np

from emoface.face.layout import ARKIT_NAMES

MOUTH_SHAPES = tuple(
    i for i, name in enumerate(ARKIT_NAMES) if name.startswith(("jaw", "mouth", "tongue", "cheekPuff"))
)
UPPER_SHAPES = tuple(
    i for i, name in enumerate(ARKIT_NAMES) if name.startswith(("brow", "cheekSquint", "noseSneer", "eyeS", "eyeW"))
)
"""Brow, cheek, nose and lid shapes; blinks and gaze, which are fast by nature, are left out."""
REGIONS = {"upper": UPPER_SHAPES, "mouth": MOUTH_SHAPES}


def jitter(curves: np.ndarray) -> float:
    """Mean absolute second difference ``mean |x[t+1] - 2 x[t] + x[t-1]|`` over time and shapes.

    Args:
        curves: (T, C), T at least 3.

    Returns:
        Units of the curves per squared frame.

    Raises:
        ValueError: another shape, or fewer than three frames.
    """
    curves = np.asarray(curves, np.float64)
    if curves.ndim != 2 or len(curves) < 3:
        raise ValueError(f"curves must have shape (T, C) with T at least 3, got {curves.shape}")
    return float(np.abs(np.diff(curves, n=2, axis=0)).mean())


def region_jitter(weights: np.ndarray) -> dict[str, float]:
    """Jitter of the upper face and of the mouth.

    Args:
        weights: (T, 52) ARKit weights.

    Returns:
        ``{"upper": ..., "mouth": ...}`` in weights per squared frame.
    """
    return {name: jitter(weights[:, list(shapes)]) for name, shapes in REGIONS.items()}


def relative_jitter(weights: np.ndarray, target: np.ndarray) -> dict[str, float]:
    """Jitter of each region over that of target curves; no unit, 1 means as calm as the target.

    Args:
        weights: (T, 52) ARKit weights. target: (T', 52), at the same frame rate.

    Returns:
        ``{"upper": ..., "mouth": ...}``; infinite where the target does not move.
    """
    ours, theirs = region_jitter(weights), region_jitter(target)
    return {name: ours[name] / theirs[name] if theirs[name] else float("inf") for name in ours}
