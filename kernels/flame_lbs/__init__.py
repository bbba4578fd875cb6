"""Vertices of a FLAME head: blend shapes, pose correctives and linear blend skinning over five joints."""

from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from .._triton.later import triton_backend
from . import native, reference
from .cases import CASES


def _check(
    expression: Tensor, pose: Tensor, translation: Tensor, template: Tensor, shape_basis: Tensor, pose_basis: Tensor,
    joints: Tensor, joint_basis: Tensor, skin_weights: Tensor,
) -> None:  # fmt: skip
    op = "flame_lbs"
    frames, width = check.first(op, "expression", expression, "TK")
    vertices = len(template) if isinstance(template, Tensor) and template.dim() else 0
    check.like(op, "pose", pose, "(T, 5, 3)", (frames, 5, 3), expression)
    check.like(op, "translation", translation, "(T, 3)", (frames, 3), expression)
    check.like(op, "template", template, "(V, 3)", (vertices, 3), expression)
    check.like(op, "shape_basis", shape_basis, "(K, V, 3)", (width, vertices, 3), expression)
    check.like(op, "pose_basis", pose_basis, "(36, V, 3)", (36, vertices, 3), expression)
    check.like(op, "joints", joints, "(5, 3)", (5, 3), expression)
    check.like(op, "joint_basis", joint_basis, "(K, 5, 3)", (width, 5, 3), expression)
    check.like(op, "skin_weights", skin_weights, "(V, 5)", (vertices, 5), expression)


OP = KernelOp(
    "flame_lbs",
    "(Tensor expression, Tensor pose, Tensor translation, Tensor template, Tensor shape_basis, Tensor pose_basis, "
    "Tensor joints, Tensor joint_basis, Tensor skin_weights) -> Tensor",
    reference=reference.flame_lbs,
    fake=lambda expression, pose, translation, template, *_: expression.new_empty((len(expression), *template.shape)),
    check=_check,
    cases=CASES,
    backends=[native.CUDA_BACKEND, triton_backend("flame_lbs"), native.CPU_BACKEND],
)


def flame_lbs(
    expression: Tensor, pose: Tensor, translation: Tensor, template: Tensor, shape_basis: Tensor, pose_basis: Tensor,
    joints: Tensor, joint_basis: Tensor, skin_weights: Tensor,
) -> Tensor:  # fmt: skip
    """Shape, pose and skin: out_v = sum_j w_vj G_j (x_v - r_j) + p_j, then the translation.

    With R_j the local rotations (Rodrigues), e the expression and c the 36 elements of R_j - I of joints 1 to 4:
        x = template + e shape_basis + c pose_basis        r = joints + e joint_basis
        G, p: rotations and places of the joints in the world, along global -> neck -> jaw, left eye, right eye

    Args:
        expression (Tensor): (T, K), float32, bfloat16, float16 or float64, any strides.
        pose (Tensor): (T, 5, 3), axis-angle in radians of global, neck, jaw, left and right eye.
        translation (Tensor): (T, 3), metres.
        template (Tensor): (V, 3), metres.
        shape_basis (Tensor): (K, V, 3), metres per unit.
        pose_basis (Tensor): (36, V, 3), metres per element of R - I, row by row.
        joints (Tensor): (5, 3), the template's joints.
        joint_basis (Tensor): (K, 5, 3), how a unit of each component moves the joints.
        skin_weights (Tensor): (V, 5), rows that add up to 1.

    Returns:
        Tensor: (T, V, 3), metres. Basis rows whose coefficients are all zero may be skipped, so a basis must be finite.

    Raises:
        ValueError, TypeError: for a wrong shape, device or dtype.

    Source: Li et al. 2017, "Learning a model of facial shape and expression from 4D scans", equations 2 to 7;
    skinning of SMPL (Loper et al. 2015).
    """
    return OP(
        expression, pose, translation, template, shape_basis, pose_basis, joints, joint_basis, skin_weights
    )  # fmt: skip
