"""Distance between predicted and true vertices: LVE in both conventions, MVE, UFVE, EVE.

Notation: x true and y predicted vertices, in metres, of one person without head rotation; L, U and F the vertices of
the lips, the upper face and all those compared. A number means nothing without its mask. The two LVE differ by more
than the square: the mean of the squares is not the square of the mean.
"""

from __future__ import annotations

import numpy as np

from .figure import metric
from .sequences import MILLIMETRES, distances


@metric("LVE squared", "m2", "mean_t max_{v in L} |x[t,v] - y[t,v]|^2")
def lve_squared(prediction: np.ndarray, truth: np.ndarray, lips: np.ndarray) -> float:
    """Lip vertex error, the classic one: ``mean_t max_{v in L} |x - y|^2``.

    Args:
        prediction, truth: (T, V, 3) metres. lips: (n,) vertex indices.

    Returns:
        Square metres; papers print it times 1e5 or 1e4.

    Raises:
        ValueError: shapes that differ, an empty mask, or one of another mesh.

    Source: Richard et al. 2021, "MeshTalk"; in this form Xing et al. 2023, "CodeTalker".
    """
    return float((distances(prediction, truth, lips).max(1) ** 2).mean())


@metric("LVE", "mm", "mean_t max_{v in L} |x[t,v] - y[t,v]|")
def lve(prediction: np.ndarray, truth: np.ndarray, lips: np.ndarray) -> float:
    """Lip vertex error, not squared: ``mean_t max_{v in L} |x - y|``.

    Args:
        prediction, truth: (T, V, 3) metres. lips: (n,) vertex indices.

    Returns:
        Millimetres.

    Source: Zhao et al. 2024, "Media2Face".
    """
    return MILLIMETRES * float(distances(prediction, truth, lips).max(1).mean())


@metric("MVE", "mm", "mean_{t, v in F} |x[t,v] - y[t,v]|")
def mve(prediction: np.ndarray, truth: np.ndarray, face: np.ndarray) -> float:
    """Mean vertex error ``mean_{t,v} |x - y|``; vertices that never move make it smaller, so the mask matters.

    Args:
        prediction, truth: (T, V, 3) metres. face: (n,) vertex indices, of all vertices or a part.

    Returns:
        Millimetres.

    Source: Stan et al. 2023, "FaceDiffuser".
    """
    return MILLIMETRES * float(distances(prediction, truth, face).mean())


@metric("UFVE", "mm", "mean_{t, v in U} |x[t,v] - y[t,v]|")
def ufve(prediction: np.ndarray, truth: np.ndarray, upper: np.ndarray) -> float:
    """Upper-face vertex error ``mean_{t, v in U} |x - y|``; our reading, its papers print no formula.

    Args:
        prediction, truth: (T, V, 3) metres. upper: (n,) vertex indices.

    Returns:
        Millimetres.

    Source: name from Fan et al. 2024, "UniTalker".
    """
    return MILLIMETRES * float(distances(prediction, truth, upper).mean())


@metric("EVE mean", "m2", "mean_{t, v in U} |x[t,v] - y[t,v]|^2")
def eve_mean(prediction: np.ndarray, truth: np.ndarray, upper: np.ndarray) -> float:
    """Emotional vertex error, the variant with the mean over brows, lids and forehead.

    Args:
        prediction, truth: (T, V, 3) metres. upper: (n,) vertex indices.

    Returns:
        Square metres.

    Source: Peng et al. 2023, "EmoTalk".
    """
    return float((distances(prediction, truth, upper) ** 2).mean())


@metric("EVE max", "m2", "mean_t max_{v in U} |x[t,v] - y[t,v]|^2")
def eve_max(prediction: np.ndarray, truth: np.ndarray, upper: np.ndarray) -> float:
    """Emotional vertex error, the variant with the largest error of each frame, as LVE has it.

    Args, Returns, Raises, Source: as :func:`eve_mean`.
    """
    return float((distances(prediction, truth, upper).max(1) ** 2).mean())
