"""The five joints: where they are, how vertices give them, and how the neck follows."""

from __future__ import annotations

import numpy as np

from .jaw import JAW_JOINT
from .sdf import smooth_step
from .skin import EYE_CENTRE

EYES = tuple(EYE_CENTRE), tuple(EYE_CENTRE * (-1, 1, 1))
JOINTS = np.array([(0.0, -14.6, -4.2), (0.0, -8.6, -2.9), tuple(JAW_JOINT), *EYES])
JAW_HINGE, HINGE_RADIUS = (6.6, -2.0, 0.6), 2.4  # skin before the ear, over the joint
NECK_BAND = 1.6  # half the height of the skin that gives the neck's joint


def neck_share(p: np.ndarray) -> np.ndarray:
    """How much (n,) points (n, 3) stay with the body when the head turns: 0 on the head, 1 at the end of the neck."""
    down = -(p[:, 1] + 0.35 * p[:, 2])  # the chin counts as head though it is low
    return smooth_step((down - 10.3) / 5.0)


def joint_weights(p: np.ndarray, jaw: np.ndarray) -> np.ndarray:
    """Skin weights (n, 5) of points (n, 3) from the jaw's share (n,)."""
    body = neck_share(p) * (1 - jaw)
    none = np.zeros(len(p))
    return np.stack([body, np.clip(1 - body - jaw, 0, 1), jaw, none, none], -1)


def regressor(p: np.ndarray, skin: int, eyes: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Rows (5, V) that give each joint from the vertices around it and follow any stretch of the head.

    Args:
        p: (V, 3) all vertices, the first `skin` of them the skin's.
        skin: number of the skin's vertices.
        eyes: indices of the left and the right eyeball's vertices.
    """
    folded = np.abs(p[:skin]) * (1, 0, 0) + p[:skin] * (0, 1, 1)
    behind = folded[:, 2] < 2
    around = (
        np.flatnonzero(folded[:, 1] < -14.0),
        np.flatnonzero((np.abs(folded[:, 1] - JOINTS[1, 1]) < NECK_BAND) & behind),
        np.flatnonzero(np.linalg.norm(folded - JAW_HINGE, axis=1) < HINGE_RADIUS),
        *eyes,
    )
    rows = np.zeros((5, len(p)))
    for row, vertices, joint in zip(rows, around, JOINTS):
        row[vertices] = _affine_weights(p[vertices], joint)
    return rows


def _affine_weights(p: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Smallest weights (n,) that add up to 1 and combine points (n, 3) to the target."""
    return np.linalg.pinv(np.concatenate([p, np.ones((len(p), 1))], 1).T) @ np.append(target, 1.0)
