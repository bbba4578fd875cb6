"""Landmarks brought to one place, size and direction: what is left is expression, what was taken is the head's pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .tracker import tracker

STILL_POINTS: dict[int, float] = {
    **dict.fromkeys((33, 133, 263, 362, 168, 6, 197, 195, 5, 4), 1.0),  # corners of the eyes, ridge of the nose
    **dict.fromkeys((98, 327, 2, 1), 0.4),  # base of the nose
    **dict.fromkeys((10, 338, 297, 332, 284, 251, 389, 356, 454, 109, 67, 103, 54, 21, 162, 127, 234), 0.2),  # outline
}
"""Points that expressions move little, with their weights."""
POSE_SMOOTHING = 1.0  # frames, standard deviation
SCALE_SMOOTHING = 5.0  # a head comes closer slowly
ABOUT = np.diag([1.0, -1.0, -1.0])  # from the picture's axes to the head's
FURTHEST = np.radians([20.0, 36.0, 25.0])  # nod, turn and tilt up to which it was measured what a turn moves


@dataclass(frozen=True, eq=False)
class Aligned:
    """Landmarks about a reference.

    Attributes:
        points: (T, L, 3) in the reference's place, size and direction.
        rotation: (T, 3, 3) that was applied to them. scale: (T,).
    """

    points: np.ndarray
    rotation: np.ndarray
    scale: np.ndarray


def align(landmarks: np.ndarray, reference: np.ndarray) -> Aligned:
    """Bring frames that follow one another to a reference by a similarity each, smoothed over time.

    The net guesses depths, so that a turned face comes back a little out of shape; what it does so on a known head is
    taken away.

    Args:
        landmarks: (T, L, 3), finite. reference: (L, 3), which looks ahead.

    Returns:
        The landmarks and what was applied.

    Source: Umeyama 1991, "Least-squares estimation of transformation parameters between two point patterns".
    """
    places, weights = _still_points()
    points, goal = landmarks[:, places], reference[places]
    middle = np.einsum("p,tpc->tc", weights, points)  # (T, 3)
    goal_middle = weights @ goal
    points, goal = points - middle[:, None], goal - goal_middle
    left, size, right = np.linalg.svd(np.einsum("p,pc,tpd->tcd", weights, goal, points))
    sign = np.ones((len(points), 3))
    sign[:, 2] = np.sign(np.linalg.det(left @ right))
    rotation = axis_angle_matrix(smooth(matrix_axis_angle((left * sign[:, None]) @ right), POSE_SMOOTHING))
    spread = np.maximum(np.einsum("p,tpc->t", weights, points * points), 1e-12)
    scale = np.exp(smooth(np.log((size * sign).sum(1) / spread), SCALE_SMOOTHING))
    middle = smooth(middle, POSE_SMOOTHING)
    moved = scale[:, None, None] * np.einsum("tij,tpj->tpi", rotation, landmarks - middle[:, None]) + goal_middle
    terms = pose_terms(matrix_axis_angle(of_head(rotation)))
    moved[..., :2] -= np.einsum("tk,kpc->tpc", terms, tracker().pose)
    return Aligned(moved, rotation, scale)


def of_head(rotation: np.ndarray) -> np.ndarray:
    """Turns (T, 3, 3) of a head whose landmarks were brought back by (T, 3, 3) in the picture's axes."""
    return ABOUT @ np.swapaxes(rotation, 1, 2) @ ABOUT


def pose_terms(turn: np.ndarray) -> np.ndarray:
    """The terms (T, 10) of :attr:`Tracker.pose` for nod x, turn y and tilt z (T, 3) in radians: x, y, z, x^2, y^2, xy,
    yz, xz, y^3 and x y^2."""
    x, y, z = turn.clip(-FURTHEST, FURTHEST).T
    return np.stack([x, y, z, x * x, y * y, x * y, y * z, x * z, y**3, x * y * y], 1)


def _still_points() -> tuple[list[int], np.ndarray]:
    weights = np.array(list(STILL_POINTS.values()))
    return tracker().at(STILL_POINTS), weights / weights.sum()


def smooth(curves: np.ndarray, frames: float) -> np.ndarray:
    """Curves (T, ...) under a Gaussian of so many frames' standard deviation; the ends are held."""
    reach = int(4 * frames + 0.5)
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / frames) ** 2)
    return filtered(curves, taps / taps.sum())


def filtered(curves: np.ndarray, taps: np.ndarray) -> np.ndarray:
    """Curves (T, ...) weighted over 2 R + 1 frames around each, the earliest first; the ends are held."""
    reach = len(taps) // 2
    place = np.arange(len(curves))
    return sum(tap * curves[(place + k - reach).clip(0, len(curves) - 1)] for k, tap in enumerate(taps))


def matrix_axis_angle(rotation: np.ndarray) -> np.ndarray:
    """Axis-angle (T, 3) in radians of rotations (T, 3, 3) of less than half a turn."""
    angle = np.arccos(((np.trace(rotation, axis1=1, axis2=2) - 1) / 2).clip(-1, 1))
    twice = np.stack([rotation[:, i, j] - rotation[:, j, i] for i, j in ((2, 1), (0, 2), (1, 0))], 1)  # 2 sin(a) axis
    return twice * np.where(angle < 1e-6, 0.5, angle / (2 * np.sin(np.maximum(angle, 1e-6))))[:, None]


def axis_angle_matrix(turn: np.ndarray) -> np.ndarray:
    """Rotations (T, 3, 3) of axis-angle (T, 3) in radians."""
    angle = np.maximum(np.linalg.norm(turn, axis=1), 1e-9)[:, None, None]
    cross = np.zeros((len(turn), 3, 3))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        cross[:, i, j], cross[:, j, i] = -turn[:, k], turn[:, k]
    return np.eye(3) + np.sin(angle) / angle * cross + (1 - np.cos(angle)) / angle**2 * (cross @ cross)


def mean_rotation(rotation: np.ndarray) -> np.ndarray:
    """The rotation (3, 3) nearest to all of (T, 3, 3)."""
    left, _, right = np.linalg.svd(rotation.sum(0))
    left[:, 2] *= np.sign(np.linalg.det(left @ right))
    return left @ right
