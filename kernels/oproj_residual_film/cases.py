"""Sizes at which oproj_residual_film is tested and timed."""

from dataclasses import dataclass

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class OprojCase(Case):
    B: int
    T: int
    C: int
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        return (
            draw.normal(self.B, self.T, self.C),
            draw.normal(self.C, self.C, scale=self.C**-0.5),
            draw.normal(self.C),
            draw.normal(self.B, self.T, self.C),
            draw.normal(self.B, self.C),
            draw.normal(self.B, self.C),
        )

    def flops(self) -> int:
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
