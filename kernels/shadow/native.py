"""shadow in C++."""

from __future__ import annotations

import torch
from torch import Tensor

from .._runtime.native import cpu_function, dense


def prepare(points: Tensor, depth: Tensor, bias: float, softness: float):
    """The outputs, allocated, and what the C++ and CUDA functions take."""
    lit = points.new_empty(points.shape[:2])
    sizes = (*lit.shape, *depth.shape[1:], bias, softness)
    return lit, (points, *points.stride(), dense(depth), lit, points.dtype, *sizes)


CPU_BACKEND = cpu_function("shadow", prepare, torch.float32, torch.float64)
