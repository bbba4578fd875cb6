"""Rotations in the forms that files have: axis-angle, quaternions, and the angles yaw, pitch and roll of a head."""

from __future__ import annotations

import numpy as np


def quaternions(pose: np.ndarray) -> np.ndarray:
    """Axis-angle (..., 3) in radians to unit quaternions (..., 4), x, y, z, w, float64."""
    pose = np.asarray(pose, np.float64)
    half = np.linalg.norm(pose, axis=-1, keepdims=True) / 2
    return np.concatenate([0.5 * np.sinc(half / np.pi) * pose, np.cos(half)], -1)


def axis_angles(turns: np.ndarray) -> np.ndarray:
    """Unit quaternions (..., 4), x, y, z, w, to axis-angle (..., 3) of at most half a turn, float64."""
    turns = np.asarray(turns, np.float64)
    turns = np.where(turns[..., 3:] < 0, -turns, turns)
    sine = np.linalg.norm(turns[..., :3], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, turns[..., 3:])
    return turns[..., :3] * np.divide(angle, sine, out=np.full_like(sine, 2.0), where=sine > 1e-12)


def product(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Hamilton product of quaternions (..., 4), x, y, z, w: ``second`` is applied first."""
    a, b = first, second
    vector = a[..., 3:] * b[..., :3] + b[..., 3:] * a[..., :3] + np.cross(a[..., :3], b[..., :3])
    return np.concatenate([vector, a[..., 3:] * b[..., 3:] - (a[..., :3] * b[..., :3]).sum(-1, keepdims=True)], -1)


def matrices(pose: np.ndarray) -> np.ndarray:
    """Axis-angle (..., 3) in radians to rotation matrices (..., 3, 3), float64."""
    x, y, z, w = np.moveaxis(quaternions(pose), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def head_angles(neck_pose: np.ndarray) -> np.ndarray:
    """How a head stands as angles that are turned one after the other, yaw first: ``R = Ry(yaw) Rx(pitch) Rz(roll)``.

    Unlike the components of an axis-angle they are what a viewer sees as turning, nodding and tilting. They are unique
    while the chin is not straight down or up, which a neck cannot do.

    Args:
        neck_pose: (..., 3) axis-angle in radians, as :attr:`emoface.face_motion.FaceMotion.neck_pose`.

    Returns:
        (..., 3) float64 radians: yaw to the speaker's left, pitch with the chin down, roll with the crown to the
        speaker's right.
    """
    turn = matrices(neck_pose)
    yaw = np.arctan2(turn[..., 0, 2], turn[..., 2, 2])
    pitch = np.arcsin(np.clip(-turn[..., 1, 2], -1, 1))
    roll = np.arctan2(turn[..., 1, 0], turn[..., 1, 1])
    return np.stack([yaw, pitch, roll], -1)


def from_head_angles(angles: np.ndarray) -> np.ndarray:
    """The axis-angle (..., 3) of yaw, pitch and roll (..., 3), the inverse of :func:`head_angles`."""
    yaw, pitch, roll = np.moveaxis(np.asarray(angles, np.float64), -1, 0)
    zero = np.zeros_like(yaw)
    about = (np.stack(axes, -1) for axes in ([zero, yaw, zero], [pitch, zero, zero], [zero, zero, roll]))
    first, second, third = map(quaternions, about)
    return axis_angles(product(product(first, second), third))
