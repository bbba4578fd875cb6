"""Displacement fields on the skin: sparse handles filled in smoothly, Gaussian pushes, and the left/right split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import factorized

from emoface.face.surface import mesh_normals

from .mesh import HeadMesh
from .sdf import smooth_step
from .skin import Skin

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


@dataclass(frozen=True)
class Fold:
    """A furrow of the skin along a line, with a bank of flesh beside it.

    Attributes:
        line: points (x, y) of the left half as seen from the front, in cm; the bank lies on the left of its direction.
        depth: of the furrow, cm. width: half of it, cm.
        bank: height of the bank, cm. away: of its ridge from the line, cm. broad: half its width, cm.
        ends: shares of the line over which the fold sets in and runs out.
    """

    line: tuple[tuple[float, float], ...]
    depth: float
    width: float
    bank: float = 0.0
    away: float = 0.0
    broad: float = 1.0
    ends: tuple[float, float] = (0.25, 0.3)

    def __call__(self, mesh: HeadMesh) -> np.ndarray:
        """Displacement (V, 3) in cm along the normals of the skin, on both sides of the face."""
        points, normals = mesh.vertices, mesh_normals(mesh.vertices, mesh.faces)
        line = Skin().front(*np.array(self.line).T)  # (m, 3)
        fold = np.stack([np.abs(points[:, 0]), points[:, 1], points[:, 2]], -1)
        steps = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        best, share, side = np.full(len(fold), np.inf), np.zeros(len(fold)), np.zeros(len(fold))
        for a, b, start, stop in zip(line, line[1:], steps, steps[1:]):
            axis = b - a
            t = np.clip((fold - a) @ axis / (axis @ axis), 0, 1)
            off = fold - a - t[:, None] * axis
            away = np.linalg.norm(off, axis=1)
            nearer = away < best
            best = np.where(nearer, away, best)
            share = np.where(nearer, (start + t * (stop - start)) / steps[-1], share)
            side = np.where(nearer, np.sign(axis[0] * off[:, 1] - axis[1] * off[:, 0]), side)
        fade = smooth_step(share / self.ends[0]) if line[0, 0] > 0.05 else 1.0
        fade = fade * smooth_step((1 - share) / self.ends[1])
        height = -self.depth * np.exp(-((best / self.width) ** 2))
        if self.bank:
            height += self.bank * np.exp(-(((side * best - self.away) / self.broad) ** 2))
        return (height * fade)[:, None] * normals


def _gaussian(points: np.ndarray, centre: tuple, radii: tuple | float) -> np.ndarray:
    return np.exp(-(((points - np.array(centre)) / np.array(radii)) ** 2).sum(-1, keepdims=True))


def left_half(field: np.ndarray, points: np.ndarray, reach: float = 1.0) -> np.ndarray:
    """The left part of a symmetric field (V, 3): times a step that rises smoothly over x = -reach .. reach (cm).

    The step and its mirror image add up to one, so the left and the right part add up to the field.
    """
    t = np.clip(points[:, :1] / (2 * reach) + 0.5, 0, 1)
    return field * (t * t * (3 - 2 * t))
