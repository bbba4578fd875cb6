"""Sizes at which content_attention is tested and timed."""

from dataclasses import dataclass

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class ContentAttentionCase(Case):
    """Sizes of one call of content_attention; ``bench`` marks those that are timed."""

    B: int
    S: int
    T: int
    H: int
    D: int
    window: int = 0
    lengths: bool = False
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of content_attention in order, drawn at random."""
        channels = self.H * self.D
        return (
            draw.normal(self.B, self.S, channels),
            draw.normal(self.B, self.T, 2 * channels),
            self.H,
            draw.normal(self.H).abs() * 0.1,
            self.window,
            draw.lengths(self.B, self.T) if self.lengths else None,
        )

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        keys = min(self.T, 2 * self.window + 1) if self.window else self.T
        return self.B * self.H * self.S * keys * (4 * self.D + 8)


CASES = [
    ContentAttentionCase(1, 2, 3, 1, 1),
    ContentAttentionCase(1, 1, 1, 1, 1),
    ContentAttentionCase(2, 63, 63, 3, 20, window=5),
    ContentAttentionCase(2, 40, 31, 2, 16, window=3, lengths=True),
    ContentAttentionCase(0, 5, 5, 2, 8),
    ContentAttentionCase(1, 0, 4, 2, 8),
    ContentAttentionCase(3, 7, 7, 2, 13, lengths=True, strided=True),
    ContentAttentionCase(2, 100, 100, 6, 32, bench=True),
    ContentAttentionCase(2, 100, 100, 8, 64, bench=True),
    ContentAttentionCase(2, 100, 100, 8, 64, window=12, bench=True),
]
