"""content_attention in C++ and CUDA."""

from __future__ import annotations

from torch import Tensor

from .._runtime.heads import cuda_refusal
from .._runtime.native import cpu_function, cuda_function, dense


def prepare(query, kv, heads, slopes, window, lengths):
    """The outputs, allocated, and what the C++ and CUDA functions take."""
    batch, speech, channels = query.shape
    out = query.new_empty(query.shape)
    lengths = None if lengths is None else dense(lengths.long())
    sizes = (batch, speech, kv.shape[1], heads, channels // heads, window)
    return out, (*map(dense, (query, kv, slopes)), lengths, out, query.dtype, *sizes)


def heads_of(query: Tensor, kv: Tensor, heads: int, *_: object) -> tuple[int, int]:
    """The number of heads of all samples, and their channels."""
    return query.shape[0] * heads, query.shape[2] // heads


CUDA_BACKEND = cuda_function("content_attention", prepare, lambda *args: cuda_refusal(*heads_of(*args)))
CPU_BACKEND = cpu_function("content_attention", prepare)
