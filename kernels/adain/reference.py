"""Adaptive instance normalisation over time as plain PyTorch."""

import torch
from torch import Tensor


def adain(x: Tensor, scale: Tensor, shift: Tensor, eps: float = 1e-5) -> Tensor:
    """Normalise each channel over time, then scale and shift it: ``(x - mean) / sqrt(var + eps) (1 + scale) + shift``.

    Args: x (B, T, C); scale, shift (B, C). Returns (B, T, C). Arguments are checked by :func:`emoface.kernels.adain`.
    """
    centred = x - x.mean(1, keepdim=True)  # (B, T, C)
    variance = centred.square().mean(1, keepdim=True)  # (B, 1, C)
    return centred * torch.rsqrt(variance + eps) * (1 + scale[:, None]) + shift[:, None]
