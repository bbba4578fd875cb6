"""The whole sampling trajectory of a denoiser as plain PyTorch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .weights import NORM_EPS, Linear, Norm, read, scaled


def _attention(q: Tensor, k: Tensor, v: Tensor, slopes: Tensor, window: int) -> Tensor:
    batch, time, channels = q.shape
    heads = slopes.shape[0]
    q, k, v = (x.view(batch, time, heads, channels // heads).transpose(1, 2) for x in (q, k, v))  # (B, H, T, D)
    frame = torch.arange(time, device=q.device)
    distance = (frame[:, None] - frame).abs()  # (T, T)
    bias = (-slopes[:, None, None] * distance.to(q.dtype))[None]  # (1, H, T, T)
    if window:
        bias = bias.masked_fill(distance > window, float("-inf"))
    out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)  # (B, H, T, D)
    return out.transpose(1, 2).reshape(batch, time, channels)


def by_track(contents: list[int], branches: int, tracks: int) -> Tensor:
    """Which speech each track hears in each branch, (N, tracks); one number may tell it of all tracks of a branch."""
    return torch.tensor(contents).view(branches, -1).expand(-1, tracks)


def denoise_loop(
    start: Tensor, speech: Tensor, queries: Tensor, styles: Tensor, film: Tensor, table: Tensor, guidance: Tensor,
    matrices: Tensor, vectors: Tensor, contents: list[int], heads: int, feed_forward: int, window: int = 0,
    residual: float = 0.0, eps: float = 1e-5, noise: Tensor | None = None, known: Tensor | None = None,
    mask: Tensor | None = None, threads: int = 1, share: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Run every step of a sampler: predict, guide and update, from start noise to motion.

    Args: start (R, T, M) and what :func:`emoface.kernels.denoise_loop` says of the others, which also checks them.
    Returns (R, T, M).
    """
    rows, time, motion = start.shape
    branches, tracks, blocks, _, channels = styles.shape
    sizes = (motion, channels, heads, blocks, feed_forward)
    if matrices.dtype == torch.int8:
        matrices = scaled(matrices, vectors, *sizes)
    network = read(matrices.to(start.dtype), vectors, *sizes)

    def normed(x: Tensor, norm: Norm[Tensor]) -> Tensor:
        return F.layer_norm(x, (channels,), norm.gain, norm.bias, NORM_EPS)

    def linear(x: Tensor, part: Linear[Tensor]) -> Tensor:
        return F.linear(x, part.weight, part.bias)

    def residual_film(y: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        return y * (2 + scale) + shift

    heard = by_track(contents, branches, tracks).repeat_interleave(rows // tracks, 1).flatten()  # (N R,)
    speech_in = speech[heard]  # (N R, T, C)
    style = styles.repeat_interleave(rows // tracks, 1).flatten(0, 1)[:, :, :, None]  # (N R, L, 2, 1, C)
    frozen = None if mask is None or known is None else (mask[..., None], known)  # frames that are given
    flag = frozen[0].to(start.dtype) if frozen else start.new_zeros(rows, time, 1)

    def predict(x: Tensor, step: int) -> Tensor:
        hidden = linear(torch.cat([x, flag], -1).repeat(branches, 1, 1), network.enter) + speech_in  # (N R, T, C)
        for place, block in enumerate(network.blocks):
            rates, near, far = film[step, place], block.attention, block.content  # (3, 2, C)
            q, k, v = linear(normed(hidden, near.norm), near.project).chunk(3, -1)
            attended = _attention(q, k, v, near.slopes, 0)
            hidden = residual_film(hidden + linear(attended, near.out), *rates[0])
            k, v = linear(normed(hidden, far.norm), far.project).chunk(2, -1)
            q = queries[heard, place]  # (N R, T, C)
            attended = _attention(q, k, v, far.slopes, window)
            hidden = residual_film(hidden + linear(attended, far.out), *rates[1])
            wide = F.gelu(linear(normed(hidden, block.norm), block.widen))  # (N R, T, F)
            hidden = hidden + linear(wide, block.narrow)
            centred = hidden - hidden.mean(1, keepdim=True)
            variance = centred.square().mean(1, keepdim=True)
            styled = centred * torch.rsqrt(variance + eps) * (1 + style[:, place, 0]) + style[:, place, 1]
            hidden = (residual * hidden + styled) * (1 + rates[2, 0]) + rates[2, 1]
        return linear(normed(hidden, network.norm), network.leave).unflatten(0, (branches, rows))

    g_audio, g_emotion = guidance if guidance.dim() == 1 else guidance.to(start.dtype)  # each () or (T, M)
    x = torch.where(*frozen, start) if frozen else start  # (R, T, M)
    x0_prev = torch.zeros_like(x)
    for step in range(table.shape[0]):
        p = predict(x, step)  # (N, R, T, M)
        x0 = p[0]
        if branches == 2:
            x0 = p[0] + g_emotion * (p[1] - p[0])
        elif branches == 3:
            x0 = p[0] + g_audio * (p[1] - p[0]) + g_emotion * (p[2] - p[1])
        if share is not None and known is not None:
            x0 = (1 - share) * x0 + share * known
        c_x, c_0, c_prev, c_noise, k_known, k_noise = table[step]
        x = c_x * x + c_0 * x0 + c_prev * x0_prev
        given = k_known * frozen[1] if frozen else x
        if noise is not None:
            x, given = x + c_noise * noise[step], given + k_noise * noise[step]
        x = torch.where(frozen[0], given, x) if frozen else x
        x0_prev = x0
    return x
