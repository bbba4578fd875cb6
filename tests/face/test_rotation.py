"""Rotations: against scipy's, and the head's angles as a viewer sees them."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.face.rotation import axis_angles, from_head_angles, head_angles, matrices, product, quaternions


def turns(most: float, count: int = 200) -> np.ndarray:
    draw = np.random.default_rng(0)
    axes = draw.normal(size=(count, 3))
    return axes / np.linalg.norm(axes, axis=1, keepdims=True) * draw.uniform(0, most, (count, 1))


def test_as_scipy_has_them() -> None:
    rotation = pytest.importorskip("scipy.spatial.transform").Rotation
    pose = np.concatenate([turns(np.pi), turns(1e-9, 5), np.zeros((1, 3))])
    theirs = rotation.from_rotvec(pose)
    np.testing.assert_allclose(matrices(pose), theirs.as_matrix(), atol=1e-12)
    np.testing.assert_allclose(axis_angles(quaternions(pose)), pose, atol=1e-12)
    np.testing.assert_allclose(axis_angles(-quaternions(pose)), pose, atol=1e-12)
    both = theirs * rotation.from_rotvec(pose[::-1])
    found = axis_angles(product(quaternions(pose), quaternions(pose[::-1])))
    np.testing.assert_allclose(matrices(found), both.as_matrix(), atol=1e-12)
    np.testing.assert_allclose(head_angles(turns(1.2)), rotation.from_rotvec(turns(1.2)).as_euler("YXZ"), atol=1e-12)


def test_angles_of_a_head_return() -> None:
    pose = turns(1.2)
    np.testing.assert_allclose(from_head_angles(head_angles(pose)), pose, atol=1e-12)


@pytest.mark.parametrize("axis, place", [(0, 1), (1, 0), (2, 2)])
def test_a_turn_about_one_axis_is_one_angle(axis: int, place: int) -> None:
    pose, expected = np.zeros(3), np.zeros(3)
    pose[axis] = expected[place] = 0.4
    np.testing.assert_allclose(head_angles(pose), expected, atol=1e-15)
