"""flame_lbs in C++ and CUDA."""

from __future__ import annotations

import torch

from .._runtime.native import cpu_function, cuda_function, dense


def prepare(expression, pose, translation, template, *rest):
    """The outputs, allocated, and what the C++ and CUDA functions take."""
    (frames, shapes), vertices = expression.shape, len(template)
    out = expression.new_empty((frames, vertices, 3))
    tensors = map(dense, (expression, pose, translation, template, *rest))
    return out, (*tensors, out, expression.dtype, frames, shapes, vertices)


CUDA_BACKEND = cuda_function("flame_lbs", prepare)
CPU_BACKEND = cpu_function("flame_lbs", prepare, torch.float32, torch.bfloat16, torch.float64)
