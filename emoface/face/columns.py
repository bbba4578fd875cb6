"""Numbers of channels, and values by channel, as tensors that are made once for each device."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=256)
def places(channels: tuple[int, ...], device: torch.device) -> Tensor:
    """The numbers of channels as an index (n,) int64; not to be written to."""
    with torch.inference_mode(False):
        return torch.tensor(channels, dtype=torch.int64).to(device, non_blocking=True)


@lru_cache(maxsize=256)
def values(numbers: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Numbers as a row (n,); not to be written to."""
    with torch.inference_mode(False):
        return torch.tensor(numbers, dtype=dtype).to(device, non_blocking=True)
