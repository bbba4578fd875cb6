"""rasterize in C++."""

from __future__ import annotations

import torch
from torch import Tensor

from .. import _native
from .._native import address
from .._op import Backend


def _cpu(points: Tensor, faces: Tensor, height: int, width: int, cull: bool) -> tuple[Tensor, Tensor]:
    faces = faces.contiguous()
    batch, vertices, _ = points.shape
    depth = points.new_empty((batch, height, width))
    face = faces.new_empty((batch, height, width))
    assert _native.CPU is not None  # why_not looked
    _native.CPU.rasterize(
        address(points), points.stride(), address(faces), address(depth), address(face),
        _native.DTYPES[points.dtype], batch, vertices, len(faces), height, width, cull,
    )  # fmt: skip
    return depth, face


CPU_BACKEND = Backend("cpu", _cpu, ("cpu",), _native.cpu_why_not(torch.float32, torch.float64))
