"""Displacement fields on the skin: sparse handles filled in smoothly, Gaussian pushes, and the left/right split."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import factorized

from .mesh import HeadMesh

STIFFNESS = 50.0  # of a handle against the smoothness of the field


class Fill:
    """Biharmonic interpolation on the skin: d = argmin |L d|^2 + 50 sum over handles |d_i - b_i|^2.

    L is the Laplacian with weights 1 / edge length, so distance is measured along the skin: the slit between the lips
    parts the upper from the lower lip by itself.
    """

    def __init__(self, mesh: HeadMesh) -> None:
        self.mesh = mesh
        edges = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
        edges = np.unique(np.sort(edges, 1), axis=0)
        stiff = 1 / np.maximum(np.linalg.norm(mesh.vertices[edges[:, 0]] - mesh.vertices[edges[:, 1]], axis=1), 0.03)
        ends = np.concatenate([edges, edges[:, ::-1]])
        count = len(mesh.vertices)
        adjacency = sp.coo_matrix((np.tile(stiff, 2), (ends[:, 0], ends[:, 1])), (count, count)).tocsr()
        laplacian = sp.eye(count) - sp.diags(1 / np.asarray(adjacency.sum(1)).ravel()) @ adjacency
        self._energy = (laplacian.T @ laplacian).tocsc()

    def solve(self, values: np.ndarray) -> np.ndarray:
        """Fill a field (V, k) that is NaN where it is free."""
        held = ~np.isnan(values[:, 0])
        solve = factorized((self._energy + sp.diags(STIFFNESS * held + 1e-6)).tocsc())
        right = STIFFNESS * np.where(held[:, None], values, 0.0)
        return np.stack([solve(column) for column in right.T], 1)

    def symmetric(self, values: np.ndarray) -> np.ndarray:
        """Fill displacements (half, 3) or scalars (half, 1) given on the left half; the right half mirrors them."""
        mesh, width = self.mesh, values.shape[1]
        flip = np.array([-1.0, 1.0, 1.0]) if width == 3 else np.ones(1)
        full = np.empty((len(mesh.vertices), width))
        full[: mesh.half] = values
        full[mesh.half :] = values[mesh.mirror[mesh.half :]] * flip
        if width == 3:
            middle = mesh.mirror == np.arange(len(full))
            full[middle, 0] = np.where(np.isnan(full[middle, 1]), np.nan, 0.0)
        return self.solve(full)


def push(points: np.ndarray, centre: tuple, radii: tuple | float, move: tuple) -> np.ndarray:
    """Gaussian displacement (n, 3) of points (n, 3): move * exp(-sum ((p - centre) / radii)^2), and its mirror image.

    A centre on the mid-line is its own mirror image and counts once.
    """
    field = _gaussian(points, centre, radii) * np.array(move, float)
    if centre[0] == 0:
        return field
    return field + _gaussian(points * [-1, 1, 1], centre, radii) * np.array(move, float) * [-1, 1, 1]


def _gaussian(points: np.ndarray, centre: tuple, radii: tuple | float) -> np.ndarray:
    return np.exp(-(((points - np.array(centre)) / np.array(radii)) ** 2).sum(-1, keepdims=True))


def left_half(field: np.ndarray, points: np.ndarray, reach: float = 1.0) -> np.ndarray:
    """The left part of a symmetric field (V, 3): times a step that rises smoothly over x = -reach .. reach (cm).

    The step and its mirror image add up to one, so the left and the right part add up to the field.
    """
    t = np.clip(points[:, :1] / (2 * reach) + 0.5, 0, 1)
    return field * (t * t * (3 - 2 * t))
