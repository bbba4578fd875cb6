"""FiLM as plain PyTorch."""

from torch import Tensor


def film(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Modulate channels: ``x (1 + scale) + shift``.

    Args: x (B, T, C); scale, shift (B, C). Returns (B, T, C). Arguments are checked by :func:`emoface.kernels.film`.
    """
    return x * (1 + scale[:, None]) + shift[:, None]  # (B, T, C)
