"""Which triangle is seen at every pixel, and how near it is."""

import torch
from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from . import native, reference
from .cases import CASES


def _fake(points: Tensor, faces: Tensor, height: int, width: int, cull: bool, threads: int) -> tuple[Tensor, Tensor]:
    shape = (len(points), height, width)
    return points.new_empty(shape), faces.new_empty(shape, dtype=torch.int32)


def _check(points: Tensor, faces: Tensor, height: int, width: int, cull: bool, threads: int) -> None:
    op = "rasterize"
    shape = check.first(op, "points", points, "BVC")
    if shape[2] != 3:
        raise ValueError(f"{op}: points must be (B, V, 3), got {tuple(shape)}")
    check.corners(op, "faces", faces, points.device)
    check.whole(op, "height", height, 1)
    check.whole(op, "width", width, 1)
    check.whole(op, "threads", threads, 1)


OP = KernelOp(
    "rasterize",
    "(Tensor points, Tensor faces, int height, int width, bool cull, int threads) -> (Tensor, Tensor)",
    reference=reference.rasterize,
    fake=_fake,
    check=_check,
    cases=CASES,
    backends=[native.CPU_BACKEND],
)


def rasterize(
    points: Tensor, faces: Tensor, height: int, width: int, cull: bool = False, threads: int = 1
) -> tuple[Tensor, Tensor]:
    """Draw triangles into a depth buffer: depth = max over the triangles at a pixel of (u z_a + v z_b + w z_c).

    Corners are rounded to 1/256 pixel and then compared exactly, so that triangles which share an edge leave
    no gap. A pixel belongs to a triangle when its centre, at half-integers, lies inside or on the edge; depths
    are ordered as float32 and the first of equal triangles wins. The gradient of the depth goes to z alone.

    Args:
        points (Tensor): (B, V, 3) = x right and y down in pixels, z greater when nearer; float32, bfloat16,
            float16 or float64, any strides. Only z > 0 is seen.
        faces (Tensor): (F, 3), int32, corner indices, at least one triangle.
        height (int): H of the image. width (int): W of the image.
        cull (bool): leave out triangles whose corners run clockwise as seen.
        threads (int): parts of the images drawn at a time. The values do not depend on it.

    Returns:
        tuple[Tensor, Tensor]: depth (B, H, W), dtype of points, 0 where nothing is; triangle (B, H, W), int32,
        -1 where nothing is.

    Raises:
        ValueError, TypeError: for a wrong shape, value or device, or dtype. IndexError: a corner beyond V.

    Source: edge functions of Pineda (1988); visibility buffer of Burns and Hunt (2013).
    """
    return OP(points, faces, height, width, cull, threads)
