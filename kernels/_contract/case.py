"""Base of the input cases that tests, compile checks and benchmarks share."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor


def scattered(tensor: Tensor) -> Tensor:
    """The same values with gaps between them and, from two dimensions on, the last two in the other order."""
    if tensor.dim() < 2:
        return tensor.repeat_interleave(2)[::2]
    return tensor.mT.contiguous().repeat_interleave(2, dim=-1)[..., ::2].mT


class Draw:
    """Seeded random tensors of one device and dtype; `strided` makes every one of them non-contiguous."""

    def __init__(self, device: str, dtype: torch.dtype, seed: int, strided: bool):
        self.device, self.dtype, self.strided = device, dtype, strided
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int, scale: float = 1.0) -> Tensor:
        """Gaussian values of the case's dtype."""
        values = torch.randn(shape, generator=self.generator) * scale
        values = values.to(self.device, self.dtype)
        return scattered(values) if self.strided else values

    def flags(self, *shape: int) -> Tensor:
        """Booleans, about a third of them true."""
        return (torch.rand(shape, generator=self.generator) < 0.33).to(self.device)

    def lengths(self, batch: int, longest: int) -> Tensor:
        """Valid lengths 1..longest (0 where longest is 0), int64."""
        low, high = min(1, longest), longest + 1
        return torch.randint(low, high, (batch,), generator=self.generator).to(self.device)


@dataclass(frozen=True)
class Case:
    """One set of sizes; subclasses add size fields and `make(draw)`, the operator's arguments in order."""

    def inputs(self, device: str = "cpu", dtype: torch.dtype = torch.float32, seed: int = 0) -> tuple[Any, ...]:
        """The operator's arguments for this case."""
        return self.make(Draw(device, dtype, seed, getattr(self, "strided", False)))

    def make(self, draw: Draw) -> tuple[Any, ...]:
        """The operator's arguments in order; every subclass says them."""
        raise NotImplementedError

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        raise NotImplementedError

    def __str__(self) -> str:
        shown = [(f.name, getattr(self, f.name), f.default) for f in fields(self) if f.name != "bench"]
        return "-".join(f"{name}{value:g}" for name, value, default in shown if value != default)


def moved_bytes(tensors: tuple[Any, ...]) -> int:
    """Bytes of all tensors among the values."""
    return sum(value.numel() * value.element_size() for value in tensors if isinstance(value, Tensor))
