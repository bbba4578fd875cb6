"""How much of a light reaches each point."""

from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from . import native, reference
from .cases import CASES


def _check(points: Tensor, depth: Tensor, bias: float, softness: float) -> None:
    op = "shadow"
    shape = check.first(op, "points", points, "BVC")
    if shape[2] != 3:
        raise ValueError(f"{op}: points must be (B, V, 3), got {tuple(shape)}")
    size = tuple(depth.shape[1:]) if isinstance(depth, Tensor) and depth.dim() == 3 else (0, 0)
    check.like(op, "depth", depth, "(B, H, W)", (shape[0], *size), points)
    if 0 in size:
        raise ValueError(f"{op}: depth must be (B, H, W) with H and W at least 1, got {tuple(depth.shape)}")
    check.number(op, "bias", bias)
    check.magnitude(op, "softness", softness)
    if softness == 0:
        raise ValueError(f"{op}: softness must be greater than 0, got {softness}")


OP = KernelOp(
    "shadow",
    "(Tensor points, Tensor depth, float bias, float softness) -> Tensor",
    reference=reference.shadow,
    fake=lambda points, *_: points.new_empty(points.shape[:2]),
    check=_check,
    cases=CASES,
    backends=[native.CPU_BACKEND],
)


def shadow(points: Tensor, depth: Tensor, bias: float, softness: float) -> Tensor:
    """Look points up in depth maps drawn from lights: lit = sum of w clamp(1 - (d - z - bias) / softness).

    The sum goes over the 3 x 3 pixels d around a point; the weights w are those of the quadratic B-spline, so
    that the answer moves smoothly with the point.

    Args:
        points (Tensor): (B, V, 3) = x right and y down in pixels of the map, z greater when nearer to the light;
            float32, bfloat16, float16 or float64, any strides.
        depth (Tensor): (B, H, W), dtype of points, the z of what the light sees.
        bias (float): how far behind the map a point may lie and still be lit.
        softness (float): how much farther behind it is fully dark, greater than 0.

    Returns:
        Tensor: (B, V), dtype of points, 1 in the light, 0 in the shadow.

    Raises:
        ValueError, TypeError: for a wrong shape, value or device, or dtype.

    Source: percentage-closer filtering of Reeves, Salesin and Cook (1987).
    """
    return OP(points, depth, bias, softness)
