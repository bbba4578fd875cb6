"""Adaptive instance normalisation: normalise each channel over time, then restyle it."""

from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from .._triton.later import triton_backend
from . import native, reference
from .cases import CASES


def _check(x: Tensor, scale: Tensor, shift: Tensor, eps: float) -> None:
    batch, _, channels = check.first("adain", "x", x, "BTC")
    check.like("adain", "scale", scale, "(B, C)", (batch, channels), x)
    check.like("adain", "shift", shift, "(B, C)", (batch, channels), x)
    check.magnitude("adain", "eps", eps)


OP = KernelOp(
    "adain",
    "(Tensor x, Tensor scale, Tensor shift, float eps) -> Tensor",
    reference=reference.adain,
    fake=lambda x, scale, shift, eps: x.new_empty(x.shape),
    check=_check,
    cases=CASES,
    backends=[native.CUDA_BACKEND, triton_backend("adain"), native.CPU_BACKEND],
)


def adain(x: Tensor, scale: Tensor, shift: Tensor, eps: float = 1e-5) -> Tensor:
    """Normalise over time and restyle: (x - mean_t) / sqrt(var_t + eps) * (1 + scale) + shift, var_t biased.

    Args:
        x (Tensor): (B, T, C), float32, bfloat16, float16 or float64, any strides.
        scale (Tensor): (B, C), dtype of x.
        shift (Tensor): (B, C), dtype of x.
        eps (float): added to the variance.

    Returns:
        Tensor: (B, T, C), dtype of x.

    Raises:
        ValueError, TypeError: for a wrong shape or device, or dtype.

    Source: Huang and Belongie, AdaIN (2017), equation 8, with time in the place of space.
    """
    return OP(x, scale, shift, eps)
