"""shade in C++."""

from __future__ import annotations

import torch
from torch import Tensor

from .. import _native
from .._native import address
from .._op import Backend


def _cpu(points: Tensor, surface: Tensor, faces: Tensor, face: Tensor, *rest: Tensor) -> Tensor:
    inputs = [tensor.contiguous() for tensor in (points, surface, faces, face, *rest)]
    lights, background = inputs[4], inputs[6]
    image = points.new_empty((len(points), *background.shape))
    assert _native.CPU is not None  # why_not looked
    _native.CPU.shade(
        *map(address, inputs), address(image), _native.DTYPES[points.dtype], *points.shape[:2], len(faces),
        len(lights), *background.shape[:2], face.shape[1] // len(background),
    )  # fmt: skip
    return image


CPU_BACKEND = Backend("cpu", _cpu, ("cpu",), _native.cpu_why_not(torch.float32, torch.float64))
