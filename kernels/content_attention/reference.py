"""Content attention (queries from speech, keys and values from motion) as plain PyTorch."""

import torch
import torch.nn.functional as F
from torch import Tensor


def content_attention(
    query: Tensor, kv: Tensor, heads: int, slopes: Tensor, window: int = 0, lengths: Tensor | None = None
) -> Tensor:
    """``softmax(q k^T / sqrt(D) - slope |t - s|) v`` per head, queries from speech, keys and values from motion.

    Args: query (B, S, C); kv (B, T, 2 C); slopes (H,); window in frames, 0 for none; lengths (B,) valid keys, or None.
    Returns (B, S, C). Arguments are checked by :func:`emoface.kernels.content_attention`.
    """
    batch, speech, channels = query.shape
    motion = kv.shape[1]
    q = query.view(batch, speech, heads, channels // heads).transpose(1, 2)  # (B, H, S, D)
    k, v = kv.view(batch, motion, 2, heads, channels // heads).permute(2, 0, 3, 1, 4)  # each (B, H, T, D)
    row = torch.arange(speech, device=query.device)[:, None]
    column = torch.arange(motion, device=query.device)
    distance = (row - column).abs()  # (S, T)
    bias = (-slopes[:, None, None] * distance.to(query.dtype))[None]  # (1, H, S, T)
    if window:
        bias = bias.masked_fill(distance > window, float("-inf"))
    if lengths is not None:
        bias = bias.masked_fill(column >= lengths[:, None, None, None], float("-inf"))  # (B, H, S, T)
    out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)  # (B, H, S, D)
    return out.transpose(1, 2).reshape(batch, speech, channels)
