"""Sizes at which ln_qkv is tested and timed."""

from dataclasses import dataclass

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class LnQkvCase(Case):
    """Sizes of one call of ln_qkv; ``bench`` marks those that are timed."""

    B: int
    T: int
    C: int
    N: int
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of ln_qkv in order, drawn at random."""
        return (
            draw.normal(self.B, self.T, self.C),
            draw.normal(self.C),
            draw.normal(self.C),
            draw.normal(self.N, self.C, scale=self.C**-0.5),
            draw.normal(self.N),
            1e-5,
        )

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        return self.B * self.T * self.C * (2 * self.N + 8)


CASES = [
    LnQkvCase(1, 1, 2, 6),
    LnQkvCase(1, 1, 1, 3),
    LnQkvCase(2, 63, 100, 200),
    LnQkvCase(0, 5, 8, 24),
    LnQkvCase(1, 0, 8, 24),
    LnQkvCase(3, 7, 13, 39, strided=True),
    LnQkvCase(2, 100, 192, 576, bench=True),
    LnQkvCase(2, 100, 512, 1536, bench=True),
]
