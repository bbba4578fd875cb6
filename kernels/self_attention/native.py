"""self_attention in C++ and CUDA."""

from __future__ import annotations

from torch import Tensor

from .._runtime.heads import cuda_refusal
from .._runtime.native import cpu_function, cuda_function, dense


def prepare(qkv, heads, slopes, lengths):
    """The outputs, allocated, and what the C++ and CUDA functions take."""
    batch, time, packed = qkv.shape
    out = qkv.new_empty((batch, time, packed // 3))
    lengths = None if lengths is None else dense(lengths.long())
    return out, (dense(qkv), dense(slopes), lengths, out, qkv.dtype, batch, time, heads, packed // 3 // heads)


def heads_of(qkv: Tensor, heads: int, *_: object) -> tuple[int, int]:
    """The number of heads of all samples, and their channels."""
    return qkv.shape[0] * heads, qkv.shape[2] // 3 // heads


CUDA_BACKEND = cuda_function("self_attention", prepare, lambda *args: cuda_refusal(*heads_of(*args)))
CPU_BACKEND = cpu_function("self_attention", prepare)
