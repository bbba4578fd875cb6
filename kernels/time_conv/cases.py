"""Sizes at which time_conv is tested and timed."""

from dataclasses import dataclass

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class TimeConvCase(Case):
    """Sizes of one call of time_conv; ``bench`` marks those that are timed."""

    B: int
    T: int
    C: int
    width: int
    reach: int = 0
    dilation: int = 1
    gelu: bool = False
    norm: bool = False
    residual: bool = False
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of time_conv in order, drawn at random."""
        taps = 2 * self.reach + 1
        return (
            draw.normal(self.B, self.T, self.C),
            draw.normal(self.width, self.C, taps, scale=(self.C * taps) ** -0.5),
            draw.normal(self.width),
            self.dilation,
            self.gelu,
            draw.normal(self.C) if self.norm else None,
            draw.normal(self.C) if self.norm else None,
            draw.normal(self.B, self.T, self.width) if self.residual else None,
            1e-5,
        )

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        taps = 2 * self.reach + 1
        return self.B * self.T * (2 * self.C * taps * self.width + 8 * self.C * self.norm + 8 * self.width * self.gelu)


CASES = [
    TimeConvCase(1, 2, 1, 2, reach=1),
    TimeConvCase(1, 1, 1, 1),
    TimeConvCase(2, 9, 6, 5, reach=2, dilation=2, gelu=True, norm=True, residual=True),
    TimeConvCase(2, 63, 100, 50, reach=2, dilation=4, norm=True),
    TimeConvCase(0, 5, 8, 8, reach=1),
    TimeConvCase(1, 0, 8, 8, reach=1, residual=True),
    TimeConvCase(3, 7, 13, 9, reach=1, norm=True, residual=True, strided=True),
    TimeConvCase(1, 100, 128, 128, reach=2, gelu=True, bench=True),
    TimeConvCase(1, 100, 128, 128, reach=2, dilation=4, gelu=True, norm=True, bench=True),
    TimeConvCase(1, 100, 128, 128, residual=True, bench=True),
]
