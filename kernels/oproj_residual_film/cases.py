"""Sizes at which oproj_residual_film is tested and timed."""

from dataclasses import dataclass

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class OprojCase(Case):
    """Sizes of one call of oproj_residual_film; ``bench`` marks those that are timed."""

    B: int
    T: int
    C: int
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of oproj_residual_film in order, drawn at random."""
        return (
            draw.normal(self.B, self.T, self.C),
            draw.normal(self.C, self.C, scale=self.C**-0.5),
            draw.normal(self.C),
            draw.normal(self.B, self.T, self.C),
            draw.normal(self.B, self.C),
            draw.normal(self.B, self.C),
        )

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        return self.B * self.T * self.C * (2 * self.C + 4)


CASES = [
    OprojCase(1, 1, 1),
    OprojCase(2, 63, 100),
    OprojCase(0, 5, 8),
    OprojCase(1, 0, 8),
    OprojCase(3, 7, 13, strided=True),
    OprojCase(2, 100, 192, bench=True),
    OprojCase(2, 100, 512, bench=True),
]
