"""Sizes at which sampler_step is tested and timed."""

from dataclasses import dataclass

import torch

from .._contract.case import Case, Draw


@dataclass(frozen=True)
class SamplerStepCase(Case):
    """Sizes of one call of sampler_step; ``bench`` marks those that are timed.

    With ``parts`` each frame and channel is guided, and known, as far as its own weights say.
    """

    N: int
    B: int
    T: int
    C: int
    noise: bool = False
    mask: bool = False
    threshold: bool = False
    parts: bool = False
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of sampler_step in order, drawn at random."""
        shape = (self.B, self.T, self.C)
        c_noise, k_noise = (0.3, 0.4) if self.noise else (0.0, 0.0)
        wide = torch.float64 if draw.dtype == torch.float64 else torch.float32
        guidance = torch.tensor([1.5, 2.0], dtype=wide, device=draw.device)
        if self.parts:
            guidance = draw.normal(2, self.T, self.C).to(wide)
        return (
            draw.normal(self.N, *shape),
            guidance,
            draw.normal(*shape),
            draw.normal(*shape),
            torch.tensor([0.75, 0.5, -0.125, c_noise, 0.9, k_noise], dtype=wide, device=draw.device),
            draw.normal(*shape) if self.noise else None,
            draw.normal(*shape) if self.mask or self.parts else None,
            draw.flags(self.B, self.T) if self.mask else None,
            0.9 if self.threshold else 0.0,
            0.5,
            4.0,
            draw.flags(*shape) * draw.normal(*shape).sigmoid() if self.parts else None,
        )

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        per_value = 3 * (self.N - 1) + 5 + 2 * self.noise + 3 * self.mask
        return per_value * self.B * self.T * self.C


CASES = [
    SamplerStepCase(3, 1, 2, 2, noise=True, mask=True, threshold=True),
    SamplerStepCase(1, 1, 1, 1),
    SamplerStepCase(2, 1, 1, 1, noise=True, mask=True, threshold=True),
    SamplerStepCase(1, 2, 63, 53, threshold=True),
    SamplerStepCase(2, 3, 31, 53, mask=True),
    SamplerStepCase(3, 2, 33, 56, noise=True, mask=True),
    SamplerStepCase(3, 2, 17, 19, noise=True),
    SamplerStepCase(2, 0, 5, 8, noise=True, mask=True, threshold=True),
    SamplerStepCase(3, 2, 0, 8, noise=True, mask=True, threshold=True),
    SamplerStepCase(3, 2, 7, 13, noise=True, mask=True, threshold=True, strided=True),
    SamplerStepCase(1, 1, 1, 1, parts=True),
    SamplerStepCase(2, 3, 31, 53, parts=True),
    SamplerStepCase(3, 2, 17, 19, noise=True, mask=True, threshold=True, parts=True),
    SamplerStepCase(2, 2, 7, 13, mask=True, parts=True, strided=True),
    SamplerStepCase(1, 1, 100, 56, bench=True),
    SamplerStepCase(2, 1, 100, 56, mask=True, bench=True),
    SamplerStepCase(3, 4, 250, 56, noise=True, mask=True, threshold=True, bench=True),
]
