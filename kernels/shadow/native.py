"""shadow in C++."""

from __future__ import annotations

import torch
from torch import Tensor

from .. import _native
from .._native import address
from .._op import Backend


def _cpu(points: Tensor, depth: Tensor, bias: float, softness: float) -> Tensor:
    depth = depth.contiguous()
    lit = points.new_empty(points.shape[:2])
    assert _native.CPU is not None  # why_not looked
    _native.CPU.shadow(
        address(points), points.stride(), address(depth), address(lit), _native.DTYPES[points.dtype], *lit.shape,
        *depth.shape[1:], bias, softness,
    )  # fmt: skip
    return lit


CPU_BACKEND = Backend("cpu", _cpu, ("cpu",), _native.cpu_why_not(torch.float32, torch.float64))
