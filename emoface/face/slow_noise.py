"""Smooth noise that is the same however the time is cut into pieces, and the draws it is made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

KNOTS = 16  # drawn at once


def draw(seed: int, sequence: int, number: int) -> np.random.Generator:
    """The generator of event ``number`` of a sequence; sequences of one seed are independent."""
    return np.random.default_rng((seed, sequence, number))


@lru_cache(maxsize=1024)
def _knots(seed: int, sequence: int, number: int, channels: int) -> np.ndarray:
    """Block ``number`` of the knots of an octave, (KNOTS, channels); kept, for streams ask for few frames at a time."""
    drawn = draw(seed, sequence, number).standard_normal((KNOTS, channels))
    drawn.flags.writeable = False
    return drawn


def ease(x: Any) -> Any:
    """Smooth step from 0 to 1 over 0..1."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3 - 2 * x)


def slow_noise(
    seed: int, sequence: int, fps: float, first: int, frames: int, channels: int, spacings: Sequence[float]
) -> np.ndarray:
    """Noise of about unit deviation: the mean of octaves, each eased between random knots.

    Args:
        seed, sequence: what is drawn; octave k takes ``sequence + k``. fps: frames per second.
        first, frames: which frames, T. channels: C. spacings: seconds between the knots of each octave.

    Returns:
        (T, C).
    """
    total = np.zeros((frames, channels))
    for octave, spacing in enumerate(spacings if frames else ()):
        position = (first + np.arange(frames) + 0.5) / (fps * spacing)
        low = np.floor(position).astype(int)
        blocks = range(low[0] // KNOTS, (low[-1] + 1) // KNOTS + 1)
        knots = np.concatenate([_knots(seed, sequence + octave, n, channels) for n in blocks])
        place = low - blocks[0] * KNOTS
        blend = ease(position - low)[:, None]
        total += knots[place] * (1 - blend) + knots[place + 1] * blend
    return total / math.sqrt(len(spacings))
