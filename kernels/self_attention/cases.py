"""Sizes at which self_attention is tested and timed."""

from dataclasses import dataclass

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class SelfAttentionCase(Case):
    """Sizes of one call of self_attention; ``bench`` marks those that are timed."""

    B: int
    T: int
    H: int
    D: int
    lengths: bool = False
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of self_attention in order, drawn at random."""
        qkv = draw.normal(self.B, self.T, 3 * self.H * self.D)
        slopes = draw.normal(self.H).abs() * 0.1
        return qkv, self.H, slopes, draw.lengths(self.B, self.T) if self.lengths else None

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        return self.B * self.H * self.T * self.T * (4 * self.D + 8)


CASES = [
    SelfAttentionCase(1, 2, 1, 1),
    SelfAttentionCase(1, 1, 1, 1),
    SelfAttentionCase(2, 63, 3, 20, lengths=True),
    SelfAttentionCase(0, 5, 2, 8),
    SelfAttentionCase(1, 0, 2, 8),
    SelfAttentionCase(3, 7, 2, 13, lengths=True, strided=True),
    SelfAttentionCase(2, 100, 6, 32, bench=True),
    SelfAttentionCase(2, 100, 8, 64, bench=True),
]
