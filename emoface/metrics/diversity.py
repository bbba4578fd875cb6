"""How much takes of the same line differ."""

from __future__ import annotations

import numpy as np

from .figure import metric
from .sequences import MILLIMETRES, finite, region


def _takes(motions: np.ndarray) -> np.ndarray:
    motions = finite(motions, "motions")
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


def _points(samples: np.ndarray, mask: np.ndarray, least: int) -> np.ndarray:
    samples = np.asarray(samples)
    if samples.ndim != 4 or len(samples) < least:
        raise ValueError(f"samples must have shape (K, T, V, 3) with K at least {least}, got {samples.shape}")
    return region(samples, mask, "samples")


@metric("diversity, halves", "mm", "mean_{i <= K/2, t, v} |y_{p(i)} - y_{p(i + K/2)}|, p a seeded shuffle")
def split_diversity(samples: np.ndarray, mask: np.ndarray, seed: int = 0) -> float:
    """Diversity by pairing the two halves of shuffled samples: ``mean_{i,t,v} |y_i - y_{i + K/2}|``.

    Args:
        samples: (K, T, V, 3) metres, K even and at least 2. mask: (n,) vertex indices. seed: of the shuffle.

    Returns:
        Millimetres; of few samples it depends on the shuffle.

    Raises:
        ValueError: another shape, an odd number of samples, an empty mask or one of another mesh.

    Source: Wu et al. 2024, "ProbTalk3D".
    """
    points = _points(samples, mask, 2)
    if len(points) % 2:
        raise ValueError(f"samples must be even in number to pair halves, got {len(points)}")
    points = points[np.random.default_rng(seed).permutation(len(points))]
    half = len(points) // 2
    return MILLIMETRES * float(np.linalg.norm(points[:half] - points[half:], axis=-1).mean())


@metric("diversity, all pairs", "mm", "mean_{i < j, t, v} |y_i - y_j|")
def pairwise_diversity(samples: np.ndarray, mask: np.ndarray) -> float:
    """Diversity over all pairs of samples: ``mean_{i < j, t, v} |y_i - y_j|``.

    Args:
        samples: (K, T, V, 3) metres, K at least 2. mask: (n,) vertex indices.

    Returns:
        Millimetres.

    Raises:
        ValueError: another shape, a single sample, an empty mask or one of another mesh.

    Source: Stan et al. 2023, "FaceDiffuser" (there over styles).
    """
    points = _points(samples, mask, 2)
    pairs = [(i, j) for i in range(len(points)) for j in range(i)]
    return MILLIMETRES * float(np.mean([np.linalg.norm(points[i] - points[j], axis=-1).mean() for i, j in pairs]))
