"""Two motions that are compared must be of one mesh, one frame rate and one length; nothing is cut unasked."""

from __future__ import annotations

import numpy as np

from emoface import checks

MILLIMETRES = 1000.0


def matched(
    prediction: np.ndarray, truth: np.ndarray, fps: float, truth_fps: float, cut: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Two motions of one length, or the reason why they cannot be compared.

    Args:
        prediction, truth: (T, ...) and (T', ...), such as vertices (T, V, 3) or curves (T, C).
        fps, truth_fps: frames per second of each.
        cut: take the frames that both have where one is longer.

    Returns:
        The two, (T, ...) each.

    Raises:
        ValueError: other frame rates, topologies or lengths, or no frames.
    """
    prediction, truth = np.asarray(prediction), np.asarray(truth)
    if fps != truth_fps:
        raise ValueError(f"prediction has {fps:g} fps and truth {truth_fps:g}: resample one of them first")
    if prediction.shape[1:] != truth.shape[1:]:
        raise ValueError(f"a frame of prediction is {prediction.shape[1:]} and of truth {truth.shape[1:]}: other faces")
    frames = min(len(prediction), len(truth))
    if frames == 0:
        raise ValueError(f"prediction and truth must have frames, got {len(prediction)} and {len(truth)}")
    if len(prediction) != len(truth) and not cut:
        lengths = f"prediction has {len(prediction)} frames and truth {len(truth)}"
        raise ValueError(f"{lengths}: cut=True (--cut) compares the first {frames}")
    return prediction[:frames], truth[:frames]


def finite(values: np.ndarray, name: str) -> np.ndarray:
    """An array in float64.

    Raises:
        ValueError: it holds NaN or infinite values, which a mean would pass on or a comparison hide.
    """
    return checks.finite(name, np.asarray(values, np.float64))


def region(vertices: np.ndarray, mask: np.ndarray, name: str = "vertices") -> np.ndarray:
    """The masked vertices (..., n, 3) in float64.

    Args:
        vertices: (..., T, V, 3), finite. mask: (n,) indices below V. name: of the argument, for the error.

    Raises:
        ValueError: another shape, no frames, an empty mask or one of another mesh, or values that are not finite.
    """
    vertices, mask = np.asarray(vertices), np.asarray(mask)
    if vertices.ndim < 3 or vertices.shape[-1] != 3 or 0 in vertices.shape:
        raise ValueError(f"{name} must have shape (T, V, 3) with T and V at least 1, got {vertices.shape}")
    if mask.ndim != 1 or not len(mask):
        raise ValueError(f"mask must be vertex indices (n,) with n at least 1, got shape {mask.shape}")
    if mask.min() < 0 or mask.max() >= vertices.shape[-2]:
        raise ValueError(f"mask reaches vertex {mask.max()}, {name} has {vertices.shape[-2]}: a mask of another mesh")
    return finite(vertices[..., mask, :], name)


def distances(prediction: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Distance ``|x[t, v] - y[t, v]|`` of every masked vertex, (..., T, n) in the vertices' unit.

    Args:
        prediction: (..., T, V, 3). truth: (T, V, 3). mask: (n,) indices.

    Raises:
        ValueError: shapes that differ, or as :func:`region`.
    """
    prediction, truth = np.asarray(prediction), np.asarray(truth)
    if prediction.shape[-3:] != truth.shape or truth.ndim != 3:
        raise ValueError(f"prediction and truth must have one shape (T, V, 3), got {prediction.shape}, {truth.shape}")
    return np.linalg.norm(region(prediction, mask, "prediction") - region(truth, mask, "truth"), axis=-1)
