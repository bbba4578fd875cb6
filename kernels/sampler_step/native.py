"""sampler_step in C++ and CUDA."""

from __future__ import annotations

import torch

from .._runtime.native import compute_dtype, cpu_function, cuda_function, dense


def prepare(prediction, guidance, x, x0_prev, coefficients, noise, known, mask, quantile, limit_low, limit_high, share):
    """The outputs, allocated, and what the C++ and CUDA functions take."""
    wide = compute_dtype(x.dtype)
    x_next, x0 = x.new_empty(x.shape), x.new_empty(x.shape)
    tensors = (prediction, guidance.to(wide), x, x0_prev, coefficients.to(wide), noise, known, mask, share)
    sizes = (*prediction.shape, guidance[0].numel(), quantile, limit_low, limit_high)
    return (x_next, x0), (*map(dense, tensors), x_next, x0, x.dtype, *sizes)


CUDA_BACKEND = cuda_function("sampler_step", prepare)
CPU_BACKEND = cpu_function("sampler_step", prepare, torch.float32, torch.bfloat16, torch.float64)
