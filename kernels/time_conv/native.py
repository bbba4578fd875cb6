"""time_conv in C++."""

from __future__ import annotations

from .._runtime.native import cpu_function, dense
from .._runtime.packed import PackedWeights, packed_matrices

_PACKED = PackedWeights(lambda weight: packed_matrices(weight.permute(0, 2, 1)[None]))  # (1, N, taps, C)


def prepare(x, weight, bias, dilation, gelu, gain, shift, residual, eps):
    """The outputs, allocated, and what the C++ and CUDA functions take."""
    batch, time, channels = x.shape
    width, _, taps = weight.shape
    out = x.new_empty((batch, time, width))
    dilation = min(dilation, max(time, 1))  # taps farther away hear zeros alone
    tensors = (dense(x), _PACKED.find((weight,)), *map(dense, (bias, gain, shift, residual)), out)
    return out, (*tensors, x.dtype, weight.dtype, batch, time, channels, width, taps, dilation, gelu, eps)


CPU_BACKEND = cpu_function("time_conv", prepare)
