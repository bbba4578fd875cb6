"""Sizes at which adain is tested and timed."""

from dataclasses import dataclass

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class AdainCase(Case):
    """Sizes of one call of adain; ``bench`` marks those that are timed."""

    B: int
    T: int
    C: int
    eps: float = 1e-5
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of adain in order, drawn at random."""
        return (
            draw.normal(self.B, self.T, self.C),
            draw.normal(self.B, self.C),
            draw.normal(self.B, self.C),
            self.eps,
        )

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        return 8 * self.B * self.T * self.C


CASES = [
    AdainCase(1, 2, 1),
    AdainCase(1, 1, 1),
    AdainCase(2, 63, 100),
    AdainCase(2, 9, 5, eps=0.5),
    AdainCase(0, 5, 8),
    AdainCase(1, 0, 8),
    AdainCase(3, 7, 13, strided=True),
    AdainCase(2, 100, 512, bench=True),
]
