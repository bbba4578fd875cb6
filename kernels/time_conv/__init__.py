"""Convolution over time, with the norm and activations around it and its residual."""

import torch
from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from . import native, reference
from .cases import CASES


def _check(
    x: Tensor, weight: Tensor, bias: Tensor, dilation: int, gelu: bool, gain: Tensor | None,
    shift: Tensor | None, residual: Tensor | None, eps: float,
) -> None:  # fmt: skip
    op = "time_conv"
    batch, time, channels = check.first(op, "x", x, "BTC")
    width, _, taps = check.first(op, "weight", weight, "NCK")
    kinds = (x.dtype, torch.bfloat16) if x.dtype == torch.float32 else (x.dtype,)
    check.typed(op, "weight", weight, "(N, C, taps)", (width, channels, taps), kinds, x.device)
    check.like(op, "bias", bias, "(N,)", (width,), x)
    if taps % 2 == 0:
        raise ValueError(f"{op}: weight must have an odd number of taps, got {taps}")
    check.whole(op, "dilation", dilation, 1)
    check.magnitude(op, "eps", eps)
    if (gain is None) != (shift is None):
        raise ValueError(f"{op}: gain and shift must be given together, got one of them")
    if gain is not None and shift is not None:
        check.like(op, "gain", gain, "(C,)", (channels,), x)
        check.like(op, "shift", shift, "(C,)", (channels,), x)
    if residual is not None:
        check.like(op, "residual", residual, "(B, T, N)", (batch, time, width), x)


OP = KernelOp(
    "time_conv",
    "(Tensor x, Tensor weight, Tensor bias, int dilation, bool gelu, Tensor? gain, Tensor? shift, Tensor? residual, "
    "float eps) -> Tensor",
    reference=reference.time_conv,
    fake=lambda x, weight, *_: x.new_empty((*x.shape[:2], weight.shape[0])),
    check=_check,
    cases=CASES,
    backends=[native.CPU_BACKEND],
)


def time_conv(
    x: Tensor, weight: Tensor, bias: Tensor, dilation: int = 1, gelu: bool = False, gain: Tensor | None = None,
    shift: Tensor | None = None, residual: Tensor | None = None, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """y_t = b + sum_j W_j u_{t + (j - reach) dilation}, then GELU where asked for, then + residual.

    u is x, or GELU(LayerNorm(x)) where gain and shift are given; frames beyond the ends are zero; W has
    2 reach + 1 taps.

    Args:
        x (Tensor): (B, T, C), float32, bfloat16, float16 or float64, any strides.
        weight (Tensor): (N, C, taps), taps odd, dtype of x; or bfloat16 beside a float32 x: products may then round
            their left operands to bfloat16 too, all else stays float32.
        bias (Tensor): (N,), dtype of x.
        dilation (int): frames from tap to tap.
        gelu (bool): exact GELU after the convolution.
        gain (Tensor, optional): (C,), layer norm gain, dtype of x.
        shift (Tensor, optional): (C,), layer norm bias, dtype of x; given with gain.
        residual (Tensor, optional): (B, T, N), dtype of x.
        eps (float): added to the variance of the layer norm.

    Returns:
        Tensor: (B, T, N), dtype of x.

    Raises:
        ValueError, TypeError: for a wrong shape, value or device, or dtype.
    """
    return OP(x, weight, bias, dilation, gelu, gain, shift, residual, eps)
