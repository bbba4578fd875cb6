"""Changes of voice, room and line on raw log-mels; noise is the one that matters, the rest is insurance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from emoface.audio.features import HIGH_HZ, LOW_HZ, MEL_BINS, MEL_RATE, POWER_FLOOR

KINDS = ("formant", "eq", "reverb", "noise", "codec")


@lru_cache(maxsize=1)
def _band_hertz() -> np.ndarray:
    mel = 2595 * np.log10(1 + np.array([LOW_HZ, HIGH_HZ]) / 700)
    return 700 * (10 ** (np.linspace(mel[0], mel[1], MEL_BINS + 2)[1:-1] / 2595) - 1)


def _formant(mel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Stretch the frequency axis by up to 17 %: a longer or shorter vocal tract."""
    hertz = _band_hertz()
    position = np.interp(hertz * np.exp(rng.uniform(-0.16, 0.16)), hertz, np.arange(MEL_BINS))
    low = np.minimum(position.astype(int), MEL_BINS - 2)
    share = (position - low).astype(np.float32)
    return mel[:, low] * (1 - share) + mel[:, low + 1] * share


def _eq(mel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gain, tilt and one ripple over frequency."""
    ripple = np.cos(np.linspace(0, np.pi * rng.uniform(1, 4), MEL_BINS) + rng.uniform(0, 6.3))
    curve = rng.uniform(-2, 2) + rng.uniform(-1.5, 1.5) * np.linspace(-1, 1, MEL_BINS) + rng.uniform(-1, 1) * ripple
    return np.maximum(mel + curve, np.log(POWER_FLOOR))


def _reverb(mel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add an exponential tail of 0.1 to 0.6 s to the power."""
    decay = np.exp(-13.8 / (rng.uniform(0.1, 0.6) * MEL_RATE))
    tail = decay ** np.arange(1, MEL_RATE // 2)
    tail *= rng.uniform(0.02, 0.4) / tail.sum()
    power = np.exp(mel)
    size = 1 << (len(mel) + len(tail)).bit_length()
    spectrum = np.fft.rfft(power, size, axis=0) * np.fft.rfft(tail, size)[:, None]
    wet = np.fft.irfft(spectrum, size, axis=0)[: len(mel) - 1]
    power[1:] += np.maximum(wet, 0)
    return np.log(power)


def _noise(mel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Steady noise, its mean level 9 to 39 dB below the clip's peak bin, tilted over frequency."""
    level = (mel.max() - rng.uniform(2, 9) - rng.uniform(-1, 2) * np.linspace(0, 1, MEL_BINS)).astype(np.float32)
    return np.logaddexp(mel, level + 0.4 * rng.standard_normal(mel.shape, np.float32))


def _codec(mel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cut the bands above 2.6 to 6.6 kHz, as a telephone or a codec does."""
    cut = mel.copy()
    cut[:, rng.integers(38, 60) :] = np.log(POWER_FLOOR) + rng.uniform(0, 3)
    return np.minimum(cut, mel)


_AUGMENTERS = {
    "formant": (_formant, 0.6),
    "eq": (_eq, 1.0),
    "reverb": (_reverb, 0.35),
    "noise": (_noise, 0.6),
    "codec": (_codec, 0.25),
}


def augment_mel(mel: np.ndarray, rng: np.random.Generator, kinds: Sequence[str] = KINDS) -> np.ndarray:
    """Randomly change the voice, room and line of a raw (not normalised) log-mel.

    Args:
        mel: (2 T, 64) log-mel.
        rng: source of the variation.
        kinds: which of ``KINDS`` may happen; each has its own probability.

    Returns:
        (2 T, 64) float32, a new array.

    Raises:
        ValueError: unknown kind.
    """
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        raise ValueError(f"kinds must be among {KINDS}, got {unknown}")
    mel = np.array(mel, np.float32)
    for kind in KINDS:
        change, probability = _AUGMENTERS[kind]
        if kind in kinds and len(mel) and rng.random() < probability:
            mel = change(mel, rng)
    return mel.astype(np.float32)


def stretch_time(values: np.ndarray, factor: float) -> np.ndarray:
    """Play a sequence faster (factor > 1) or slower about its middle, keeping its length; ends are held.

    Args:
        values: (N, C).
        factor: speed.

    Returns:
        (N, C) float32.
    """
    middle = (len(values) - 1) / 2
    position = np.clip((np.arange(len(values)) - middle) * factor + middle, 0, len(values) - 1)
    low = np.minimum(position.astype(int), max(len(values) - 2, 0))
    share = (position - low)[:, None].astype(np.float32)
    high = np.minimum(low + 1, len(values) - 1)
    return (values[low] * (1 - share) + values[high] * share).astype(np.float32)
