"""First half of the feed-forward as plain PyTorch."""

import torch.nn.functional as F
from torch import Tensor


def ff_gelu(x: Tensor, gain: Tensor, bias: Tensor, weight: Tensor, weight_bias: Tensor, eps: float = 1e-5) -> Tensor:
    """The first half of a feed-forward network: ``GELU(LN(x) W^T + b)``.

    Args: x (B, T, C); gain, bias (C,) of the norm; weight (F, C); weight_bias (F,). Returns (B, T, F).
    Arguments are checked by :func:`emoface.kernels.ff_gelu`.
    """
    normed = F.layer_norm(x, x.shape[-1:], gain, bias, eps)  # (B, T, C)
    return F.gelu(F.linear(normed, weight, weight_bias))  # (B, T, F)
