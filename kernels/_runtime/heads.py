"""Which heads the attention kernels on a GPU have code for."""

from __future__ import annotations

CUDA_WIDTH = 256  # kMostWidth in csrc/include/emoface/cuda/attention.h
CUDA_HEADS = 65535  # of all samples: what one grid reaches
TRITON_WIDTH = 128  # what fits in registers


def cuda_refusal(heads: int, width: int) -> str | None:
    """Why CUDA has no code for so many heads of all samples of so many channels, or None."""
    if heads > CUDA_HEADS:
        return f"{heads} heads of all samples (up to {CUDA_HEADS})"
    return _too_wide(width, CUDA_WIDTH)


def triton_refusal(heads: int, width: int) -> str | None:
    """Why Triton has no code for them, or None."""
    return _too_wide(width, TRITON_WIDTH)


def refusals(heads: int, width: int) -> tuple[str | None, str | None]:
    """The shape class of what attends: why CUDA and Triton have no code for the heads."""
    return cuda_refusal(heads, width), triton_refusal(heads, width)


def _too_wide(width: int, most: int) -> str | None:
    return f"heads of {width} channels (up to {most})" if width > most else None
