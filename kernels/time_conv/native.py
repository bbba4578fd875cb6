"""time_conv in C++."""

from __future__ import annotations

import torch
from torch import Tensor

from .. import _native
from .._native import DTYPES, address, cpu_function, dense
from .._packed import PackedWeights


def _pack(weight: Tensor) -> Tensor:
    assert _native.CPU is not None
    width, channels, taps = weight.shape
    rows = weight.permute(0, 2, 1).contiguous()  # (N, taps, C)
    sizes = DTYPES[weight.dtype], width, taps, channels
    packed = torch.empty(_native.CPU.conv_words(*sizes), dtype=torch.int32)
    _native.CPU.pack_conv(address(rows), address(packed), *sizes)
    return packed


_PACKED = PackedWeights(_pack)


def prepare(x, weight, bias, dilation, gelu, gain, shift, residual, eps):
    batch, time, channels = x.shape
    width, _, taps = weight.shape
    out = x.new_empty((batch, time, width))
    tensors = (dense(x), _PACKED.find((weight,)), *map(dense, (bias, gain, shift, residual)), out)
    return out, (*tensors, x.dtype, batch, time, channels, width, taps, dilation, gelu, eps)


CPU_BACKEND = cpu_function("time_conv", prepare)
