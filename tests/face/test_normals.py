"""Smooth surface normals."""

from __future__ import annotations

import numpy as np

from emoface.face.normals import smooth_normals, welded


def ball(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """A unit ball cut open along a meridian, whose vertices there are doubled."""
    polar, around = np.meshgrid(np.linspace(0.2, np.pi - 0.2, rows), np.linspace(0, 2 * np.pi, columns), indexing="ij")
    around[:, -1] = 0
    points = np.stack([np.sin(polar) * np.cos(around), np.cos(polar), np.sin(polar) * np.sin(around)], 2)
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    right, below = corner + 1, corner + columns
    faces = np.concatenate([np.stack([corner, right, below], 1), np.stack([right, below + 1, below], 1)])
    return points.reshape(-1, 3).astype(np.float32), faces


def test_normals_of_a_ball_and_none_of_its_seam() -> None:
    points, faces = ball(24, 49)
    normals = smooth_normals(points, faces)
    inner = np.abs(points[:, 1]) < 0.9  # away from the holes at the poles
    assert normals.dtype == np.float32 and np.abs((normals * points).sum(1))[inner].min() > 0.999
    assert np.array_equal(normals[0::49], normals[48::49])
    weld = welded(points, faces)
    assert np.array_equal(weld[48::49], np.arange(0, len(points), 49)) and (weld <= np.arange(len(points))).all()


def test_surfaces_that_touch_stay_apart() -> None:
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], np.float32)
    up = np.array([[0, 1, 2], [0, 2, 3]])
    points, faces = np.concatenate([square, square]), np.concatenate([up, up[:, ::-1] + 4])
    assert np.array_equal(welded(points, faces), np.arange(8))
    assert np.array_equal(smooth_normals(points, faces), np.repeat([[0, 0, 1], [0, 0, -1]], 4, 0).astype(np.float32))


def test_no_triangle_no_trouble() -> None:
    points = np.zeros((3, 3), np.float32)
    assert np.array_equal(smooth_normals(points, np.array([[0, 1, 2]])), np.tile([0, 0, 1], (3, 1)))
