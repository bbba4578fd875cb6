"""self_attention in C++ and CUDA."""

from __future__ import annotations

from torch import Tensor

from .._native import attention_limits, cpu_function, cuda_function, dense


def prepare(qkv, heads, slopes, lengths):
    batch, time, packed = qkv.shape
    out = qkv.new_empty((batch, time, packed // 3))
    lengths = None if lengths is None else dense(lengths.long())
    return out, (dense(qkv), dense(slopes), lengths, out, qkv.dtype, batch, time, heads, packed // 3 // heads)


def limits(qkv: Tensor, heads: int, *_: object) -> str | None:
    """The shape class: why the CUDA kernels have no code for the heads, or None."""
    return attention_limits(qkv.shape[0] * heads, qkv.shape[2] // 3 // heads)


CUDA_BACKEND = cuda_function("self_attention", prepare, limits)
CPU_BACKEND = cpu_function("self_attention", prepare)
