"""Sizes at which denoise_loop is tested and timed."""

from dataclasses import dataclass
from typing import Any

import torch

from .._contract.case import Case, Draw
from .weights import counts


@dataclass(frozen=True)
class DenoiseLoopCase(Case):
    """Sizes of one call of denoise_loop; ``bench`` marks those that are timed.

    With ``parts`` each frame and channel is guided, and known, as far as its own weights say. With ``own`` each track
    hears another speech.
    """

    B: int
    T: int
    H: int
    D: int
    F: int
    M: int
    blocks: int = 2
    steps: int = 2
    tracks: int = 1
    N: int = 1
    window: int = 0
    residual: float = 0.0
    eps: float = 1e-2
    mask: bool = False
    noise: bool = False
    parts: bool = False
    own: bool = False
    strided: bool = False
    bench: bool = False

    def make(self, draw: Draw):
        """The arguments of denoise_loop in order, drawn at random."""
        channels, rows = self.H * self.D, self.B * self.tracks
        matrices, vectors, _ = counts(self.M, channels, self.H, self.blocks, self.F)
        contents = [1, 0, 0][-self.N :] if self.N == 3 else [0] * self.N
        if self.own:
            contents = [(content + track) % (self.tracks + 1) for content in contents for track in range(self.tracks)]
        unique = max(contents) + 1
        shape = (rows, self.T, self.M)
        c_noise, k_noise = (0.3, 0.2) if self.noise else (0.0, 0.0)
        steps = [
            [0.8 - 0.6 * i / self.steps, 0.4, -0.1 * (i > 0), c_noise, 0.9, k_noise] for i in range(self.steps)
        ]
        wide = torch.float64 if draw.dtype == torch.float64 else torch.float32
        guidance = torch.tensor([1.5, 2.0], dtype=wide, device=draw.device)
        if self.parts:
            guidance = draw.normal(2, *shape[1:]).to(wide)
        return (
            draw.normal(*shape),
            draw.normal(unique, self.T, channels),
            draw.normal(unique, self.blocks, self.T, channels),
            draw.normal(self.N, self.tracks, self.blocks, 2, channels, scale=0.3),
            draw.normal(self.steps, self.blocks, 3, 2, channels, scale=0.3) - 1,
            torch.tensor(steps, dtype=wide, device=draw.device),
            guidance,
            draw.normal(matrices, scale=channels**-0.5),
            draw.normal(vectors, scale=0.3),
            contents,
            self.H,
            self.F,
            self.window,
            self.residual,
            self.eps,
            draw.normal(self.steps, *shape) if self.noise else None,
            draw.normal(*shape) if self.mask or self.parts else None,
            draw.flags(*shape[:2]) if self.mask else None,
            1,
            draw.flags(*shape) * draw.normal(*shape).sigmoid() if self.parts else None,
        )

    def in_bytes(self, seed: int = 0) -> tuple[Any, ...]:
        """The arguments with int8 matrices, and their scales behind the vectors."""
        args = list(self.inputs(seed=seed))
        channels = self.H * self.D
        _, _, outputs = counts(self.M, channels, self.H, self.blocks, self.F)
        generator = torch.Generator().manual_seed(seed)
        args[7] = torch.randint(-127, 128, args[7].shape, generator=generator).to(torch.int8)
        scales = torch.rand(outputs, generator=generator) * 0.02 * channels**-0.5
        args[8] = torch.cat([args[8], scales])
        return tuple(args)

    def flops(self) -> int:
        """Multiplications and additions of one call."""
        channels = self.H * self.D
        keys = min(self.T, 2 * self.window + 1) if self.window else self.T
        products = 2 * channels * (7 * channels + 2 * self.F)
        attention = channels * (self.T + keys) * 4
        ends = 2 * channels * (2 * self.M + 1)
        rows = self.N * self.B * self.tracks * self.T
        return self.steps * rows * (self.blocks * (products + attention + 60 * channels + 10 * self.F) + ends)


CASES = [
    DenoiseLoopCase(1, 2, 1, 1, 2, 1, blocks=1, steps=1, noise=True),
    DenoiseLoopCase(1, 1, 1, 1, 1, 1),
    DenoiseLoopCase(2, 9, 2, 8, 24, 7, blocks=1, steps=1, N=2, tracks=2, residual=1.0, eps=0.5, mask=True),
    DenoiseLoopCase(2, 31, 2, 8, 24, 7, steps=3, N=2, tracks=2, mask=True),
    DenoiseLoopCase(1, 40, 2, 16, 64, 53, N=3, window=5, steps=4, residual=1.0),
    DenoiseLoopCase(2, 33, 2, 16, 64, 56, N=2, steps=2, residual=1.0, mask=True, noise=True),
    DenoiseLoopCase(2, 9, 2, 8, 24, 7, steps=2, N=3, tracks=3, own=True, residual=1.0, mask=True),
    DenoiseLoopCase(0, 5, 2, 8, 16, 3),
    DenoiseLoopCase(1, 0, 2, 8, 16, 3, mask=True),
    DenoiseLoopCase(2, 7, 3, 5, 13, 3, steps=1, N=3, mask=True, strided=True),
    DenoiseLoopCase(1, 9, 2, 8, 24, 7, blocks=1, steps=1, N=2, mask=True, noise=True),
    DenoiseLoopCase(2, 11, 2, 8, 24, 7, blocks=1, N=2, steps=2, mask=True, parts=True),
    DenoiseLoopCase(1, 9, 2, 8, 16, 5, blocks=1, N=3, parts=True, strided=True),
    DenoiseLoopCase(2, 7, 1, 5, 13, 3, blocks=1, steps=3, noise=True, strided=True),
    DenoiseLoopCase(1, 100, 4, 32, 512, 56, blocks=8, steps=1, residual=1.0, mask=True, bench=True),
    DenoiseLoopCase(2, 100, 8, 64, 1024, 56, blocks=8, steps=1, bench=True),
]
