"""Points that ride on the skin: each is held by the corners of one triangle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .pieces import Piece

HAIR_ROUGHNESS = 0.7


@dataclass(eq=False)
class Attachment:
    """Places on a mesh: corners (n, 3) are vertex indices, weights (n, 3) add up to 1."""

    corners: np.ndarray
    weights: np.ndarray

    def carry(self, field: np.ndarray) -> np.ndarray:
        """The field (..., V, k) at the places: (..., n, k)."""
        return np.einsum("nc,...nck->...nk", self.weights, field[..., self.corners, :])

    def hair(self, name: str, vertices: np.ndarray, faces: np.ndarray, colours: np.ndarray, on: Piece) -> Piece:
        """Hair whose vertices (n, 3) make every move of the places that hold them."""
        moves = {shape: self.carry(field) for shape, field in on.deltas.items()}
        return Piece(
            name,
            vertices,
            faces,
            colours,
            HAIR_ROUGHNESS,
            self.carry(on.skin_weights),
            {shape: field for shape, field in moves.items() if np.abs(field).max() > 1e-6},
            None if on.jaw_corrective is None else self.carry(on.jaw_corrective),
            (self.corners, self.weights),
            {pair: self.carry(field) for pair, field in on.correctives.items()},
        )


def from_front(flat: np.ndarray, vertices: np.ndarray, faces: np.ndarray) -> Attachment:
    """The places of a mesh seen from the front at x, y (n, 2); the nearest where triangles cover each other.

    Raises:
        ValueError: nothing of the mesh is seen at a point.
    """
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    u, v = (b - a)[:, :2], (c - a)[:, :2]
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    seen = np.flatnonzero(area > 1e-9)  # counter-clockwise: facing the front
    a, u, v, area = a[seen], u[seen], v[seen], area[seen]
    corners, weights = [], []
    for point in flat:
        p = point - a[:, :2]
        s = (p[:, 0] * v[:, 1] - p[:, 1] * v[:, 0]) / area
        t = (u[:, 0] * p[:, 1] - u[:, 1] * p[:, 0]) / area
        inside = np.flatnonzero((s > -1e-6) & (t > -1e-6) & (s + t < 1 + 1e-6))
        if not len(inside):
            raise ValueError(f"no skin is seen at x, y = {point}")
        best = inside[np.argmax(a[inside, 2])]
        corners.append(faces[seen[best]])
        weights.append([1 - s[best] - t[best], s[best], t[best]])
    return Attachment(np.array(corners), np.array(weights))
