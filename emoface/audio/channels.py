"""From the samples of a source to one channel of floats: the scale of integers, and channels of opposite sign."""

from __future__ import annotations

import numpy as np

OPPOSITE = -0.5
"""Correlation with the loudest channel below which a channel is turned round before channels are averaged."""
LEAST_SAMPLES = 1000
"""Samples that a correlation is trusted from."""
_WIDTHS = (16, 24, 32, 64)


def integer_half_range(samples: np.ndarray) -> float:
    """The value that stands for 1 in an array of integers.

    That is half the range of its type. No recording has 64 bits a sample, but that is what numpy and torch make of
    plain numbers: of 64-bit arrays it is half of the least range of 16, 24, 32 or 64 bits that holds all samples.
    """
    bits = 8 * samples.dtype.itemsize
    if bits == 64:
        signed = samples.dtype.kind == "i"
        low, high = int(samples.min()), int(samples.max())
        peak = max(-low, high + 1) if signed else (high + 2) // 2  # of the half range
        bits = next(width for width in _WIDTHS if peak <= 2 ** (width - 1))
    return 2.0 ** (bits - 1)


def scaled(block: np.ndarray, half: float) -> np.ndarray:
    """Float samples of a block: integers mapped to -1..1, unsigned ones centred first; floats unchanged."""
    if block.dtype.kind == "f":
        return block
    wide = block.astype(np.float64)
    return (wide - half if block.dtype.kind == "u" else wide) / half


def mix(block: np.ndarray, signs: np.ndarray | None = None) -> np.ndarray:
    """Average of the channels, each times its sign: (n,) or (n, C) and (C,) -> (n,) float32."""
    if block.ndim == 2:
        if signs is not None:
            block = block * signs.astype(block.dtype)
        block = block.mean(axis=1, dtype=np.promote_types(block.dtype, np.float32))
    with np.errstate(all="ignore"):  # what float32 cannot hold becomes infinite and is reported
        return np.ascontiguousarray(block, dtype=np.float32)


class ChannelSigns:
    """Finds channels that carry the same sound with opposite sign, which averaging would cancel.

    Args:
        channels: C.
    """

    def __init__(self, channels: int) -> None:
        self.count = 0
        self.sums = np.zeros(channels)
        self.products = np.zeros((channels, channels))

    def add(self, block: np.ndarray) -> None:
        """Take in samples (n, C) that follow those seen before."""
        wide = block.astype(np.float64)
        self.count += len(wide)
        self.sums += wide.sum(0)
        self.products += wide.T @ wide

    def signs(self) -> np.ndarray | None:
        """-1 for a channel whose correlation with the loudest one is below -0.5, else 1: (C,); None if all are 1."""
        if self.count < LEAST_SAMPLES:
            return None
        covariance = self.products - np.outer(self.sums, self.sums) / self.count
        power = np.diag(covariance).clip(0)
        loudest = int(power.argmax())
        with np.errstate(all="ignore"):
            correlation = covariance[loudest] / np.sqrt(power * power[loudest])  # NaN for a channel without sound
        opposite = correlation < OPPOSITE
        return np.where(opposite, -1.0, 1.0) if opposite.any() else None
