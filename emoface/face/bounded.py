"""Least squares between bounds over the frames of moving faces."""

from __future__ import annotations

import numpy as np

TOLERANCE = 2e-6  # change of a weight in one step at which the solver stops


def bounded_least_squares(
    gram: np.ndarray, linear: np.ndarray, low: np.ndarray, high: np.ndarray, smooth: np.ndarray, start: np.ndarray,
    rounds: int, cuts: np.ndarray | None = None,
) -> np.ndarray:  # fmt: skip
    """The minimum of sum_t w G w / 2 - l_t w + sum_k s_k (w_kt - w_k,t-1)^2 / 2 for low <= w <= high.

    Accelerated projected gradient with restarts (O'Donoghue and Candes 2015), all frames at once, on weights scaled
    so that G has a unit diagonal.

    Args:
        gram: G (N, N). linear: l (T, N). low, high: (N,), or (T, N). smooth: s (N,). start: (T, N). rounds: most steps.
        cuts: frames that begin a take of their own and are not held to the frame before; none but the first if None.

    Returns:
        (T, N) float64 weights.
    """
    scale = np.sqrt(np.maximum(np.diag(gram), 1e-12))
    unit, pull = gram / np.outer(scale, scale), smooth / scale**2
    step = 1 / (np.linalg.eigvalsh(unit)[-1] + 4 * pull.max(initial=0))
    inner = (np.eye(len(gram)) - step * unit).astype(np.float32)
    outer, pull = (step * linear / scale).astype(np.float32), (step * pull).astype(np.float32)
    low, high = (low * scale).astype(np.float32), (high * scale).astype(np.float32)
    weights = np.clip(start * scale, low, high).astype(np.float32)
    ahead, found, moved, change = (np.array(weights) for _ in range(4))
    pace = 1.0
    for count in range(rounds):
        np.matmul(ahead, inner, out=found)
        found += outer
        np.subtract(ahead[1:], ahead[:-1], out=change[1:])
        change[1:] *= pull
        if cuts is not None:
            change[cuts] = 0
        found[1:] -= change[1:]
        found[:-1] += change[1:]
        np.minimum(np.maximum(found, low, out=found), high, out=found)
        np.subtract(found, weights, out=moved)
        if np.vdot(np.subtract(ahead, found, out=ahead), moved) > 0:  # going uphill: forget the momentum
            pace = 1.0
        faster = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        np.multiply(moved, np.float32((pace - 1) / faster), out=ahead)
        ahead += found
        weights, found, pace = found, weights, faster
        if count % 20 == 19 and np.abs(moved / scale).max(initial=0) < TOLERANCE:
            break
    return weights / scale
