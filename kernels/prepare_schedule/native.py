"""prepare_schedule in C++."""

from __future__ import annotations

from .._runtime.native import cpu_function, dense
from .._runtime.packed import PackedWeights, packed_matrices

_PACKED = PackedWeights(lambda *weights: [packed_matrices(weight) for weight in weights])


def prepare(times, *weights):
    """The outputs, allocated, and what the C++ and CUDA functions take."""
    matrices, biases = weights[::2], weights[1::2]
    channels, features = matrices[0].shape
    out = times.new_empty((len(times), len(biases[2]), 3, 2, channels))
    tensors = (*map(dense, (times, *biases)), *_PACKED.find(matrices), out)
    return out, (*tensors, times.dtype, len(times), features // 2, channels, len(biases[2]))


CPU_BACKEND = cpu_function("prepare_schedule", prepare)
