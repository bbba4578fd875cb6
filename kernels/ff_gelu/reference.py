"""First half of the feed-forward as plain PyTorch."""

import torch.nn.functional as F
from torch import Tensor


def ff_gelu(x: Tensor, gain: Tensor, bias: Tensor, weight: Tensor, weight_bias: Tensor, eps: float = 1e-5) -> Tensor:
    normed = F.layer_norm(x, x.shape[-1:], gain, bias, eps)  # (B, T, C)
    return F.gelu(F.linear(normed, weight, weight_bias))  # (B, T, F)
