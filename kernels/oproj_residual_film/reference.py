"""Output projection, residual and FiLM as plain PyTorch."""

import torch.nn.functional as F
from torch import Tensor


def oproj_residual_film(
    a: Tensor, weight: Tensor, weight_bias: Tensor, x: Tensor, scale: Tensor, shift: Tensor
) -> Tensor:
    y = x + F.linear(a, weight, weight_bias)  # (B, T, C)
    return y * (2 + scale[:, None]) + shift[:, None]
