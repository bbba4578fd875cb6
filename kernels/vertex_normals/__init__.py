"""Smooth normals of a moving triangle mesh."""

from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from . import native, reference
from .cases import CASES


def _check(vertices: Tensor, faces: Tensor) -> None:
    op = "vertex_normals"
    shape = check.first(op, "vertices", vertices, "BVC")
    if shape[2] != 3:
        raise ValueError(f"{op}: vertices must be (B, V, 3), got {tuple(shape)}")
    check.corners(op, "faces", faces, vertices.device)


OP = KernelOp(
    "vertex_normals",
    "(Tensor vertices, Tensor faces) -> Tensor",
    reference=reference.vertex_normals,
    fake=lambda vertices, faces: vertices.new_empty(vertices.shape),
    check=_check,
    cases=CASES,
    backends=[native.CPU_BACKEND],
)


def vertex_normals(vertices: Tensor, faces: Tensor) -> Tensor:
    """Mean normal of the triangles around each vertex, weighted by area: n_v ~ sum over f of (b - a) x (c - a).

    Args:
        vertices (Tensor): (B, V, 3), float32, bfloat16, float16 or float64, any strides.
        faces (Tensor): (F, 3), int32, counter-clockwise seen from outside, at least one.

    Returns:
        Tensor: (B, V, 3), dtype of vertices, of length one; zero where the triangles cancel out or are none.

    Raises:
        ValueError, TypeError: for a wrong shape or device, or dtype. IndexError: a corner beyond V.

    Source: Gouraud (1971), with the area weights that the cross product brings.
    """
    return OP(vertices, faces)
