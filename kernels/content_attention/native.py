"""content_attention in C++."""

from __future__ import annotations

from torch import Tensor

from .._native import DTYPES, cpu_backend, dense, run_cpu


def _cpu(query, kv, heads, slopes, window, lengths) -> Tensor:
    batch, speech, channels = query.shape
    out = query.new_empty(query.shape)
    lengths = None if lengths is None else dense(lengths.long())
    sizes = (batch, speech, kv.shape[1], heads, channels // heads, window)
    run_cpu("content_attention", (*map(dense, (query, kv, slopes)), lengths, out), DTYPES[query.dtype], *sizes)
    return out


CPU_BACKEND = cpu_backend(_cpu)
