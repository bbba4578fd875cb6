"""Sizes at which flame_lbs is tested and timed."""

from dataclasses import dataclass

import torch

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class FlameLbsCase(Case):
    """Sizes of one call of flame_lbs; ``bench`` marks those that are timed."""

    T: int
    K: int
    V: int
    local: bool = False
    still: bool = False
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of flame_lbs in order, drawn at random."""
        pose = draw.normal(self.T, 5, 3, scale=0.3)
        if self.still:  # only the jaw moves, as in most clips
            pose = pose * torch.tensor([0, 0, 1, 0, 0], device=pose.device, dtype=pose.dtype)[:, None]
        shape_basis = draw.normal(self.K, self.V, 3, scale=0.002)
        if self.local:  # every shape moves its own stretch of vertices, as named shapes do
            place = torch.arange(self.V) / self.V - torch.arange(self.K)[:, None] / self.K
            shape_basis = shape_basis * (place.abs() < 0.1).to(shape_basis)[..., None]
        return (
            draw.normal(self.T, self.K),
            pose,
            draw.normal(self.T, 3, scale=0.1),
            draw.normal(self.V, 3, scale=0.1),
            shape_basis,
            draw.normal(36, self.V, 3, scale=0.002),
            draw.normal(5, 3, scale=0.1),
            draw.normal(self.K, 5, 3, scale=0.002),
            draw.normal(self.V, 5).softmax(-1),
        )

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        per_vertex = 6 * (self.K + 36) + 2 * 12 * 5 + 18 + 3
        return per_vertex * self.T * self.V


CASES = [
    FlameLbsCase(1, 1, 1),
    FlameLbsCase(2, 1, 5, still=True),
    FlameLbsCase(1, 7, 17),
    FlameLbsCase(9, 13, 63),
    FlameLbsCase(17, 50, 130, local=True, still=True),
    FlameLbsCase(0, 5, 8),
    FlameLbsCase(3, 5, 33, strided=True),
    FlameLbsCase(1, 50, 5023, bench=True),
    FlameLbsCase(250, 50, 5023, bench=True),
    FlameLbsCase(250, 50, 5023, local=True, still=True, bench=True),
    FlameLbsCase(25, 400, 5023, bench=True),
]
