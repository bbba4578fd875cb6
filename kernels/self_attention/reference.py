"""Self-attention with a linear distance bias as plain PyTorch."""

import torch
import torch.nn.functional as F
from torch import Tensor


def self_attention(qkv: Tensor, heads: int, slopes: Tensor, lengths: Tensor | None = None) -> Tensor:
    """``softmax(q k^T / sqrt(D) - slope |t - s|) v`` per head, within one sequence.

    Args: qkv (B, T, 3 C); slopes (H,); lengths (B,) of valid frames, or None. Returns (B, T, C). Arguments are
    checked by :func:`emoface.kernels.self_attention`.
    """
    batch, time, width = qkv.shape
    q, k, v = qkv.view(batch, time, 3, heads, width // 3 // heads).permute(2, 0, 3, 1, 4)  # each (B, H, T, D)
    frame = torch.arange(time, device=qkv.device)
    distance = (frame[:, None] - frame).abs().to(qkv.dtype)  # (T, T)
    bias = (-slopes[:, None, None] * distance)[None]  # (1, H, T, T)
    if lengths is not None:
        bias = bias.masked_fill(frame >= lengths[:, None, None, None], float("-inf"))  # (B, H, T, T)
    out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)  # (B, H, T, D)
    return out.transpose(1, 2).reshape(batch, time, width // 3)
