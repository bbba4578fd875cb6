"""film in C++."""

from __future__ import annotations

from .._native import cpu_function, dense


def prepare(x, scale, shift):
    out = x.new_empty(x.shape)
    return out, (*map(dense, (x, scale, shift)), out, x.dtype, *x.shape)


CPU_BACKEND = cpu_function("film", prepare)
