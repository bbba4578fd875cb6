"""Sizes at which film is tested and timed."""

from dataclasses import dataclass

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class FilmCase(Case):
    """Sizes of one call of film; ``bench`` marks those that are timed."""

    B: int
    T: int
    C: int
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of film in order, drawn at random."""
        return draw.normal(self.B, self.T, self.C), draw.normal(self.B, self.C), draw.normal(self.B, self.C)

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        return 3 * self.B * self.T * self.C


CASES = [
    FilmCase(1, 1, 1),
    FilmCase(2, 63, 100),
    FilmCase(0, 5, 8),
    FilmCase(1, 0, 8),
    FilmCase(3, 7, 13, strided=True),
    FilmCase(2, 100, 512, bench=True),
]
