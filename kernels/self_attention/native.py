"""self_attention in C++."""

from __future__ import annotations

from torch import Tensor

from .._native import DTYPES, cpu_backend, dense, run_cpu


def _cpu(qkv, heads, slopes, lengths) -> Tensor:
    batch, time, packed = qkv.shape
    out = qkv.new_empty((batch, time, packed // 3))
    lengths = None if lengths is None else dense(lengths.long())
    width = packed // 3 // heads
    run_cpu("self_attention", (dense(qkv), dense(slopes), lengths, out), DTYPES[qkv.dtype], batch, time, heads, width)
    return out


CPU_BACKEND = cpu_backend(_cpu)
