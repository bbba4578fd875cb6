"""What a step of denoise_loop launches in CUDA (denoise_loop/trajectory.py), by the names of the Triton modules.

Tensors are dense unless said; a pair of a tensor and its dtype is a `Mixed` of csrc/include/emoface/cuda/mixed.h.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from . import native

ABSENT = (None, torch.float32)
NO_FILM = (ABSENT, ABSENT, 1, 0, 0, None)


def _run(name: str, lead: Tensor, *passed: Any) -> None:
    overlap = native.OVERLAP.get() and native.can_overlap(lead.device)
    native.run_cuda(name, lead.device, *passed, overlap=overlap)


def _mixed(tensor: Tensor) -> tuple[Tensor, torch.dtype]:
    return tensor, tensor.dtype


def _modulation(scale: Tensor, shift: Tensor, samples: int, step: Tensor | None) -> tuple[Any, ...]:
    """Scale and shift (B / samples, C), or with a step counter (steps, C) for all samples."""
    stride = scale.stride(0)
    return (_mixed(scale), _mixed(shift), samples, *((stride, 0) if step is None else (0, stride)), step)


def _linear(a, weight, weight_bias, out, norm=(ABSENT, ABSENT), x=ABSENT, film=NO_FILM, time=1, gelu=False, eps=0.0):
    width, depth = weight.shape
    _run("linear", a, _mixed(a), *norm, weight, _mixed(weight_bias), x, film, _mixed(out), weight.dtype,
         a.numel() // depth, width, depth, time, gelu, eps)  # fmt: skip


def linear(
    a: Tensor, weight: Tensor, weight_bias: Tensor, out: Tensor, norm: tuple[Tensor, Tensor, float], gelu: bool = False
) -> None:
    """out (..., N) = LN(a) W^T + b for a (..., K), W (N, K), norm = (gain, bias, eps); GELU of it if asked."""
    _linear(a, weight, weight_bias, out, (_mixed(norm[0]), _mixed(norm[1])), gelu=gelu, eps=norm[2])


def linear_residual_film(
    a: Tensor, weight: Tensor, weight_bias: Tensor, x: Tensor, scale: Tensor, shift: Tensor, out: Tensor,
    step: Tensor | None = None,
) -> None:  # fmt: skip
    """out = y (2 + scale) + shift, y = x + a W^T + b, for a (B, T, K) and x, out (B, T, N).

    scale and shift are (B, N), or with a `step` counter (1,) in memory of the device (steps, N), one for all samples.
    """
    film = _modulation(scale, shift, 1, step)
    _linear(a, weight, weight_bias, out, x=_mixed(x), film=film, time=a.shape[1])


def attend(
    query: Tensor, key: Tensor, value: Tensor, heads: int, slopes: Tensor, out: Tensor, window: int = 0,
    lengths: Tensor | None = None, samples: int = 1,
) -> None:  # fmt: skip
    """Attention of query (B / samples, S, C), each for `samples` rows, over key and value (B, T, C) into out (B, S, C).

    The last stride of all tensors is 1; key and value share theirs.
    """
    (batch, queries, channels), keys = out.shape, key.shape[1]
    _run("attention", query, query, key, value, _mixed(slopes), lengths, out, out.dtype, batch, queries, keys, heads,
         channels // heads, window, samples, *query.stride()[:2], *key.stride()[:2])  # fmt: skip


def ff_adain_film(
    h: Tensor, weight: Tensor, weight_bias: Tensor, x: Tensor, style: tuple[Tensor, Tensor],
    film: tuple[Tensor, Tensor], out: Tensor, eps: float, residual: float, samples: int = 1,
    step: Tensor | None = None, lengths: Tensor | None = None,
) -> None:  # fmt: skip
    """FiLM(residual y + AdaIN(y; style); film) with y = x + h W^T + b, for h (B, T, F) and float32 x, out (B, T, C).

    style: scale and shift (B / samples, C), each for `samples` rows of the batch. film: scale and shift (B, C), or
    with a `step` counter (1,) in memory of the device (steps, C), one for all samples. lengths: (B,) valid frames, the
    others are left out of the statistics.
    """
    after = (_mixed(x), _modulation(*style, samples, None), _modulation(*film, 1, step), lengths, _mixed(out),
             weight.dtype, *x.shape, eps, residual)  # fmt: skip
    _run("linear_restyle", h, h, weight, _mixed(weight_bias), after, _mixed(out), h.shape[2])


def enter(x: Tensor, mask: Tensor, weight: Tensor, bias: Tensor, speech: Tensor, step: Tensor, out: Tensor) -> None:
    """out (N R, T, C) = [x, mask] W^T + b + speech for x (R, T, M) and speech (N, T, C); adds 1 to the step."""
    (rows, time, motion), channels = x.shape, out.shape[2]
    _run("denoise_enter", x, x, mask, weight, _mixed(bias), speech, step, out, weight.dtype, rows, time, motion,
         channels, len(speech))  # fmt: skip


def step(
    prediction: Tensor, guidance: Tensor, table: Tensor, count: Tensor, x: Tensor, x0_prev: Tensor, known: Tensor,
    mask: Tensor, share: Tensor, noise: Tensor | None,
) -> None:  # fmt: skip
    """Guidance (2, T, M) of prediction (N R, T, M) and the sampler's update of x (R, T, M), x0_prev in place.

    noise: (steps, R, T, M), or None where the table asks for none.
    """
    _run("denoise_step", x, prediction, guidance, table, count, x, x0_prev, known, mask, share, noise, x.numel(),
         x[0].numel(), x.shape[2], len(prediction) // len(x))  # fmt: skip
