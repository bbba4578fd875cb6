"""content_attention in C++ and CUDA."""

from __future__ import annotations

from torch import Tensor

from .._native import cpu_function, cuda_function, dense

WIDEST = 256  # kMostWidth in csrc/include/emoface/content_attention.h
MOST_HEADS = 65535  # samples x heads that one grid reaches


def prepare(query, kv, heads, slopes, window, lengths):
    batch, speech, channels = query.shape
    out = query.new_empty(query.shape)
    lengths = None if lengths is None else dense(lengths.long())
    sizes = (batch, speech, kv.shape[1], heads, channels // heads, window)
    return out, (*map(dense, (query, kv, slopes)), lengths, out, query.dtype, *sizes)


def _cuda_why_not(query: Tensor, kv: Tensor, heads: int, *_: object) -> str | None:
    if (width := query.shape[2] // heads) > WIDEST:
        return f"heads of {width} channels (up to {WIDEST})"
    if query.shape[0] * heads > MOST_HEADS:
        return f"{query.shape[0] * heads} heads of all samples (up to {MOST_HEADS})"
    return None


def limits(query: Tensor, kv: Tensor, heads: int, *_: object) -> tuple[bool, bool]:
    """The shape class: whether the CUDA kernels reach heads this wide and this many."""
    return query.shape[2] // heads > WIDEST, query.shape[0] * heads > MOST_HEADS


CUDA_BACKEND = cuda_function("content_attention", prepare, _cuda_why_not)
CPU_BACKEND = cpu_function("content_attention", prepare)
