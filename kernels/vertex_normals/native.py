"""vertex_normals in C++."""

from __future__ import annotations

import torch
from torch import Tensor

from .._runtime.native import cpu_function, dense


def prepare(vertices: Tensor, faces: Tensor):
    """The outputs, allocated, and what the C++ and CUDA functions take."""
    normals = vertices.new_empty(vertices.shape)
    return normals, (dense(vertices), dense(faces), normals, vertices.dtype, *vertices.shape[:2], len(faces))


CPU_BACKEND = cpu_function("vertex_normals", prepare, torch.float32, torch.float64)
