"""Where Triton is, whether it can run a call, and the product that all kernels use."""

from __future__ import annotations

import os

import torch
from torch import Tensor

try:
    import triton

    MISSING = None
except ImportError as error:
    triton = None
    MISSING = f"triton is not installed ({error})"

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"

if triton is not None:
    import triton.language as tl

    WIDER = tl.constexpr(INTERPRETED)

    @triton.jit
    def product(a, b, sums):
        """sums + a b, summed in float32.

        The interpreter has no products of bfloat16: it gets the same values as float32.
        """
        if WIDER:
            a = a.to(tl.float32)
            b = b.to(tl.float32)
        return tl.dot(a, b, sums, input_precision="ieee")



def why_not(lead: Tensor, *_) -> str | None:
    """The reason why no Triton kernel can take tensors like this one, or None."""
    if triton is None:
        return MISSING
    if lead.device.type == "cpu" and not INTERPRETED:
        return "CPU tensors need TRITON_INTERPRET=1, set before the first import"
    if lead.dtype == torch.float64:
        return "dtype torch.float64 (float32, bfloat16 and float16 only)"
    return None
