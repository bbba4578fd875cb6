"""Convolution over time with what goes before and after it, as plain PyTorch."""

import torch.nn.functional as F
from torch import Tensor


def time_conv(
    x: Tensor, weight: Tensor, bias: Tensor, dilation: int = 1, gelu: bool = False, gain: Tensor | None = None,
    shift: Tensor | None = None, residual: Tensor | None = None, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """A convolution over time, with an optional norm and GELU before it, GELU after it, and a residual.

    Args: x (B, T, C); weight (N, C, taps); bias (N,); gain, shift (C,) of the norm or None; residual (B, T, N) or None.
    Returns (B, T, N). Arguments are checked by :func:`emoface.kernels.time_conv`.
    """
    weight = weight.to(x.dtype)
    if gain is not None:
        x = F.gelu(F.layer_norm(x, x.shape[-1:], gain, shift, eps))  # (B, T, C)
    if x.numel() == 0:
        y = F.linear(x, weight.sum(2), bias)
    else:
        dilation = min(dilation, x.shape[1])  # taps farther away hear zeros alone
        y = F.conv1d(x.mT, weight, bias, padding=weight.shape[2] // 2 * dilation, dilation=dilation).mT  # (B, T, N)
    y = F.gelu(y) if gelu else y
    return y if residual is None else y + residual
