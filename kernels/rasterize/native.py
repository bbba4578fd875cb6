"""rasterize in C++."""

from __future__ import annotations

import torch
from torch import Tensor

from .._runtime.native import cpu_function


def prepare(points: Tensor, faces: Tensor, height: int, width: int, cull: bool, threads: int):
    """The outputs, allocated, and what the C++ function takes."""
    faces = faces.contiguous()
    batch, vertices, _ = points.shape
    depth = points.new_empty((batch, height, width))
    face = faces.new_empty((batch, height, width))
    sizes = (batch, vertices, len(faces), height, width, cull, threads)
    return (depth, face), (points, *points.stride(), faces, depth, face, points.dtype, *sizes)


CPU_BACKEND = cpu_function("rasterize", prepare, torch.float32, torch.float64)
