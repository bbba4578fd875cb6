"""Attention output projection, its residual, and the residual FiLM after it."""

from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from .._triton.later import triton_backend
from . import native, reference
from .cases import CASES


def _check(
    a: Tensor, weight: Tensor, weight_bias: Tensor, x: Tensor, scale: Tensor, shift: Tensor
) -> None:
    batch, time, channels = check.first("oproj_residual_film", "a", a, "BTC")
    check.like("oproj_residual_film", "weight", weight, "(C, C)", (channels, channels), a)
    check.like("oproj_residual_film", "weight_bias", weight_bias, "(C,)", (channels,), a)
    check.like("oproj_residual_film", "x", x, "(B, T, C)", (batch, time, channels), a)
    check.like("oproj_residual_film", "scale", scale, "(B, C)", (batch, channels), a)
    check.like("oproj_residual_film", "shift", shift, "(B, C)", (batch, channels), a)


OP = KernelOp(
    "oproj_residual_film",
    "(Tensor a, Tensor weight, Tensor weight_bias, Tensor x, Tensor scale, Tensor shift) -> Tensor",
    reference=reference.oproj_residual_film,
    fake=lambda a, weight, weight_bias, x, scale, shift: x.new_empty(x.shape),
    check=_check,
    cases=CASES,
    backends=[native.CUDA_BACKEND, triton_backend("oproj_residual_film"), native.CPU_BACKEND],
)


def oproj_residual_film(
    a: Tensor, weight: Tensor, weight_bias: Tensor, x: Tensor, scale: Tensor, shift: Tensor
) -> Tensor:
    """y = x + a W^T + b, then y + FiLM(y) = y * (2 + scale) + shift.

    Args:
        a (Tensor): (B, T, C), attention output; float32, bfloat16, float16 or float64, any strides.
        weight (Tensor): (C, C), dtype of a.
        weight_bias (Tensor): (C,), dtype of a.
        x (Tensor): (B, T, C), residual stream, dtype of a.
        scale (Tensor): (B, C), dtype of a.
        shift (Tensor): (B, C), dtype of a.

    Returns:
        Tensor: (B, T, C), dtype of a.

    Raises:
        ValueError, TypeError: for a wrong shape or device, or dtype.
    """
    return OP(a, weight, weight_bias, x, scale, shift)
