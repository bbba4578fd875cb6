"""oproj_residual_film in C++ and CUDA."""

from __future__ import annotations

from .._runtime.native import cpu_function, cuda_function, dense


def prepare(a, weight, weight_bias, x, scale, shift):
    """The outputs, allocated, and what the C++ and CUDA functions take."""
    out = a.new_empty(a.shape)
    return out, (*map(dense, (a, weight, weight_bias, x, scale, shift)), out, a.dtype, *a.shape)


CUDA_BACKEND = cuda_function("oproj_residual_film", prepare)
CPU_BACKEND = cpu_function("oproj_residual_film", prepare)
