"""The whole sampling trajectory of a denoiser as plain PyTorch."""

import torch
import torch.nn.functional as F
from torch import Tensor

NORM_EPS = 1e-5


def _reader(flat: Tensor):
    """Hands out the tensor's values piece by piece, in the shape asked for."""
    place = 0

    def take(*shape: int) -> Tensor:
        nonlocal place
        begin, place = place, place + torch.Size(shape).numel()
        return flat[begin:place].view(shape)

    return take


def scaled(matrices: Tensor, vectors: Tensor, motion: int, channels: int, blocks: int, feed_forward: int) -> Tensor:
    """What int8 matrices stand for: each output's weights times its scale, from the end of the vectors."""
    block = [(3 * channels, channels), (channels, channels), (2 * channels, channels), (channels, channels)]
    block += [(feed_forward, channels), (channels, feed_forward)]
    shapes = [(channels, motion + 1), *block * blocks, (motion, channels)]
    inputs = torch.tensor([width for rows, width in shapes for _ in range(rows)], device=vectors.device)
    return matrices * vectors[-len(inputs) :].repeat_interleave(inputs)


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


def denoise_loop(
    start: Tensor, speech: Tensor, queries: Tensor, styles: Tensor, film: Tensor, table: Tensor, guidance: Tensor,
    matrices: Tensor, vectors: Tensor, contents: list[int], heads: int, feed_forward: int, window: int = 0,
    residual: float = 0.0, eps: float = 1e-5, known: Tensor | None = None, mask: Tensor | None = None,
    threads: int = 1,
) -> Tensor:  # fmt: skip
    """Run every step of a sampler: predict, guide and update, from start noise to motion.

    Args: start (R, T, M) and what :func:`emoface.kernels.denoise_loop` says of the others, which also checks them.
    Returns (R, T, M).
    """
    rows, time, motion = start.shape
    branches, tracks, blocks, _, channels = styles.shape
    if matrices.dtype == torch.int8:
        matrices = scaled(matrices, vectors, motion, channels, blocks, feed_forward)
    matrix, vector = _reader(matrices.to(start.dtype)), _reader(vectors)

    def attention_weights(columns: int):
        norm = vector(channels), vector(channels)
        project = matrix(columns, channels), vector(columns)
        return norm, project, (matrix(channels, channels), vector(channels)), vector(heads)

    enter = matrix(channels, motion + 1), vector(channels)
    weights = []
    for _ in range(blocks):
        near, far = attention_weights(3 * channels), attention_weights(2 * channels)
        norm = vector(channels), vector(channels)
        widen = matrix(feed_forward, channels), vector(feed_forward)
        weights.append((near, far, norm, widen, (matrix(channels, feed_forward), vector(channels))))
    last = vector(channels), vector(channels)
    leave = matrix(motion, channels), vector(motion)

    def normed(x: Tensor, norm: tuple[Tensor, Tensor]) -> Tensor:
        return F.layer_norm(x, (channels,), *norm, NORM_EPS)

    def residual_film(y: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        return y * (2 + scale) + shift

    speech_in = speech[contents].repeat_interleave(rows, 0)  # (N R, T, C)
    style = styles.repeat_interleave(rows // tracks, 1).flatten(0, 1)[:, :, :, None]  # (N R, L, 2, 1, C)
    frozen = None if mask is None or known is None else (mask[..., None], known)  # frames that are given
    flag = frozen[0].to(start.dtype) if frozen else start.new_zeros(rows, time, 1)

    def predict(x: Tensor, step: int) -> Tensor:
        hidden = F.linear(torch.cat([x, flag], -1).repeat(branches, 1, 1), *enter) + speech_in  # (N R, T, C)
        for block, (near, far, norm, widen, narrow) in enumerate(weights):
            rates = film[step, block]  # (3, 2, C)
            q, k, v = F.linear(normed(hidden, near[0]), *near[1]).chunk(3, -1)
            attended = _attention(q, k, v, near[3], 0)
            hidden = residual_film(hidden + F.linear(attended, *near[2]), *rates[0])
            k, v = F.linear(normed(hidden, far[0]), *far[1]).chunk(2, -1)
            q = queries[contents, block].repeat_interleave(rows, 0)  # (N R, T, C)
            attended = _attention(q, k, v, far[3], window)
            hidden = residual_film(hidden + F.linear(attended, *far[2]), *rates[1])
            wide = F.gelu(F.linear(normed(hidden, norm), *widen))  # (N R, T, F)
            hidden = hidden + F.linear(wide, *narrow)
            centred = hidden - hidden.mean(1, keepdim=True)
            variance = centred.square().mean(1, keepdim=True)
            styled = centred * torch.rsqrt(variance + eps) * (1 + style[:, block, 0]) + style[:, block, 1]
            hidden = (residual * hidden + styled) * (1 + rates[2, 0]) + rates[2, 1]
        return F.linear(normed(hidden, last), *leave).unflatten(0, (branches, rows))

    g_audio, g_emotion = guidance
    x = torch.where(*frozen, start) if frozen else start  # (R, T, M)
    x0_prev = torch.zeros_like(x)
    for step in range(table.shape[0]):
        p = predict(x, step)  # (N, R, T, M)
        x0 = p[0]
        if branches == 2:
            x0 = p[0] + g_emotion * (p[1] - p[0])
        elif branches == 3:
            x0 = p[0] + g_audio * (p[1] - p[0]) + g_emotion * (p[2] - p[1])
        c_x, c_0, c_prev, _, k_known, _ = table[step]
        x = c_x * x + c_0 * x0 + c_prev * x0_prev
        x = torch.where(frozen[0], k_known * frozen[1], x) if frozen else x
        x0_prev = x0
    return x
