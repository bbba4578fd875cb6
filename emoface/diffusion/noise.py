"""Start noise: what of it is the take's own, what comes and goes, what is quick, and what leads somewhere else."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from .finish import FILTER_REACH, short_filter

WHOLE_TAKE = -4
"""Stands for a window's number where the noise is drawn that all windows of a take share. The value is free; with -4
seed 0 is an ordinary take, neither weak nor strong."""
NOISE_BLOCK = 128
"""Frames whose noise is drawn at once where noise belongs to frames."""
FIRST_BLOCK = 500_000
"""Stands for a window's number where such noise is drawn, plus the number of the block: beyond those of any file."""
SWING_FRAMES = 3.0
"""Standard deviation of the Gaussian that makes noise swing: at 25 fps it passes what is slower than about 1.3 Hz."""
SWING_REACH = math.ceil(FILTER_REACH * SWING_FRAMES)
SWING_UNIT = math.sqrt(2 * SWING_FRAMES * math.sqrt(math.pi))
"""Scales white noise that went through that Gaussian to unit variance."""
AWAY = 0.8
"""How far noise points away from a known course, in standard deviations of its share along it."""
STILL = 1e-3
"""Known courses that vary by less than this, in standard deviations of motion, are not turned away from."""


def white(seed: int, sample: int, index: int, frames: int, motion: int, steps: int = 0) -> tuple[Tensor, Tensor]:
    """White noise of one sample and window number: (frames, motion), and (steps, frames, motion)."""
    generator = torch.Generator().manual_seed(((seed * 1_000_003 + sample) * 1_000_003 + index) % 2**63)
    drawn = torch.randn(frames, motion, generator=generator)
    return drawn, torch.randn(steps, frames, motion, generator=generator)


def coloured(drawn: Tensor, swing: Tensor | None) -> Tensor:
    """Noise with more of what is slow, ``n' = n + swing G(n)``: G is a Gaussian filter scaled to unit variance.

    Args:
        drawn: (B, T, motion) n, standard normal. swing: (motion,), None for 0.

    Returns:
        (B, T, motion).
    """
    return drawn if swing is None else drawn + swing * SWING_UNIT * short_filter(drawn, SWING_FRAMES)


def start_noise(
    drawn: Tensor, take: Tensor, temperature: Tensor, character: Tensor, swing: Tensor | None = None
) -> Tensor:
    """Where sampling starts: ``temperature (n' - mean_t n') + character m / sqrt(T)``, n' as of :func:`coloured`.

    The noise is white if the scales are 1 and the swing 0. What varies quickly and slowly within a take, and what tells
    takes apart, so have scales of their own.

    Args:
        drawn: (B, T, motion) n, standard normal, of a window. take: (B, 1, motion) m, the same for the whole take.
        temperature: (..., motion). character: (..., motion). swing: of n, None where n is n' already.

    Returns:
        (B, T, motion).
    """
    drawn = coloured(drawn, swing)
    return (drawn - drawn.mean(1, keepdim=True)) * temperature + take * character / math.sqrt(drawn.shape[1])


def turned_away(start: Tensor, known: Tensor, other: Tensor, temperature: Tensor, swing: Tensor | None) -> Tensor:
    """Start noise whose share along known courses points away from them: ``n - (n.u + AWAY s) u``.

    u is the known course about its mean, of unit length, and s the standard deviation of ``n.u``. The network passes
    on what start noise does slowly, so what it makes of this noise does not follow the known course.

    Args:
        start: (B, T, motion) n. known: (B, T, motion) normalised motion. other: (T, motion) where another performance
            is asked for, 0..1. temperature: (motion,) and swing: (motion,) or None, of the noise.

    Returns:
        (B, T, motion).
    """
    weight = other.to(start)
    own = torch.nonzero(weight.any(0))[:, 0]  # channels that are asked for
    if len(own) < start.shape[-1]:
        law = temperature[own], None if swing is None else swing[own]
        turned = turned_away(start[..., own], known[..., own], weight[:, own], *law) if len(own) else start[..., own]
        return start.index_copy(2, own, turned)
    mean = (weight * known).sum(1, keepdim=True) / weight.sum(0).clamp(min=1e-6)
    course = weight * (known - mean)
    course = course / course.norm(dim=1, keepdim=True).clamp(min=STILL * math.sqrt(start.shape[1]))
    spread = coloured(course, swing)
    along = (start * course).sum(1, keepdim=True)
    return start - (AWAY * (temperature * spread).norm(dim=1, keepdim=True) + along) * course


class FrameNoise:
    """Noise that belongs to the frames of a take, whichever window they are in; its start is :func:`coloured`.

    Args:
        draw: gives the white noise of a block of ``NOISE_BLOCK`` frames by its number: where sampling starts,
            (B, T, motion), and what the sampler adds, (steps, B, T, motion).
        swing: (motion,) or None.
    """

    def __init__(self, draw: Callable[[int], tuple[Tensor, Tensor]], swing: Tensor | None) -> None:
        self.draw, self.swing = draw, swing
        self.white: dict[int, tuple[Tensor, Tensor]] = {}
        self.blocks: dict[int, tuple[Tensor, Tensor]] = {}

    def read(self, start: int, stop: int) -> tuple[Tensor, Tensor]:
        """The noise of frames start..stop; blocks before them are forgotten."""
        first, last = start // NOISE_BLOCK, (stop - 1) // NOISE_BLOCK
        if [*self.blocks] != [*range(first, last + 1)]:
            self.white = {n: self.white.get(n) or self.draw(n) for n in range(first - 1, last + 2)}
            self.blocks = {n: self.blocks.get(n) or self._block(n) for n in range(first, last + 1)}
        part = slice(start - first * NOISE_BLOCK, stop - first * NOISE_BLOCK)
        drawn, later = zip(*self.blocks.values())
        return torch.cat(drawn, 1)[:, part], torch.cat(later, 2)[:, :, part]

    def _block(self, number: int) -> tuple[Tensor, Tensor]:
        """A block that is coloured by what its neighbours hold, too."""
        (before, _), (drawn, later), (after, _) = (self.white[number + step] for step in (-1, 0, 1))
        around = torch.cat([before[:, -SWING_REACH:], drawn, after[:, :SWING_REACH]], 1)
        return coloured(around, self.swing)[:, SWING_REACH:-SWING_REACH], later
