"""shade in C++."""

from __future__ import annotations

import torch
from torch import Tensor

from .._runtime.native import cpu_function, dense


def prepare(points: Tensor, surface: Tensor, faces: Tensor, face: Tensor, *rest: Tensor):
    """The outputs, allocated, and what the C++ and CUDA functions take."""
    lights, background = rest[0], rest[2]
    image = points.new_empty((len(points), *background.shape))
    sizes = (*points.shape[:2], len(faces), len(lights), *background.shape[:2], face.shape[1] // len(background))
    return image, (*map(dense, (points, surface, faces, face, *rest)), image, points.dtype, *sizes)


CPU_BACKEND = cpu_function("shade", prepare, torch.float32, torch.float64)
