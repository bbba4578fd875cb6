"""Layer norm and the linear map after it as plain PyTorch."""

import torch.nn.functional as F
from torch import Tensor


def ln_qkv(x: Tensor, gain: Tensor, bias: Tensor, weight: Tensor, weight_bias: Tensor, eps: float = 1e-5) -> Tensor:
    """Layer norm and one linear map: ``LN(x) W^T + b``.

    Args: x (B, T, C); gain, bias (C,) of the norm; weight (N, C); weight_bias (N,). Returns (B, T, N).
    Arguments are checked by :func:`emoface.kernels.ln_qkv`.
    """
    normed = F.layer_norm(x, x.shape[-1:], gain, bias, eps)  # (B, T, C)
    return F.linear(normed, weight, weight_bias)  # (B, T, N)
