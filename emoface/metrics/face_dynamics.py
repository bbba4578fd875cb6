"""FDD: does the upper face move as much as it should.

It knows nothing of timing: shuffling or reversing the frames leaves it unchanged. The signed mean lets a sequence that
moves too much hide one that moves too little; the absolute one does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .figure import metric
from .sequences import region


def dynamics(vertices: np.ndarray, neutral: np.ndarray, upper: np.ndarray) -> float:
    """How much the upper face moves: ``s = mean_{v in U} std_t |x[t,v] - n[v]|^2``, population deviation.

    Args:
        vertices: (T, V, 3) metres, T at least 2. neutral: (V, 3) the same person at rest. upper: (n,) indices.

    Returns:
        Square metres.

    Raises:
        ValueError: another shape or mesh, an empty mask, or a single frame.
    """
    neutral = np.asarray(neutral)
    if neutral.shape != np.shape(vertices)[1:]:
        raise ValueError(f"neutral must be one frame {np.shape(vertices)[1:]} of the vertices, got {neutral.shape}")
    if len(vertices) < 2:
        raise ValueError(f"vertices must have at least 2 frames to vary, got {len(vertices)}")
    moved = region(vertices, upper) - neutral[np.asarray(upper)].astype(np.float64)
    return float((moved**2).sum(-1).std(0).mean())


def _differences(
    predictions: Sequence[np.ndarray], truths: Sequence[np.ndarray], neutral: np.ndarray, upper: np.ndarray
) -> np.ndarray:
    if len(predictions) != len(truths) or not len(truths):
        raise ValueError(f"predictions must be one a truth, at least one, got {len(predictions)} and {len(truths)}")
    for number, (prediction, truth) in enumerate(zip(predictions, truths)):
        if np.shape(prediction) != np.shape(truth):
            shapes = f"{np.shape(prediction)} and {np.shape(truth)}"
            raise ValueError(f"prediction and truth {number} must have the same shape (T, V, 3), got {shapes}")
    pairs = zip(predictions, truths)
    return np.array([dynamics(x, neutral, upper) - dynamics(y, neutral, upper) for y, x in pairs])


@metric("FDD signed", "m2", "mean_sequences (s(x) - s(y)), s = mean_{v in U} std_t |x[t,v] - n[v]|^2")
def fdd(
    predictions: Sequence[np.ndarray], truths: Sequence[np.ndarray], neutral: np.ndarray, upper: np.ndarray
) -> float:
    """Upper-face dynamics deviation ``mean_sequences (s(x) - s(y))``: positive where predictions move too little.

    Args:
        predictions, truths: sequences of (T, V, 3) metres, pairwise of one shape.
        neutral: (V, 3) the same person at rest. upper: (n,) vertex indices.

    Returns:
        Square metres.

    Raises:
        ValueError: nothing to compare, other shapes, an empty mask, or a single frame.

    Source: Xing et al. 2023, "CodeTalker".
    """
    return float(_differences(predictions, truths, neutral, upper).mean())


@metric("FDD absolute", "m2", "mean_sequences |s(x) - s(y)|, s = mean_{v in U} std_t |x[t,v] - n[v]|^2")
def fdd_absolute(
    predictions: Sequence[np.ndarray], truths: Sequence[np.ndarray], neutral: np.ndarray, upper: np.ndarray
) -> float:
    """Upper-face dynamics deviation ``mean_sequences |s(x) - s(y)|``, which lets no errors cancel.

    Args, Returns, Raises: as :func:`fdd`.

    Source: Stan et al. 2023, "FaceDiffuser".
    """
    return float(np.abs(_differences(predictions, truths, neutral, upper)).mean())
