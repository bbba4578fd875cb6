"""oproj_residual_film in C++."""

from __future__ import annotations

from torch import Tensor

from .._native import DTYPES, cpu_backend, dense, run_cpu


def _cpu(a, weight, weight_bias, x, scale, shift) -> Tensor:
    out = a.new_empty(a.shape)
    tensors = (*map(dense, (a, weight, weight_bias, x, scale, shift)), out)
    run_cpu("oproj_residual_film", tensors, DTYPES[a.dtype], *a.shape)
    return out


CPU_BACKEND = cpu_backend(_cpu)
