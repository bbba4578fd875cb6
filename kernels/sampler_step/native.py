"""sampler_step in C++ and CUDA."""

from __future__ import annotations

import torch

from .._runtime import native
from .._runtime.native import compute_dtype, cpu_backend, cuda_function, dense
from . import reference


def prepare(prediction, guidance, x, x0_prev, coefficients, noise, known, mask, quantile, limit_low, limit_high, share):
    """The outputs, allocated, and what the C++ and CUDA functions take."""
    wide = compute_dtype(x.dtype)
    x_next, x0 = x.new_empty(x.shape), x.new_empty(x.shape)
    tensors = (prediction, guidance.to(wide), x, x0_prev, coefficients.to(wide), noise, known, mask, share)
    sizes = (*prediction.shape, guidance[0].numel(), quantile, limit_low, limit_high)
    return (x_next, x0), (*map(dense, tensors), x_next, x0, x.dtype, *sizes)


CUDA_BACKEND = cuda_function("sampler_step", prepare)


def _cpu(*args):
    if native.PARTS:
        outputs, passed = prepare(*args)
    elif args[1].dim() > 1 or args[-1] is not None:
        return reference.sampler_step(*args)
    else:
        outputs, passed = prepare(*args)
        passed = (*passed[:8], *passed[9:16], *passed[17:])
    native.call_cpu("sampler_step", *passed)
    return outputs


CPU_BACKEND = cpu_backend(_cpu, torch.float32, torch.bfloat16, torch.float64)
