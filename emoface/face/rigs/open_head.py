"""The open head as a rig of linear blend shapes, for programs that have no jaw joint."""

from __future__ import annotations

import numpy as np

from emoface.face.flame import JOINTS
from emoface.face.layout import ARKIT_NAMES, EXPRESSION_SIZE, MOTION_INDEX, arkit_to_motion
from emoface.face.open_head import open_head
from emoface.face.rig import Rig

SHAPE_NAMES = (*ARKIT_NAMES, "tongueUp")
JAW = JOINTS.index("jaw")


def _rotation(axis_angle: np.ndarray) -> np.ndarray:
    """Rotation matrix (3, 3) of an axis-angle vector (3,), by Rodrigues' formula."""
    angle = np.linalg.norm(axis_angle)
    if angle == 0:
        return np.eye(3)
    x, y, z = axis_angle / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def pose(shape: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The open head posed exactly, with its rotating jaw.

    Args:
        shape: (V, 3) the person at rest, metres. weights: (53,) of ``SHAPE_NAMES``.

    Returns:
        (V, 3) float64 metres.
    """
    data = open_head().data
    motion = arkit_to_motion(np.asarray(weights[:-1], np.float64))  # (53,)
    motion[MOTION_INDEX["tongueUp"]] = weights[-1]
    turn = _rotation(motion[EXPRESSION_SIZE:]) - np.eye(3)
    vertices = shape + np.tensordot(motion[:EXPRESSION_SIZE], data.expression_basis, 1)
    vertices = vertices + np.tensordot(turn.ravel(), data.pose_basis[9:18], 1)
    joint = data.joint_regressor[JAW] @ shape
    return vertices + data.skin_weights[:, JAW, None] * ((vertices - joint) @ turn.T)


def open_head_rig(identity: np.ndarray | None = None) -> Rig:
    """The open head with 53 linear shapes: ARKit's 52 and ``tongueUp``.

    The jaw's rotation is linearised at weight 1: delta = V(jawOpen = 1) - V(0), likewise jawLeft and jawRight.
    ``mouthClose`` is meant on an open jaw: delta = V(jawOpen = 1, mouthClose = 1) - V(jawOpen = 1).

    Args:
        identity: (N,) components of the open head's identity, about -1..1; fewer than N leave the rest at 0.
            None: the neutral person.

    Returns:
        The rig, in metres.

    Raises:
        ValueError: more components than the open head has, or values that are not finite.
    """
    head = open_head()
    data = head.data
    template = data.template
    if identity is not None:
        identity = np.asarray(identity, np.float64)
        known = len(data.identity_basis)
        if identity.ndim != 1 or len(identity) > known or not np.isfinite(identity).all():
            raise ValueError(f"identity must be up to {known} finite components (n,), got shape {identity.shape}")
        template = template + np.tensordot(identity, data.identity_basis[: len(identity)], 1)
    unit = np.eye(len(SHAPE_NAMES))
    opened, closed = SHAPE_NAMES.index("jawOpen"), SHAPE_NAMES.index("mouthClose")
    deltas = np.stack([pose(template, weights) for weights in unit]) - template
    deltas[closed] = pose(template, unit[opened] + unit[closed]) - pose(template, unit[opened])
    return Rig(
        "open head",
        template.astype(np.float32),
        data.faces,
        SHAPE_NAMES,
        deltas.astype(np.float32),
        head.colours,
        head.parts,
    )
