"""Sizes at which ff_gelu is tested and timed."""

from dataclasses import dataclass

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class FfGeluCase(Case):
    """Sizes of one call of ff_gelu; ``bench`` marks those that are timed."""

    B: int
    T: int
    C: int
    F: int
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of ff_gelu in order, drawn at random."""
        return (
            draw.normal(self.B, self.T, self.C),
            draw.normal(self.C),
            draw.normal(self.C),
            draw.normal(self.F, self.C, scale=self.C**-0.5),
            draw.normal(self.F),
            1e-5,
        )

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        return self.B * self.T * (self.C * (2 * self.F + 8) + 8 * self.F)


CASES = [
    FfGeluCase(1, 1, 2, 3),
    FfGeluCase(1, 1, 1, 1),
    FfGeluCase(2, 63, 100, 200),
    FfGeluCase(0, 5, 8, 16),
    FfGeluCase(1, 0, 8, 16),
    FfGeluCase(3, 7, 13, 27, strided=True),
    FfGeluCase(2, 100, 192, 384, bench=True),
    FfGeluCase(2, 100, 512, 1024, bench=True),
]
