"""Soft shadow from a depth map seen from the light, as plain PyTorch."""

import torch
from torch import Tensor


def _taps(x: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """The three pixels (B, V, 3) around a coordinate, those outside moved to the border, and their weights."""
    middle = (x - 0.5).round()
    f = (x - 0.5 - middle).unsqueeze(-1)  # (B, V, 1), -0.5..0.5
    weights = torch.cat([0.5 * (0.5 - f).square(), 0.75 - f.square(), 0.5 * (0.5 + f).square()], -1)
    pixels = middle.unsqueeze(-1) + torch.arange(-1, 2, device=x.device)
    return pixels.nan_to_num().clamp(0, size - 1).long(), weights


def shadow(points: Tensor, depth: Tensor, bias: float, softness: float) -> Tensor:
    """How much light reaches each point, from a depth map seen from the lamp, softened over three by three pixels.

    Args: points (B, V, 3) in the map's pixels; depth (B, H, W); bias and softness in units of depth. Returns (B, V) in
    0..1. Arguments are checked by :func:`emoface.kernels.shadow`.
    """
    dtype = points.dtype
    if dtype != torch.float64:
        points, depth = points.float(), depth.float()
    x, y, z = points.unbind(-1)  # (B, V) each
    _, height, width = depth.shape
    columns, across = _taps(x, width)
    rows, down = _taps(y, height)
    batch = torch.arange(len(depth), device=depth.device)[:, None, None, None]
    blocker = depth[batch, rows[..., :, None], columns[..., None, :]]  # (B, V, 3, 3)
    lit = (1 - (blocker - z[..., None, None] - bias) / softness).clamp(0, 1)
    return (lit * down[..., :, None] * across[..., None, :]).sum((-1, -2)).to(dtype)
