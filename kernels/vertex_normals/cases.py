"""Sizes at which vertex_normals is tested and timed."""

from dataclasses import dataclass

import torch

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class VertexNormalsCase(Case):
    """Sizes of one call of vertex_normals; ``bench`` marks those that are timed."""

    B: int
    V: int
    F: int
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of vertex_normals in order, drawn at random."""
        faces = torch.randint(0, self.V, (self.F, 3), generator=draw.generator, dtype=torch.int32)
        return draw.normal(self.B, self.V, 3), faces.to(draw.device)

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        return self.B * (24 * self.F + 8 * self.V)


CASES = [
    VertexNormalsCase(1, 4, 3),
    VertexNormalsCase(1, 1, 1),
    VertexNormalsCase(3, 31, 57),
    VertexNormalsCase(0, 5, 3),
    VertexNormalsCase(2, 9, 12, strided=True),
    VertexNormalsCase(1, 8000, 16000, bench=True),
]
