"""How much takes of the same line differ."""

from __future__ import annotations

import numpy as np


def _takes(motions: np.ndarray) -> np.ndarray:
    motions = np.asarray(motions, np.float64)
    if motions.ndim != 3 or len(motions) < 2:
        raise ValueError(f"motions must have shape (N, T, C) with N at least 2, got {motions.shape}")
    return motions


def pose_diversity(motions: np.ndarray) -> float:
    """Spread of the mean pose: ``mean_c std_n mean_t x[n, t, c]``, population standard deviation.

    Args:
        motions: (N, T, C) takes that differ in their seed alone, N at least 2.

    Returns:
        Units of the curves.

    Raises:
        ValueError: another shape, or a single take.
    """
    return float(_takes(motions).mean(1).std(0).mean())


def curve_diversity(motions: np.ndarray) -> float:
    """Spread of the curves frame by frame: ``mean_{t,c} std_n x[n, t, c]``, population standard deviation.

    Args:
        motions: (N, T, C) takes that differ in their seed alone, N at least 2.

    Returns:
        Units of the curves.

    Raises:
        ValueError: another shape, or a single take.
    """
    return float(_takes(motions).std(0).mean())
