"""vertex_normals in C++."""

from __future__ import annotations

import torch
from torch import Tensor

from .. import _native
from .._native import address
from .._op import Backend


def _cpu(vertices: Tensor, faces: Tensor) -> Tensor:
    vertices, faces = vertices.contiguous(), faces.contiguous()
    normals = torch.empty_like(vertices)
    assert _native.CPU is not None  # why_not looked
    _native.CPU.vertex_normals(
        address(vertices), address(faces), address(normals), _native.DTYPES[vertices.dtype], *vertices.shape[:2],
        len(faces),
    )  # fmt: skip
    return normals


CPU_BACKEND = Backend("cpu", _cpu, ("cpu",), _native.cpu_why_not(torch.float32, torch.float64))
