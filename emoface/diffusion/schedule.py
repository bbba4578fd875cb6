"""The cosine noise schedule, as pure functions of the diffusion time t in 0..1.

Notation: ``alpha_bar(t)`` is the share of signal variance left; a noised motion is
``x_t = sqrt(alpha_bar) x_0 + sqrt(1 - alpha_bar) noise`` (Nichol & Dhariwal 2021, equation 17; Ho et al. 2020).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

TRAINING_STEPS = 500
OFFSET = 0.008
SMALLEST = 1e-5


def alpha_bar(time: Tensor) -> Tensor:
    """``cos^2((t + 0.008) / 1.008 * pi / 2)``, kept at least 1e-5.

    Args:
        time: any shape, 0 (clean) to 1 (noise).

    Returns:
        Same shape, in 1e-5..1.
    """
    clean = math.cos(OFFSET / (1 + OFFSET) * math.pi / 2) ** 2
    return (torch.cos((time + OFFSET) / (1 + OFFSET) * math.pi / 2).square() / clean).clamp(SMALLEST, 1.0)


def add_noise(clean: Tensor, noise: Tensor, time: Tensor) -> Tensor:
    """Noise a clean motion to time t.

    Args:
        clean: (B, T, motion). noise: same shape, standard normal. time: (B,).

    Returns:
        (B, T, motion).
    """
    share = alpha_bar(time)[:, None, None]
    return share.sqrt() * clean + (1 - share).sqrt() * noise


def training_times(batch: int, exponent: float, generator: torch.Generator | None = None) -> Tensor:
    """Draw training times (B,): ``u ** exponent`` on the grid of the 500 training steps; below 1 favours noise."""
    drawn = torch.rand(batch, generator=generator) ** exponent
    return torch.ceil(drawn * TRAINING_STEPS).clamp(min=1) / TRAINING_STEPS


def sampling_times(steps: int) -> Tensor:
    """Times visited by a sampler, from 1 to 0: (steps + 1,), float64."""
    return torch.linspace(1, 0, steps + 1, dtype=torch.float64)
