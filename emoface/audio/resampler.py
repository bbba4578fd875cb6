"""Resampling of a voice that arrives in chunks: nothing depends on where they are cut, and the delay is short."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np

from .features import SAMPLE_RATE

CROSSINGS = 16
"""Zero crossings of the kernel to each side: at 16 kHz it hears one millisecond ahead."""
PASS = 0.94
"""Cut-off of the kernel, as a share of half the lower rate."""
KAISER = 7.0
LARGEST_PHASES = 4096
"""A rate is taken as the nearest one whose ratio to 16 kHz has at most so many phases."""
AT_ONCE = 8192
"""Samples computed at once."""


@lru_cache(maxsize=16)
def _ratio(rate: float) -> Fraction:
    """Samples of the source for each at 16 kHz."""
    return Fraction(rate / SAMPLE_RATE).limit_denominator(LARGEST_PHASES)


def _reach(rate: float) -> int:
    """Samples of the source to each side on which a sample at 16 kHz depends."""
    return math.ceil(CROSSINGS * max(rate / SAMPLE_RATE, 1.0))


def delay(rate: float) -> int:
    """Samples at 16 kHz by which a resampler of this rate lags behind what it was given; 0 at 16 kHz."""
    return 0 if rate == SAMPLE_RATE else math.ceil(_reach(rate) * SAMPLE_RATE / rate) + 1


@lru_cache(maxsize=16)
def _kernels(rate: float) -> np.ndarray:
    """Windowed sincs (phases, 2 reach) float32, one for each place between two samples of the source; sums are 1."""
    ratio, reach = _ratio(rate), _reach(rate)
    places = np.arange(ratio.denominator)[:, None] / ratio.denominator  # between two samples
    distance = np.arange(1 - reach, reach + 1)[None] - places  # (phases, 2 reach)
    cutoff = PASS * min(1.0, SAMPLE_RATE / rate)
    window = np.i0(KAISER * np.sqrt((1 - (distance / reach) ** 2).clip(0)))
    kernels = np.sinc(cutoff * distance) * window
    return (kernels / kernels.sum(1, keepdims=True)).astype(np.float32)


class Resampler:
    """Brings samples of any rate to 16 kHz by a windowed sinc; sample i is at ``i / 16000`` seconds of the source.

    Args:
        rate: of the source in Hz.
    """

    def __init__(self, rate: float) -> None:
        self.rate, self.ratio = rate, _ratio(rate)
        self.reach = _reach(rate)
        self.buffer = np.zeros(self.reach - 1, np.float32)
        self.origin = 1 - self.reach  # sample of the source that the buffer begins with
        self.given = 0  # samples at 16 kHz

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take in the next samples (n,) float32 of the source, and give those at 16 kHz that they complete."""
        if self.rate == SAMPLE_RATE:
            return samples
        self.buffer = np.concatenate([self.buffer, samples])
        ends = self.origin + len(self.buffer)
        ready = max(math.ceil((ends - self.reach) / self.ratio), 0)  # sample i needs those up to floor(i ratio) + reach
        pieces = []
        while self.given < ready:
            stop = min(ready, self.given + AT_ONCE)
            pieces.append(self._read(np.arange(self.given, stop)))
            self.given = stop
        spent = int(self.given * self.ratio) + 1 - self.reach - self.origin
        self.buffer, self.origin = self.buffer[spent:], self.origin + spent
        return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)

    def _read(self, places: np.ndarray) -> np.ndarray:
        """The samples at 16 kHz of some places."""
        whole, phase = np.divmod(places * self.ratio.numerator, self.ratio.denominator)
        first = whole + 1 - self.reach - self.origin
        windows = np.lib.stride_tricks.sliding_window_view(self.buffer, 2 * self.reach)[first]  # (n, 2 reach)
        return np.einsum("nk,nk->n", windows, _kernels(self.rate)[phase])
