"""Points on triangle meshes: normals, closest points, and a smooth warp that carries landmarks to landmarks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from emoface.kernels import vertex_normals

FACING = 0.01  # metres that opposite normals count for, half of it at right angles
CHUNK = 512  # vertices compared at once
CANDIDATES = 3  # nearest vertices whose triangles are tried


def mesh_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Unit normals (V, 3) float64 of one mesh, by the operator ``vertex_normals``; zero where there is none."""
    corners = torch.from_numpy(faces.astype(np.int32))
    return vertex_normals(torch.from_numpy(vertices.astype(np.float64))[None], corners)[0].numpy()


def barycentric(points: np.ndarray, a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Weights (..., 3), none negative, of the points of triangles (a, b, c) closest to points (..., 3).

    Source: Ericson, Real-Time Collision Detection, section 5.1.5, all regions at once.
    """
    ab, ac, ap = b - a, c - a, points - a
    d1, d2 = (ab * ap).sum(-1), (ac * ap).sum(-1)
    d3, d4 = (ab * (points - b)).sum(-1), (ac * (points - b)).sum(-1)
    d5, d6 = (ab * (points - c)).sum(-1), (ac * (points - c)).sum(-1)
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    with np.errstate(divide="ignore", invalid="ignore"):
        along_ab, along_ac = d1 / (d1 - d3), d2 / (d2 - d6)
        along_bc = (d4 - d3) / ((d4 - d3) + (d5 - d6))
        total = va + vb + vc
        v, w = vb / total, vc / total
    zero, one = np.zeros_like(d1), np.ones_like(d1)
    cases = [
        ((d1 <= 0) & (d2 <= 0), (one, zero, zero)),
        ((d3 >= 0) & (d4 <= d3), (zero, one, zero)),
        ((d6 >= 0) & (d5 <= d6), (zero, zero, one)),
        ((vc <= 0) & (d1 >= 0) & (d3 <= 0), (1 - along_ab, along_ab, zero)),
        ((vb <= 0) & (d2 >= 0) & (d6 <= 0), (1 - along_ac, zero, along_ac)),
        ((va <= 0) & (d4 >= d3) & (d5 >= d6), (zero, 1 - along_bc, along_bc)),
    ]
    out = np.select([case[:, None] for case, _ in cases], [np.stack(w3, -1) for _, w3 in cases],
                    np.stack([1 - v - w, v, w], -1))  # fmt: skip
    return np.nan_to_num(out)


def closest_points(
    points: np.ndarray, normals: np.ndarray, vertices: np.ndarray, faces: np.ndarray, facing: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For each point the closest place on a mesh that faces the same way.

    Opposite normals count as ``FACING`` metres of distance, which keeps an upper lip from taking the lower one's place.

    Args:
        points, normals: (P, 3). vertices, facing: (V, 3), the mesh and its unit normals. faces: (F, 3).

    Returns:
        Corners (P, 3), indices of vertices, and their weights (P, 3) that add up to 1.
    """
    used = np.unique(faces)
    features = np.concatenate([vertices, facing * FACING / 2], 1)[used].astype(np.float32)  # (U, 6)
    wanted = np.concatenate([points, normals * FACING / 2], 1).astype(np.float32)
    squares = (features * features).sum(1)
    around = _triangles_around(faces, len(vertices))
    corners, weights = np.zeros((len(points), 3), np.int64), np.zeros((len(points), 3))
    best = np.full(len(points), np.inf)
    for start in range(0, len(points), CHUNK):
        here = slice(start, start + CHUNK)
        distance = squares - 2 * wanted[here] @ features.T  # up to a constant of the point
        near = used[np.argpartition(distance, min(CANDIDATES, len(used) - 1), axis=1)[:, :CANDIDATES]]
        for triangle in around[near].reshape(len(near), -1).T:  # (C,) one candidate of every point
            real = triangle >= 0
            abc = faces[np.maximum(triangle, 0)]  # (C, 3)
            shares = barycentric(points[here], *(vertices[abc[:, i]] for i in range(3)))
            place = np.einsum("pc,pcx->px", shares, np.concatenate([vertices, facing * FACING / 2], 1)[abc])
            off = ((place - wanted[here]) ** 2).sum(1)
            better = np.flatnonzero(real & (off < best[here]))
            best[start + better], corners[start + better] = off[better], abc[better]
            weights[start + better] = shares[better]
    return corners, weights


def _triangles_around(faces: np.ndarray, count: int) -> np.ndarray:
    """Triangles at each vertex (V, most), -1 where there are fewer."""
    owner = faces.ravel()
    order = np.argsort(owner, kind="stable")
    sizes = np.bincount(owner, minlength=count)
    out = np.full((count, sizes.max(initial=1)), -1)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    out[owner[order], place] = order // 3
    return out


def landmark_warp(source: np.ndarray, target: np.ndarray) -> tuple[Callable[[np.ndarray], np.ndarray], np.ndarray]:
    """A smooth map that carries landmarks (L, 3) to others, and the turn and scale (3, 3) that it begins with.

    A similarity (Umeyama 1991), then radial functions |r| for what it leaves, the smoothest interpolation in space.
    """
    from_centre, to_centre = source.mean(0), target.mean(0)
    a, b = source - from_centre, target - to_centre
    u, sizes, vt = np.linalg.svd(b.T @ a)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    turn = (sizes * sign).sum() / (a * a).sum() * (u * sign) @ vt  # (3, 3)

    def similar(points: np.ndarray) -> np.ndarray:
        return (points - from_centre) @ turn.T + to_centre

    known = similar(source)
    apart = np.linalg.norm(known[:, None] - known, axis=-1)  # (L, L)
    ring = np.concatenate([np.ones((len(known), 1)), known], 1)  # affine part (L, 4)
    system = np.block([[apart, ring], [ring.T, np.zeros((4, 4))]])
    solution = np.linalg.lstsq(system, np.concatenate([target - known, np.zeros((4, 3))]), rcond=1e-9)[0]

    def warp(points: np.ndarray) -> np.ndarray:
        at = similar(np.asarray(points, np.float64))
        reach = np.linalg.norm(at[:, None] - known, axis=-1)  # (V, L)
        return at + reach @ solution[:-4] + np.c_[np.ones(len(at)), at] @ solution[-4:]

    return warp, turn
