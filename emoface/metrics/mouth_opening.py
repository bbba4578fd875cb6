"""How far the mouth is open, on a mesh or on landmarks, and MOD."""

from __future__ import annotations

import numpy as np

from .figure import metric
from .sequences import MILLIMETRES, region

UPPER_INNER, LOWER_INNER = (61, 62, 63), (67, 66, 65)
"""Inner lip landmarks of the 68-point layout, facing each other."""


def opening(vertices: np.ndarray, lips: np.ndarray) -> np.ndarray:
    """Height of the lips ``max_{v in L} y - min_{v in L} y``, (T,) in metres, of a head that does not turn.

    Args:
        vertices: (T, V, 3) metres, y up. lips: (n,) vertex indices.

    Raises:
        ValueError: another shape, an empty mask or one of another mesh.
    """
    return np.ptp(region(vertices, lips)[..., 1], axis=-1)


def landmark_gap(landmarks: np.ndarray) -> np.ndarray:
    """Gap between the inner lips ``mean of the three facing pairs of max(y_upper - y_lower, 0)``.

    Args:
        landmarks: (T, 68, 3) metres, y up.

    Returns:
        (T,) millimetres, 0 where the lips meet.

    Raises:
        ValueError: another shape.
    """
    landmarks = np.asarray(landmarks, np.float64)
    if landmarks.ndim != 3 or landmarks.shape[1:] != (68, 3):
        raise ValueError(f"landmarks must have shape (T, 68, 3), got {landmarks.shape}")
    gaps = landmarks[:, UPPER_INNER, 1] - landmarks[:, LOWER_INNER, 1]  # (T, 3)
    return MILLIMETRES * gaps.clip(0).mean(1)


@metric("MOD", "mm", "mean_t |open(x)[t] - open(y)[t]|, open = max_{v in L} y - min_{v in L} y")
def mod(prediction: np.ndarray, truth: np.ndarray, lips: np.ndarray) -> float:
    """Mouth opening difference ``mean_t |open(x) - open(y)|``; a reconstruction, its papers print no formula.

    Args:
        prediction, truth: (T, V, 3) metres, y up, no head rotation. lips: (n,) vertex indices.

    Returns:
        Millimetres.

    Raises:
        ValueError: shapes that differ, an empty mask, or one of another mesh.

    Source: name from Sun et al. 2024, "DiffPoseTalk".
    """
    if np.shape(prediction) != np.shape(truth):
        raise ValueError(
            f"prediction and truth must have one shape (T, V, 3), got {np.shape(prediction)}, {np.shape(truth)}"
        )
    return MILLIMETRES * float(np.abs(opening(prediction, lips) - opening(truth, lips)).mean())
