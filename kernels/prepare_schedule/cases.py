"""Sizes at which prepare_schedule is tested and timed."""

from dataclasses import dataclass

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class PrepareScheduleCase(Case):
    """Sizes of one call of prepare_schedule; ``bench`` marks those that are timed."""

    T: int
    half: int
    C: int
    blocks: int = 2
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of prepare_schedule in order, drawn at random."""
        def linear(*shape: int):
            return draw.normal(*shape, scale=shape[-1] ** -0.5), draw.normal(*shape[:-1])

        return (
            draw.normal(self.T).sigmoid_(),
            *linear(self.C, 2 * self.half),
            *linear(self.C, self.C),
            *linear(self.blocks, 6 * self.C, self.C),
        )

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        return 2 * self.T * self.C * (2 * self.half + self.C + 6 * self.blocks * self.C)


CASES = [
    PrepareScheduleCase(2, 1, 2, blocks=1),
    PrepareScheduleCase(1, 1, 1),
    PrepareScheduleCase(7, 9, 13, blocks=3),
    PrepareScheduleCase(0, 4, 8),
    PrepareScheduleCase(5, 3, 9, strided=True),
    PrepareScheduleCase(21, 16, 48),
    PrepareScheduleCase(4, 32, 128, blocks=8, bench=True),
    PrepareScheduleCase(10, 32, 512, blocks=8, bench=True),
]
