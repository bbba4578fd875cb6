"""The 68 landmarks on the open head: 17 along the jaw, 10 brow, 9 nose, 12 eye and 20 mouth points."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from .mesh import HeadMesh

# Points of the left half, moved onto the mesh: from ear to chin, along the brow from within, down the nose, its base.
JAW = (
    (7.4, 0.4, 0.3), (7.3, -1.9, 0.5), (7.0, -4.1, 0.9), (6.5, -6.2, 1.6), (5.6, -8.0, 2.9), (4.5, -9.4, 4.4),
    (3.1, -10.5, 5.9), (1.6, -11.0, 7.4), (0.0, -12.2, 8.1),
)  # fmt: skip
BROW = ((1.2, 1.7, 8.6), (2.2, 2.1, 8.4), (3.2, 2.25, 8.0), (4.1, 2.05, 7.3), (4.9, 1.5, 6.3))
BRIDGE = ((0.0, 0.3, 9.6), (0.0, -1.1, 10.2), (0.0, -2.4, 10.8), (0.0, -3.7, 11.4))
NOSE_BASE = ((1.15, -4.5, 9.0), (0.6, -4.75, 9.5), (0.0, -5.0, 10.0))
LIP_STOPS = (0.0, 0.29, 0.68)  # of the way from the mid-line to the corner, outer outline


def landmarks(
    mesh: HeadMesh, eye_rim: np.ndarray, outer_lip: np.ndarray, inner_lip: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Embed the 68 points, the head's right side first as in the usual order.

    Args:
        mesh: the skin.
        eye_rim: (C,) vertices of the left lids' edge, from the outer canthus over the upper lid.
        outer_lip, inner_lip: (C,) vertices from the upper middle over the left corner to the lower middle.

    Returns:
        faces (68,) and barycentric weights (68, 3).
    """
    left = _Left(mesh)
    jaw, brow, bridge, base = (left.nearest(np.array(p)) for p in (JAW, BROW, BRIDGE, NOSE_BASE))
    count = len(eye_rim)
    eye = left.at(eye_rim[[count // 2, count // 3, count // 6, 0, -(count // 6), -(count // 3)]])  # from within, over
    upper, lower = _lip_stops(mesh.vertices, outer_lip)
    upper_in, lower_in = _lip_stops(mesh.vertices, inner_lip)
    corner, corner_in = outer_lip[len(outer_lip) // 2], inner_lip[len(inner_lip) // 2]
    order = [
        *left.flip(jaw[:8]), *jaw[8:], *jaw[7::-1],
        *left.flip(brow[::-1]), *brow,
        *bridge,
        *left.flip(base[:2]), base[2], *base[1::-1],
        *left.flip([eye[3], eye[2], eye[1], eye[0], eye[5], eye[4]]), *eye,
    ]  # fmt: skip
    around = left.at(np.array([corner, upper[2], upper[1], upper[0], lower[0], lower[1], lower[2]]))
    within = left.at(np.array([corner_in, upper_in[1], upper_in[0], lower_in[0], lower_in[1]]))
    order += [*left.flip(around[:3]), around[3], around[2], around[1], around[0]]
    order += [around[6], around[5], around[4], *left.flip([around[5], around[6]])]
    order += [*left.flip(within[:2]), within[2], within[1], within[0], within[4], within[3], *left.flip([within[4]])]
    faces, weights = zip(*order)
    return np.array(faces, np.int32), np.array(weights, np.float32)


def _lip_stops(p: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices of a lip row (C,) at `LIP_STOPS`, above and below."""
    halves = row[: len(row) // 2 + 1], row[: len(row) // 2 - 1 : -1]
    reach = p[row[len(row) // 2], 0]
    stops = np.array(LIP_STOPS)[:, None] * reach
    return tuple(half[np.abs(p[half, 0] - stops).argmin(1)] for half in halves)  # type: ignore[return-value]


class _Left:
    """Embeds points in the triangles of the left half; triangle f and f + F / 2 are mirror images."""

    def __init__(self, mesh: HeadMesh) -> None:
        self.count = len(mesh.faces) // 2
        self.faces = mesh.faces[: self.count]
        self.corners = mesh.vertices[self.faces]
        self.tree = cKDTree(self.corners.mean(1))

    def at(self, vertices: np.ndarray) -> list[tuple[int, np.ndarray]]:
        """A triangle at each vertex, all weight on it."""
        found = []
        for v in vertices:
            face, corner = np.argwhere(self.faces == v)[0]
            found.append((int(face), np.eye(3)[corner]))
        return found

    def nearest(self, points: np.ndarray) -> list[tuple[int, np.ndarray]]:
        """The nearest place of the skin to each point; on the mid-line for points there."""
        found = []
        for point in points:
            near = self.tree.query(point, 24)[1]
            if point[0] == 0:
                near = near[(self.corners[near, :, 0] == 0).sum(1) == 2]
            weights = np.array([_closest(point, triangle) for triangle in self.corners[near]])
            if point[0] == 0:
                weights = np.where(self.corners[near, :, 0] == 0, weights, 0.0)
                near, weights = near[weights.any(1)], weights[weights.any(1)]
                weights /= weights.sum(1, keepdims=True)
            away = np.linalg.norm((weights[:, :, None] * self.corners[near]).sum(1) - point, axis=1)
            best = int(away.argmin())
            found.append((int(near[best]), weights[best]))
        return found

    def flip(self, embedded: list[tuple[int, np.ndarray]]) -> list[tuple[int, np.ndarray]]:
        """The same places on the right; mirrored triangles list their corners backward."""
        return [(face + self.count, weights[::-1]) for face, weights in embedded]


def _closest(point: np.ndarray, triangle: np.ndarray) -> np.ndarray:
    """Barycentric weights of the nearest place of a triangle (3, 3): within, or on the nearest edge."""
    basis = np.stack([triangle[1] - triangle[0], triangle[2] - triangle[0]], 1)
    u, v = np.linalg.lstsq(basis, point - triangle[0], rcond=None)[0]
    if min(u, v, 1 - u - v) >= 0:
        return np.array([1 - u - v, u, v])
    on_edges = []
    for a, b in ((0, 1), (1, 2), (2, 0)):
        edge = triangle[b] - triangle[a]
        t = np.clip((point - triangle[a]) @ edge / (edge @ edge + 1e-12), 0, 1)
        on_edges.append((1 - t) * np.eye(3)[a] + t * np.eye(3)[b])
    return min(on_edges, key=lambda weights: float(np.linalg.norm(weights @ triangle - point)))
