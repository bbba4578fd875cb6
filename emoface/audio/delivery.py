"""How somebody speaks, measured on the loudness of the voice alone: how fast, and with how much stress."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

LOUD_QUANTILE = 0.95
RANGE = 2.5
"""Bels from silence (0) to the loud level (1) in :func:`relative_loudness`."""
AUDIBLE = -2.0
"""Level, log10 of mel power, that counts as loud where a voice has nothing louder."""
LOWEST, LEVELS_PER_BEL, LEVELS = -8.0, 20, 400
"""Levels that a running loudness tells apart: 400 of half a decibel."""
FORGET = 0.5 ** (1 / 1500)
SPEAKING = 0.55
"""Relative loudness above which somebody speaks."""
RISE = 0.06
"""Rise of loudness that makes a syllable."""


@dataclass(frozen=True)
class Delivery:
    """Figures of a voice.

    Attributes:
        rate: syllables (rises of loudness) a second of speech. swing: standard deviation of relative loudness while
            speaking, in units of 25 dB. seconds: of speech.
    """

    rate: float
    swing: float
    seconds: float


def relative_loudness(level: Tensor, audible: float = AUDIBLE) -> Tensor:
    """Loudness beside the voice's own loud level, ``clip(1 + (L - max(L95, audible)) / 2.5, 0, 1.2)``.

    Args:
        level: (T,) log10 of mel power, see :func:`emoface.audio.features.loudness`. audible: least loud level.

    Returns:
        (T,): 1 at the 95 % quantile, 0 at 25 dB below it.
    """
    return _beside(level, torch.quantile(level[:: max(1, len(level) // 100_000)], LOUD_QUANTILE).clamp(min=audible))


def _beside(level: Tensor, loud: Tensor | float) -> Tensor:
    """Levels (T,) beside a loud one: 1 there, 0 at 25 dB below."""
    return (1 + (level - loud) / RANGE).clamp(0, 1.2)


class RunningLoudness:
    """:func:`relative_loudness` of a voice that is not known yet: beside the loud level of what was heard so far.

    What was heard a minute ago counts half.
    """

    def __init__(self) -> None:
        self.counts = np.zeros(LEVELS)

    def hear(self, level: Tensor) -> Tensor:
        """Relative loudness of the next frames (T,) of log10 mel power."""
        relative = [self._next(value) for value in level]
        return torch.stack(relative) if relative else level

    def _next(self, level: Tensor) -> Tensor:
        self.counts *= FORGET
        self.counts[min(max(round((float(level) - LOWEST) * LEVELS_PER_BEL), 0), LEVELS - 1)] += 1
        total = np.cumsum(self.counts)
        loud = LOWEST + int(np.searchsorted(total, LOUD_QUANTILE * total[-1])) / LEVELS_PER_BEL
        return _beside(level, max(loud, AUDIBLE))


def delivery(loudness: np.ndarray, fps: float) -> Delivery:
    """Measure a voice.

    Args:
        loudness: (T,) relative loudness, 1 at the voice's loud level, 0 at 25 dB below it. fps: of it.

    Returns:
        The figures; all zero where nobody speaks.

    Raises:
        ValueError: not a curve, or bad fps.
    """
    loudness = np.asarray(loudness, np.float64)
    if loudness.ndim != 1 or not len(loudness) or not 0 < fps:
        raise ValueError(f"loudness must be (T,) with T at least 1 and fps positive, got {loudness.shape} and {fps}")
    smooth = np.convolve(np.pad(loudness, 1, "edge"), [0.25, 0.5, 0.25], "valid")
    speaking = smooth > SPEAKING
    if not speaking.any():
        return Delivery(0.0, 0.0, 0.0)
    syllables, low = 0, smooth[0]
    rising = False  # since the last valley by enough to count
    high = smooth[0]
    for value in smooth:
        if rising:
            high = max(high, value)
            if value < high - RISE:
                rising, low = False, value
        else:
            low = min(low, value)
            if value > low + RISE and value > SPEAKING:
                rising, high = True, value
                syllables += 1
    seconds = float(speaking.sum() / fps)
    return Delivery(syllables / seconds, float(loudness[speaking].std()), seconds)
