"""Normals to shade a surface with, smooth across the seams of textures."""

from __future__ import annotations

import numpy as np

from .surface import mesh_normals

ONE_SURFACE = 0.5  # cosine between normals above which vertices at one place belong to one surface


def smooth_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Normals at the vertices, one for those that :func:`welded` joins.

    Args:
        vertices: (V, 3). faces: (F, 3) indices, counter-clockwise seen from outside.

    Returns:
        (V, 3) float32, unit length; (0, 0, 1) where no triangle with an area adjoins.
    """
    weld = welded(vertices, faces)
    normals = mesh_normals(vertices, weld[faces])[weld]
    return np.where(normals.any(1, keepdims=True), normals, (0, 0, 1)).astype(np.float32)


def welded(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """The vertex (V,) int64 that stands for each: the first at its place, where a seam cuts one surface in two.

    Texture seams double vertices. Surfaces that only touch, such as closed lips, face different ways and stay apart.

    Args:
        vertices: (V, 3). faces: (F, 3).
    """
    _, first, group = np.unique(vertices, axis=0, return_index=True, return_inverse=True)
    weld = first[group.reshape(-1)]
    normals = mesh_normals(vertices, faces)
    return np.where((normals * normals[weld]).sum(1) > ONE_SURFACE, weld, np.arange(len(vertices)))
