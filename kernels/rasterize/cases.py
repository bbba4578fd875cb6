"""Sizes at which rasterize is tested and timed."""

from dataclasses import dataclass

import torch

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class RasterizeCase(Case):
    """Sizes of one call of rasterize; ``bench`` marks those that are timed."""

    B: int
    V: int
    F: int
    height: int
    width: int
    cull: bool = False
    threads: int = 1
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of rasterize in order, drawn at random."""
        points = draw.normal(self.B, self.V, 3, scale=0.4)
        size = torch.tensor([self.width, self.height, 1.0], dtype=draw.dtype, device=draw.device)
        faces = torch.randint(0, self.V, (self.F, 3), generator=draw.generator, dtype=torch.int32)
        return (points + 0.5) * size, faces.to(draw.device), self.height, self.width, self.cull, self.threads

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        return 20 * self.B * self.F * self.height * self.width


CASES = [
    RasterizeCase(1, 3, 2, 3, 3),
    RasterizeCase(1, 1, 1, 1, 1),
    RasterizeCase(2, 30, 60, 17, 23, threads=3),
    RasterizeCase(1, 40, 200, 40, 33, cull=True),
    RasterizeCase(0, 5, 3, 8, 8),
    RasterizeCase(2, 9, 12, 9, 7, strided=True),
    RasterizeCase(4, 60, 100, 64, 64, cull=True, bench=True),
]
