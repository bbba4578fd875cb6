"""Second half of the feed-forward, its residual, the emotion's AdaIN and the last FiLM of a block."""

from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from .._triton.later import triton_backend
from . import native, reference
from .cases import CASES


def _check(
    h: Tensor, weight: Tensor, weight_bias: Tensor, x: Tensor, style_scale: Tensor, style_shift: Tensor,
    scale: Tensor, shift: Tensor, eps: float, residual: float,
) -> None:  # fmt: skip
    batch, time, width = check.first("ff_adain_film", "h", h, "BTF")
    channels = check.first("ff_adain_film", "x", x, "BTC")[2]
    check.like("ff_adain_film", "weight", weight, "(C, F)", (channels, width), h)
    check.like("ff_adain_film", "weight_bias", weight_bias, "(C,)", (channels,), h)
    check.like("ff_adain_film", "x", x, "(B, T, C)", (batch, time, channels), h)
    check.like("ff_adain_film", "style_scale", style_scale, "(B, C)", (batch, channels), h)
    check.like("ff_adain_film", "style_shift", style_shift, "(B, C)", (batch, channels), h)
    check.like("ff_adain_film", "scale", scale, "(B, C)", (batch, channels), h)
    check.like("ff_adain_film", "shift", shift, "(B, C)", (batch, channels), h)
    check.magnitude("ff_adain_film", "eps", eps)
    check.magnitude("ff_adain_film", "residual", residual)


OP = KernelOp(
    "ff_adain_film",
    "(Tensor h, Tensor weight, Tensor weight_bias, Tensor x, Tensor style_scale, Tensor style_shift, "
    "Tensor scale, Tensor shift, float eps, float residual) -> Tensor",
    reference=reference.ff_adain_film,
    fake=lambda h, weight, weight_bias, x, *_: x.new_empty(x.shape),
    check=_check,
    cases=CASES,
    backends=[native.CUDA_BACKEND, triton_backend("ff_adain_film"), native.CPU_BACKEND],
)


def ff_adain_film(
    h: Tensor, weight: Tensor, weight_bias: Tensor, x: Tensor, style_scale: Tensor, style_shift: Tensor,
    scale: Tensor, shift: Tensor, eps: float = 1e-5, residual: float = 0.0,
) -> Tensor:  # fmt: skip
    """y = x + h W^T + b, then FiLM(residual y + AdaIN(y; style_scale, style_shift); scale, shift).

    AdaIN normalises over time per sample and channel.

    Args:
        h (Tensor): (B, T, F), hidden activations; float32, bfloat16, float16 or float64, any strides.
        weight (Tensor): (C, F), dtype of h.
        weight_bias (Tensor): (C,), dtype of h.
        x (Tensor): (B, T, C), residual stream, dtype of h.
        style_scale (Tensor): (B, C), emotion scale, dtype of h.
        style_shift (Tensor): (B, C), emotion shift, dtype of h.
        scale (Tensor): (B, C), diffusion-time scale, dtype of h.
        shift (Tensor): (B, C), diffusion-time shift, dtype of h.
        eps (float): added to the variance over time.
        residual (float): 0 for AdaIN alone, 1 to keep the residual stream beside it.

    Returns:
        Tensor: (B, T, C), dtype of h.

    Raises:
        ValueError, TypeError: for a wrong shape or device, or dtype.
    """
    return OP(h, weight, weight_bias, x, style_scale, style_shift, scale, shift, eps, residual)
