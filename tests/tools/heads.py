"""Heads for tests."""

from __future__ import annotations

from dataclasses import replace

from emoface.face.flame import FlameData
from emoface.face.look import BEARD
from emoface.face.open_head import open_head


def beardless_head() -> FlameData:
    """The open head as somebody else's model: without the beard, whose hairs lie on no other model's skin."""
    data = open_head().data
    start = next(part for part in open_head().parts if part.name == BEARD)
    rows = slice(start.vertices[0])
    bases = ("identity_basis", "expression_basis", "pose_basis", "corrective_basis")
    return replace(
        data, template=data.template[rows], faces=data.faces[: start.faces[0]], skin_weights=data.skin_weights[rows],
        joint_regressor=data.joint_regressor[:, rows], **{name: getattr(data, name)[:, rows] for name in bases},
    )  # fmt: skip
