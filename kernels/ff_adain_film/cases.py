"""Sizes at which ff_adain_film is tested and timed."""

from dataclasses import dataclass

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class FfAdainFilmCase(Case):
    """Sizes of one call of ff_adain_film; ``bench`` marks those that are timed."""

    B: int
    T: int
    C: int
    F: int
    eps: float = 1e-5
    residual: float = 0.0
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of ff_adain_film in order, drawn at random."""
        return (
            draw.normal(self.B, self.T, self.F),
            draw.normal(self.C, self.F, scale=self.F**-0.5),
            draw.normal(self.C),
            draw.normal(self.B, self.T, self.C),
            *(draw.normal(self.B, self.C) for _ in range(4)),
            self.eps,
            self.residual,
        )

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        return self.B * self.T * self.C * (2 * self.F + 12)


CASES = [
    FfAdainFilmCase(1, 2, 1, 2),
    FfAdainFilmCase(1, 1, 1, 1),
    FfAdainFilmCase(2, 63, 100, 200, residual=1.0),
    FfAdainFilmCase(2, 9, 5, 6, eps=0.5),
    FfAdainFilmCase(0, 5, 8, 16),
    FfAdainFilmCase(1, 0, 8, 16),
    FfAdainFilmCase(3, 7, 13, 27, strided=True),
    FfAdainFilmCase(2, 100, 192, 384, bench=True),
    FfAdainFilmCase(2, 100, 512, 1024, bench=True),
]
