"""FiLM as plain PyTorch."""

from torch import Tensor


def film(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    return x * (1 + scale[:, None]) + shift[:, None]  # (B, T, C)
