"""ff_gelu in C++ and CUDA."""

from __future__ import annotations

from .._runtime.native import cpu_function, cuda_function, dense


def prepare(x, gain, bias, weight, weight_bias, eps):
    """The outputs, allocated, and what the C++ and CUDA functions take."""
    batch, time, channels = x.shape
    out = x.new_empty((batch, time, len(weight)))
    tensors = map(dense, (x, gain, bias, weight, weight_bias))
    return out, (*tensors, out, x.dtype, batch * time, channels, len(weight), eps)


CUDA_BACKEND = cuda_function("ff_gelu", prepare)
CPU_BACKEND = cpu_function("ff_gelu", prepare)
