"""Second half of the feed-forward, its residual, AdaIN and FiLM as plain PyTorch."""

import torch
import torch.nn.functional as F
from torch import Tensor


def ff_adain_film(
    h: Tensor, weight: Tensor, weight_bias: Tensor, x: Tensor, style_scale: Tensor, style_shift: Tensor,
    scale: Tensor, shift: Tensor, eps: float = 1e-5, residual: float = 0.0,
) -> Tensor:  # fmt: skip
    """The end of a block: ``y = x + h W^T + b``, then ``(residual y + AdaIN(y)) (1 + scale) + shift``.

    Args: h (B, T, F); weight (C, F); weight_bias (C,); x (B, T, C); the four scales and shifts (B, C).
    Returns (B, T, C). Arguments are checked by :func:`emoface.kernels.ff_adain_film`.
    """
    y = x + F.linear(h, weight, weight_bias)  # (B, T, C)
    centred = y - y.mean(1, keepdim=True)
    variance = centred.square().mean(1, keepdim=True)  # (B, 1, C)
    styled = centred * torch.rsqrt(variance + eps) * (1 + style_scale[:, None]) + style_shift[:, None]
    return (residual * y + styled) * (1 + scale[:, None]) + shift[:, None]
