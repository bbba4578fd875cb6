"""shade in C++."""

from __future__ import annotations

import torch
from torch import Tensor

from .._runtime.native import cpu_function, dense


def prepare(
    points: Tensor, surface: Tensor, faces: Tensor, face: Tensor, relief: Tensor, lights: Tensor, ambient: Tensor,
    background: Tensor, cutout: bool, threads: int,
):  # fmt: skip
    """The outputs, allocated, and what the C++ function takes."""
    height, width, channels = background.shape
    image = points.new_empty((len(points), height, width, channels + cutout))
    tensors = map(dense, (points, surface, faces, face, relief, lights, ambient, background))
    sizes = (*points.shape[:2], len(faces), *relief.shape[1:3], len(lights), height, width, face.shape[1] // height)
    return image, (*tensors, image, points.dtype, *sizes, cutout, threads)


CPU_BACKEND = cpu_function("shade", prepare, torch.float32, torch.float64)
