"""self_attention in C++."""

from __future__ import annotations

from .._native import cpu_function, dense


def prepare(qkv, heads, slopes, lengths):
    batch, time, packed = qkv.shape
    out = qkv.new_empty((batch, time, packed // 3))
    lengths = None if lengths is None else dense(lengths.long())
    return out, (dense(qkv), dense(slopes), lengths, out, qkv.dtype, batch, time, heads, packed // 3 // heads)


CPU_BACKEND = cpu_function("self_attention", prepare)
