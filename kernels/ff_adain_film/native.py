"""ff_adain_film in C++ and CUDA."""

from __future__ import annotations

from .._runtime.native import compute_dtype, cpu_function, cuda_function, dense


def prepare(h, weight, weight_bias, x, style_scale, style_shift, scale, shift, eps, residual):
    """The outputs, allocated, and what the C++ and CUDA functions take."""
    out = x.new_empty(x.shape)
    tensors = map(dense, (h, weight, weight_bias, x, style_scale, style_shift, scale, shift))
    return out, (*tensors, out, x.dtype, *x.shape, h.shape[2], eps, residual)


def _prepare_cuda(*args):
    """The same, and memory for the sums before AdaIN, which may be the output itself where that is wide enough."""
    out, passed = prepare(*args)
    wide = compute_dtype(out.dtype)
    return out, (passed, out if out.dtype == wide else out.new_empty(out.shape, dtype=wide))


CUDA_BACKEND = cuda_function("ff_adain_film", _prepare_cuda)
CPU_BACKEND = cpu_function("ff_adain_film", prepare)
