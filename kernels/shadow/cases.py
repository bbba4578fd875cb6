"""Sizes at which shadow is tested and timed."""

from dataclasses import dataclass

import torch

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class ShadowCase(Case):
    """Sizes of one call of shadow; ``bench`` marks those that are timed."""

    B: int
    V: int
    height: int
    width: int
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of shadow in order, drawn at random."""
        size = torch.tensor([self.width, self.height, 1.0], dtype=draw.dtype, device=draw.device)
        points = (draw.normal(self.B, self.V, 3, scale=0.4) + 0.5) * size
        return points, draw.normal(self.B, self.height, self.width), 0.05, 0.7

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        return 60 * self.B * self.V


CASES = [
    ShadowCase(1, 2, 3, 4),
    ShadowCase(1, 1, 1, 1),
    ShadowCase(2, 31, 17, 23),
    ShadowCase(0, 5, 4, 4),
    ShadowCase(2, 9, 6, 5, strided=True),
    ShadowCase(16, 8000, 128, 128, bench=True),
]
