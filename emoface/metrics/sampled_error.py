"""Errors of a model that draws: of the mean of its samples, and of the best of them."""

from __future__ import annotations

import numpy as np

from .figure import metric
from .sequences import distances, region


def _samples(samples: np.ndarray) -> np.ndarray:
    samples = np.asarray(samples)
    if samples.ndim != 4 or len(samples) < 2:
        raise ValueError(f"samples must have shape (K, T, V, 3) with K at least 2, got {samples.shape}")
    return samples


@metric("MEE", "m2", "LVE squared of mean_k y_k against x")
def mee(samples: np.ndarray, truth: np.ndarray, lips: np.ndarray) -> float:
    """Mean estimate error: classic LVE of the mean of K samples; lower for a model that hedges.

    Args:
        samples: (K, T, V, 3) metres, K at least 2. truth: (T, V, 3). lips: (n,) vertex indices.

    Returns:
        Square metres.

    Raises:
        ValueError: other shapes, an empty mask, or one of another mesh.

    Source: Wu et al. 2024, "ProbTalk3D".
    """
    chosen = region(_samples(samples), lips, "samples").mean(0)  # (T, n, 3)
    if samples.shape[1:] != np.shape(truth):
        raise ValueError(f"samples must be (K, *truth), got {samples.shape} for truth {np.shape(truth)}")
    return float((((chosen - region(truth, lips, "truth")) ** 2).sum(-1).max(1)).mean())


@metric("CE", "m2", "min_k LVE squared of y_k against x")
def ce(samples: np.ndarray, truth: np.ndarray, lips: np.ndarray) -> float:
    """Coverage error: classic LVE of the best of K samples; optimistic, and never larger with more samples.

    Args, Returns, Raises, Source: as :func:`mee`.
    """
    return float((distances(_samples(samples), truth, lips).max(-1) ** 2).mean(-1).min())
