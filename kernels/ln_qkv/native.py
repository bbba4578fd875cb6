"""ln_qkv in C++."""

from __future__ import annotations

from torch import Tensor

from .._native import DTYPES, cpu_backend, dense, run_cpu


def _cpu(x, gain, bias, weight, weight_bias, eps) -> Tensor:
    batch, time, channels = x.shape
    width = weight.shape[0]
    out = x.new_empty((batch, time, width))
    tensors = (*map(dense, (x, gain, bias, weight, weight_bias)), out)
    run_cpu("ln_qkv", tensors, DTYPES[x.dtype], batch * time, channels, width, eps)
    return out


CPU_BACKEND = cpu_backend(_cpu)
