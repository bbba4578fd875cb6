"""Sizes at which prepare_clip is tested and timed."""

from dataclasses import dataclass

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class PrepareClipCase(Case):
    """Sizes of one call of prepare_clip; ``bench`` marks those that are timed."""

    B: int
    T: int
    F: int
    C: int
    N: int = 1
    Z: int = 1
    blocks: int = 2
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of prepare_clip in order, drawn at random."""
        blocks, channels = self.blocks, self.C

        def linear(*shape: int):
            return draw.normal(*shape, scale=shape[-1] ** -0.5), draw.normal(*shape[:-1])

        return (
            draw.normal(self.B, self.T, self.F),
            draw.normal(self.T, channels),
            draw.normal(self.B, channels),
            draw.normal(self.N, self.Z),
            draw.normal(self.N, channels),
            *linear(channels, self.F),
            *linear(blocks, channels, channels),
            *linear(channels, self.Z),
            *linear(channels, channels),
            *linear(blocks, 2 * channels, channels),
        )

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        frames = 2 * self.B * self.T * self.C * (self.F + self.blocks * self.C)
        return frames + 2 * self.N * self.C * (self.Z + self.C + 2 * self.blocks * self.C)


CASES = [
    PrepareClipCase(1, 2, 1, 2, blocks=1),
    PrepareClipCase(1, 1, 1, 1),
    PrepareClipCase(2, 21, 33, 50, N=3, Z=40, blocks=3),
    PrepareClipCase(0, 5, 8, 8, N=0),
    PrepareClipCase(1, 0, 8, 8),
    PrepareClipCase(3, 7, 13, 9, N=2, Z=5, strided=True),
    PrepareClipCase(1, 100, 128, 128, Z=64, blocks=8, bench=True),
    PrepareClipCase(2, 100, 768, 512, N=2, Z=512, blocks=8, bench=True),
]
