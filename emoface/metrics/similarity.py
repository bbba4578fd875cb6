"""Emotion similarity, in the two readings that can be defended; a number must say which one it is.

The paper whose headline it is prints no formula. Both are cosines: between a judge's features of predicted and true
motion, the judge having had no part in training; and, in the system's own bound space, between the predicted motion
and the condition that was asked for, which the system was trained to raise.
"""

from __future__ import annotations

import numpy as np

from .figure import metric


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cosine of each row of a (N, Z) with the same row of b.

    Raises:
        ValueError: other shapes, no rows, or a row without direction.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.ndim != 2 or a.shape != b.shape or 0 in a.shape:
        raise ValueError(f"features must be two arrays (N, Z) of one shape, N at least 1, got {a.shape} and {b.shape}")
    size = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    if not (size > 0).all() or not np.isfinite(size).all():
        raise ValueError(f"features must be finite and not zero, row {int(np.argmin(size > 0))} is not")
    return (a * b).sum(1) / size


@metric("emotion similarity, judge", "1", "mean_n cos(f(y_n), f(x_n)), f features of a judge outside training")
def judge_similarity(predicted: np.ndarray, true: np.ndarray) -> float:
    """Mean cosine between a judge's features of predicted and of true motion, ``mean_n cos(f(y_n), f(x_n))``.

    Features with a common offset are alike whatever they show: centre them on the judge's training mean.

    Args:
        predicted, true: (N, Z), row n of the same clip.

    Returns:
        -1..1.

    Raises:
        ValueError: other shapes, no rows, or a row without direction.
    """
    return float(cosines(predicted, true).mean())


@metric("emotion similarity, bound space", "1", "mean_n cos(z(y_n), z(condition_n)) in the system's own bound space")
def bound_similarity(motion: np.ndarray, condition: np.ndarray) -> float:
    """Mean cosine in the bound space between predicted motion and its condition, ``mean_n cos(z(y_n), z(c_n))``.

    Args:
        motion, condition: (N, Z) embeddings.

    Returns:
        -1..1.

    Raises:
        ValueError: as :func:`judge_similarity`.
    """
    return float(cosines(motion, condition).mean())
