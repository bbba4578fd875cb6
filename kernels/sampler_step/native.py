"""sampler_step in C++ and CUDA."""

from __future__ import annotations

import torch
from torch import Tensor

from .. import _native
from .._native import address, dense
from .._op import Backend


def _arguments(prediction, guidance, x, x0_prev, coefficients, noise, known, mask, quantile, limit_low, limit_high):
    """Dense inputs, fresh outputs and the plain numbers that the native function takes."""
    wide = _native.compute_dtype(x.dtype)
    x = dense(x)
    tensors = [
        dense(prediction),
        dense(guidance if guidance.dtype == wide else guidance.to(wide)),
        x,
        dense(x0_prev),
        dense(coefficients if coefficients.dtype == wide else coefficients.to(wide)),
        dense(noise),
        dense(known),
        dense(mask),
        torch.empty_like(x),
        torch.empty_like(x),
    ]
    return tensors, (_native.DTYPES[x.dtype], *prediction.shape, quantile, limit_low, limit_high)


def _cpu(*args) -> tuple[Tensor, Tensor]:
    tensors, numbers = _arguments(*args)
    assert _native.CPU is not None  # why_not looked
    _native.CPU.sampler_step(*map(address, tensors), *numbers)
    return tensors[-2], tensors[-1]


def _cuda(*args) -> tuple[Tensor, Tensor]:
    tensors, numbers = _arguments(*args)
    device = tensors[0].device
    with torch.cuda.device(device):
        stream = torch.cuda.current_stream(device).cuda_stream
        assert _native.CUDA is not None  # why_not looked
        _native.CUDA.sampler_step(*map(address, tensors), *numbers, stream)
    return tensors[-2], tensors[-1]


def _cpu_why_not(prediction: Tensor, *_) -> str | None:
    if _native.CPU is None:
        return _native.CPU_MISSING
    if prediction.dtype == torch.float16:
        return "dtype torch.float16 (float32, bfloat16 and float64 only)"
    return None


def _cuda_why_not(*_) -> str | None:
    return _native.CUDA_MISSING


CUDA_BACKEND = Backend("cuda", _cuda, ("cuda",), _cuda_why_not)
CPU_BACKEND = Backend("cpu", _cpu, ("cpu",), _cpu_why_not)
