"""Output projection, residual and FiLM as plain PyTorch."""

import torch.nn.functional as F
from torch import Tensor


def oproj_residual_film(
    a: Tensor, weight: Tensor, weight_bias: Tensor, x: Tensor, scale: Tensor, shift: Tensor
) -> Tensor:
    """The end of an attention: ``y = x + a W^T + b``, then ``y + y (1 + scale) + shift``.

    Args: a, x (B, T, C); weight (C, C); weight_bias (C,); scale, shift (B, C). Returns (B, T, C).
    Arguments are checked by :func:`emoface.kernels.oproj_residual_film`.
    """
    y = x + F.linear(a, weight, weight_bias)  # (B, T, C)
    return y * (2 + scale[:, None]) + shift[:, None]
