"""FiLM: one scale and shift per sample and channel."""

from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from .._triton.later import triton_backend
from . import native, reference
from .cases import CASES


def _check(x: Tensor, scale: Tensor, shift: Tensor) -> None:
    batch, _, channels = check.first("film", "x", x, "BTC")
    check.like("film", "scale", scale, "(B, C)", (batch, channels), x)
    check.like("film", "shift", shift, "(B, C)", (batch, channels), x)


OP = KernelOp(
    "film",
    "(Tensor x, Tensor scale, Tensor shift) -> Tensor",
    reference=reference.film,
    fake=lambda x, scale, shift: x.new_empty(x.shape),
    check=_check,
    cases=CASES,
    backends=[native.CUDA_BACKEND, triton_backend("film"), native.CPU_BACKEND],
)


def film(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Modulate channels: x * (1 + scale) + shift.

    Args:
        x (Tensor): (B, T, C), float32, bfloat16, float16 or float64, any strides.
        scale (Tensor): (B, C), dtype of x.
        shift (Tensor): (B, C), dtype of x.

    Returns:
        Tensor: (B, T, C), dtype of x.

    Raises:
        ValueError, TypeError: for a wrong shape or device, or dtype.

    Source: Perez et al., FiLM (2018), in the residual form of DiT (Peebles and Xie 2023).
    """
    return OP(x, scale, shift)
