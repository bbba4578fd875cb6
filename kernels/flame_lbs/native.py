"""flame_lbs in C++ and CUDA."""

from __future__ import annotations

import torch
from torch import Tensor

from .. import _native
from .._native import address, dense
from .._op import Backend


def _arguments(expression, pose, translation, template, *others):
    """Dense inputs, a fresh output and the plain numbers that the native function takes."""
    (frames, shapes), vertices = expression.shape, len(template)
    tensors = [dense(tensor) for tensor in (expression, pose, translation, template, *others)]
    out = torch.empty((frames, vertices, 3), dtype=expression.dtype, device=expression.device)
    return [*tensors, out], (_native.DTYPES[expression.dtype], frames, shapes, vertices)


def _cpu(*args) -> Tensor:
    tensors, numbers = _arguments(*args)
    assert _native.CPU is not None  # why_not looked
    _native.CPU.flame_lbs(*map(address, tensors), *numbers)
    return tensors[-1]


def _cuda(*args) -> Tensor:
    tensors, numbers = _arguments(*args)
    device = tensors[0].device
    with torch.cuda.device(device):
        stream = torch.cuda.current_stream(device).cuda_stream
        assert _native.CUDA is not None  # why_not looked
        _native.CUDA.flame_lbs(*map(address, tensors), *numbers, stream)
    return tensors[-1]


def _cpu_why_not(expression: Tensor, *_) -> str | None:
    if _native.CPU is None:
        return _native.CPU_MISSING
    if expression.dtype == torch.float16:
        return "dtype torch.float16 (float32, bfloat16 and float64 only)"
    return None


def _cuda_why_not(*_) -> str | None:
    return _native.CUDA_MISSING


CUDA_BACKEND = Backend("cuda", _cuda, ("cuda",), _cuda_why_not)
CPU_BACKEND = Backend("cpu", _cpu, ("cpu",), _cpu_why_not)
