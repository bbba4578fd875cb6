"""Smooth surface normals."""

from __future__ import annotations

import numpy as np


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Normals at the vertices: the sum of the adjoining triangles' normals, by area, made unit length.

    Args:
        vertices: (V, 3). faces: (F, 3) indices, counter-clockwise seen from outside.

    Returns:
        (V, 3) float32; (0, 0, 1) where no triangle with an area adjoins.
    """
    corners = vertices[faces].astype(np.float64)  # (F, 3, 3)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.stack(
        [np.bincount(faces.ravel(), np.repeat(normals[:, axis], 3), len(vertices)) for axis in range(3)], 1
    )
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.where(length > 0, total / np.maximum(length, 1e-300), (0, 0, 1)).astype(np.float32)
