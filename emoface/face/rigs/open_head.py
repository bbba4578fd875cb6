"""The open head as a rig of linear blend shapes, for programs that have no jaw joint."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from emoface.face.flame import JOINTS, FlameModel
from emoface.face.layout import (
    ARKIT_NAMES,
    EXPRESSION_NAMES,
    EXPRESSION_SIZE,
    FACE_SIZE,
    MOTION_INDEX,
    arkit_to_motion,
)
from emoface.face.open_head import OpenHead, identity_coefficients, open_head
from emoface.face.rig import Correctives, Neck, Rig

SHAPE_NAMES = (*ARKIT_NAMES, "tongueUp")
GLOBAL, NECK = JOINTS.index("global"), JOINTS.index("neck")


def shapes_to_motion(weights: np.ndarray) -> np.ndarray:
    """Motion vectors (T, 56) of weights (T, 53) of ``SHAPE_NAMES``."""
    motion = arkit_to_motion(np.asarray(weights)[:, :-1])
    motion[:, MOTION_INDEX["tongueUp"]] = weights[:, -1]
    return motion


def open_head_rig(identity: Mapping[str, float | str] | np.ndarray | None = None) -> Rig:
    """The open head with 53 linear shapes: ARKit's 52 and ``tongueUp``.

    The jaw's rotation is linearised at weight 1: delta = V(jawOpen = 1) - V(0), likewise jawLeft and jawRight.
    ``mouthClose`` is meant on an open jaw: delta = V(jawOpen = 1, mouthClose = 1) - V(jawOpen = 1). A corrective is
    what two shapes at weight 1 make beyond the sum of both.

    Args:
        identity: components by name ({"nose_width": 0.5}), or the first n as an array (n,), about -1..1; None: the
            neutral person.

    Returns:
        The rig, in metres.

    Raises:
        ValueError: components that the open head does not have, or values that are not finite.
    """
    if isinstance(identity, Mapping):
        identity = identity_coefficients(identity)
    head = open_head()
    known = len(head.data.identity_basis)
    person = np.zeros(0) if identity is None else np.asarray(identity, np.float64)
    if person.ndim != 1 or len(person) > known or not np.isfinite(person).all():
        raise ValueError(f"identity must be (n,), n up to {known}, and finite, got shape {person.shape}")
    opened, closed = SHAPE_NAMES.index("jawOpen"), SHAPE_NAMES.index("mouthClose")
    one = np.eye(len(SHAPE_NAMES))
    drivers = _corrective_shapes(head)
    pairs = one[drivers].sum(1)  # (C, 53)
    weights = np.stack([np.zeros(len(one)), *one, one[opened] + one[closed], *pairs])  # rest, each shape, both
    motion = torch.from_numpy(shapes_to_motion(weights))
    model = FlameModel(head.data, torch.float64)
    posed = model(motion[:, :EXPRESSION_SIZE], motion[:, EXPRESSION_SIZE:FACE_SIZE], torch.from_numpy(person)).numpy()
    posed -= (rest := posed[0].copy())
    deltas, both, together = np.split(posed[1:], [len(one), len(one) + 1])  # (53, V, 3), (1, V, 3), (C, V, 3)
    together -= deltas[drivers].sum(1)
    deltas[closed] = both[0] - deltas[opened]
    template, deltas = rest.astype(np.float32), deltas.astype(np.float32)
    correctives = Correctives(head.corrective_names, drivers, together.astype(np.float32))
    joints = model.joints.numpy() + np.tensordot(person, model.joint_basis[: len(person)].numpy(), 1)  # (5, 3)
    above = 1 - head.data.skin_weights[:, GLOBAL]  # the neck itself, and the jaw and the eyes that hang on it
    neck = Neck(joints[NECK], above.astype(np.float32))
    look = head.colours, head.parts
    return Rig("open head", template, head.data.faces, SHAPE_NAMES, deltas, *look, neck=neck, correctives=correctives)


def _corrective_shapes(head: OpenHead) -> np.ndarray:
    """(C, 2) places in ``SHAPE_NAMES`` of the shapes that drive the head's correctives."""
    names = (*EXPRESSION_NAMES, "jawOpen")
    return np.array([SHAPE_NAMES.index(name) for name in names])[head.data.corrective_drivers]
