"""Where Triton is and whether it can run a call."""

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


def why_not(lead: Tensor, *_) -> str | None:
    """The reason why no Triton kernel can take tensors like this one, or None."""
    if triton is None:
        return MISSING
    if lead.device.type == "cpu" and not INTERPRETED:
        return "CPU tensors need TRITON_INTERPRET=1, set before the first import"
    if lead.dtype == torch.float64:
        return "dtype torch.float64 (float32, bfloat16 and float16 only)"
    return None
