"""content_attention in C++ and CUDA."""

from __future__ import annotations

from torch import Tensor

from .._native import attention_limits, cpu_function, cuda_function, dense


def prepare(query, kv, heads, slopes, window, lengths):
    batch, speech, channels = query.shape
    out = query.new_empty(query.shape)
    lengths = None if lengths is None else dense(lengths.long())
    sizes = (batch, speech, kv.shape[1], heads, channels // heads, window)
    return out, (*map(dense, (query, kv, slopes)), lengths, out, query.dtype, *sizes)


def limits(query: Tensor, kv: Tensor, heads: int, *_: object) -> str | None:
    """The shape class: why the CUDA kernels have no code for the heads, or None."""
    return attention_limits(query.shape[0] * heads, query.shape[2] // heads)


CUDA_BACKEND = cuda_function("content_attention", prepare, limits)
CPU_BACKEND = cpu_function("content_attention", prepare)
