"""Closest points, normals and the landmark warp, against shapes whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.face.surface import barycentric, closest_points, landmark_warp, mesh_normals

DRAW = np.random.default_rng(4)


def sheet(height: float, up: bool, size: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """A square grid at z = height whose normals point up or down."""
    x, y = np.meshgrid(np.linspace(0, 1, size), np.linspace(0, 1, size), indexing="ij")
    vertices = np.stack([x.ravel(), y.ravel(), np.full(size * size, height)], 1)
    corner = (np.arange(size - 1)[:, None] * size + np.arange(size - 1)).ravel()
    faces = np.concatenate([np.stack([corner, corner + size, corner + size + 1], 1),
                            np.stack([corner, corner + size + 1, corner + 1], 1)])  # fmt: skip
    return vertices, faces if up else faces[:, ::-1]


def test_barycentric_agrees_with_a_search():
    a, b, c, points = DRAW.normal(size=(4, 60, 3))
    shares = barycentric(points, a, b, c)
    assert (shares >= -1e-12).all() and np.allclose(shares.sum(1), 1)
    steps = np.linspace(0, 1, 121)
    u, v = np.meshgrid(steps, steps)
    grid = np.stack([1 - u - v, u, v], -1)[u + v <= 1 + 1e-9]  # (G, 3)
    corners = np.stack([a, b, c], 1)  # (P, 3, 3)
    found = np.linalg.norm(np.einsum("pc,pcx->px", shares, corners) - points, axis=1)
    searched = np.linalg.norm(np.einsum("gc,pcx->pgx", grid, corners) - points[:, None], axis=2).min(1)
    assert (found <= searched + 1e-12).all() and (found >= searched - 0.05).all()


def test_normals_of_a_box():
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    normals = mesh_normals(corners, faces)
    assert (normals * corners > 0.2).all() and np.allclose(np.linalg.norm(normals, axis=1), 1)


def test_closest_points_lie_below():
    vertices, faces = sheet(0.0, up=True)
    points = np.c_[DRAW.random((40, 2)), DRAW.uniform(-0.02, 0.02, 40)]
    up = np.tile([0.0, 0.0, 1.0], (40, 1))
    corners, weights = closest_points(points, up, vertices, faces, mesh_normals(vertices, faces))
    place = np.einsum("pc,pcx->px", weights, vertices[corners])
    np.testing.assert_allclose(place, points * [1, 1, 0], atol=1e-6)


def test_closest_points_face_the_same_way():
    """Two lips that nearly touch: a point takes the one it belongs to, though the other is nearer."""
    (above, top), (below, bottom) = sheet(0.001, up=False), sheet(0.0, up=True)
    vertices, faces = np.concatenate([above, below]), np.concatenate([top, bottom + len(above)])
    points = np.c_[DRAW.random((20, 2)), np.zeros(20)]
    for direction, first, last in ((-1.0, 0, len(above)), (1.0, len(above), len(vertices))):
        normals = np.tile([0.0, 0.0, direction], (20, 1))
        corners, _ = closest_points(points, normals, vertices, faces, mesh_normals(vertices, faces))
        assert ((corners >= first) & (corners < last)).all()


def test_warp_carries_landmarks_and_knows_similarities():
    source = DRAW.normal(size=(20, 3))
    warp, _ = landmark_warp(source, source + 0.1 * DRAW.normal(size=(20, 3)))
    target = DRAW.normal(size=(20, 3))
    warp, _ = landmark_warp(source, target)
    np.testing.assert_allclose(warp(source), target, atol=1e-6)
    turn = np.linalg.qr(DRAW.normal(size=(3, 3)))[0]
    turn *= np.linalg.det(turn)
    warp, found = landmark_warp(source, 1.3 * source @ turn.T + [1, 2, 3])
    np.testing.assert_allclose(found, 1.3 * turn, atol=1e-9)
    others = DRAW.normal(size=(50, 3))
    np.testing.assert_allclose(warp(others), 1.3 * others @ turn.T + [1, 2, 3], atol=1e-6)


def test_warp_never_mirrors():
    source = DRAW.normal(size=(12, 3))
    _, turn = landmark_warp(source, source * [-1, 1, 1])
    assert np.linalg.det(turn) > 0


@pytest.mark.parametrize("count", [4, 5])
def test_few_landmarks_are_enough(count):
    source, target = DRAW.normal(size=(2, count, 3))
    np.testing.assert_allclose(landmark_warp(source, target)[0](source), target, atol=1e-6)
