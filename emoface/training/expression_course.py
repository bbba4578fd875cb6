"""The course of an expression over time: onset, swells with the voice's phrases, and holds that follow each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emoface.face.layout import FPS
from emoface.face.speech_marks import SpeechMark

from .facial_events import SIDES, ease

COUPLING, SWELL = 0.1, 0.12
"""How much an expression follows the loudness of its phrase, and how much it swells where one begins."""
HOLD, LEAST_HOLD = 1.8, 0.5
"""Mean and least time between two shifts of an expression, seconds."""
FORMS, SETTLES = (0.24, 0.75), (0.5, 1.5)
"""Seconds that a hold takes to form, and in which it settles."""
PEAK = 0.16
"""By how much a hold is exceeded at most when it has formed."""
HABIT, PURITY = 3.0, 1.1
"""Concentration of the Dirichlet distributions of a person's variants and of a hold's: below 1, mostly one shows."""
PERSON, SHIFT, REGION_SHIFT = 0.14, 0.1, 0.09
"""Deviations of the logarithms of a person's gain of each shape, of a hold's strength, and of a region's in it."""
FLUTTER, FLUTTER_FRAMES = 0.035, 11
"""Deviation of the quick changes of a region's strength while it is held, and frames over which they are smoothed."""
SIDE_PERSON, SIDE_SHIFT = 0.03, 0.08
"""Deviations of the logarithm by which one side is stronger, of a person and of a hold."""


def smooth_hann(values: np.ndarray, width: int) -> np.ndarray:
    """Moving average of a curve (T,) under a Hann window ``width`` frames wide, ends held."""
    window = np.hanning(width + 2)[1:-1]
    padded = np.pad(values, (width // 2, width - 1 - width // 2), "edge")
    return np.convolve(padded, window / window.sum(), "valid")


def flutter(frames: int, rng: np.random.Generator) -> np.ndarray:
    """Gain (T,) around 1 that changes all the time, within half a second: no muscle is held still."""
    noise = rng.standard_normal(frames + FLUTTER_FRAMES - 1)
    window = np.hanning(FLUTTER_FRAMES + 2)[1:-1]
    return 1 + FLUTTER * np.convolve(noise, window / np.sqrt((window**2).sum()), "valid")


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def course(frames: int, rng: np.random.Generator, loudness: np.ndarray) -> np.ndarray:
    """Onset, apex and sometimes offset of an expression, carried by the voice's phrases: (T,), about 1 at the apex.

    It swells at the beginning of a phrase, after a pause, and sinks while nobody speaks.

    Args:
        frames: T at 25 fps. rng: source of the variation. loudness: (T,) 0..1.2, 1 at the clip's loud level.
    """
    seconds = np.arange(frames) / FPS
    onset, rise = rng.uniform(-1.1, 0.25), rng.uniform(0.45, 1.0)
    envelope = _sigmoid((seconds - onset - rise / 2) / (rise / 6))
    if rng.random() < 0.15:
        release = seconds[-1] - rng.uniform(-0.3, 0.6)
        envelope = envelope * (1 - 0.5 * _sigmoid((seconds - release) / 0.12))
    voice = np.clip(loudness, 0, 1.2)
    slow = smooth_hann(voice, 35)
    swell = np.clip(slow - smooth_hann(voice, 91), -0.3, 0.6)
    return envelope * (0.93 + COUPLING * (slow - 0.5) + SWELL * swell)


@dataclass(frozen=True)
class Holds:
    """An expression is held, then shifts to another mixture of its variants, stronger or weaker.

    Attributes:
        begins, lengths: (K,) seconds at which a hold begins to form, and how long it takes.
        shapes: (K, C) at full strength. peaks: (K,) by how much a hold is exceeded when it forms, before it settles.
        settles: (K,) seconds within which it does.
    """

    begins: np.ndarray
    lengths: np.ndarray
    shapes: np.ndarray
    peaks: np.ndarray
    settles: np.ndarray

    def course(self, seconds: np.ndarray, channels: Sequence[int]) -> np.ndarray:
        """The held shapes (T, len(channels)) at times (T,)."""
        since = seconds[:, None] - self.begins  # (T, K)
        form = ease(since / self.lengths)
        form[:, 0] = 1
        held = form - np.pad(form, ((0, 0), (0, 1)))[:, 1:]  # (T, K), rows sum to 1
        peak = self.peaks * np.exp(-np.clip(since - self.lengths, 0, None) / self.settles)
        return (held * (1 + peak)) @ self.shapes[:, channels]


def draw_holds(
    variants: np.ndarray, length: float, regions: Sequence[Sequence[int]], rng: np.random.Generator,
    marks: Sequence[SpeechMark],
) -> Holds:  # fmt: skip
    """Holds of a clip; most shifts come with a stress or with a phrase.

    Args:
        variants: (V, C) ways of showing the emotion at full strength. length: of the clip in seconds.
        regions: channels that are shifted together. rng: of all that is drawn. marks: of the voice.
    """
    begins = [-2.0 - rng.uniform(0, 1)]
    while begins[-1] < length:
        begins.append(begins[-1] + LEAST_HOLD + rng.gamma(2.0, (HOLD - LEAST_HOLD) / 2))
    places = np.array([(mark.frame + 0.5) / FPS for mark in marks])
    for k in range(1, len(begins)):
        if len(places) and rng.random() < 0.6:
            near = places[np.abs(places - begins[k]).argmin()] - rng.uniform(0.1, 0.3)
            if abs(near - begins[k]) < 0.5 and near > begins[k - 1] + LEAST_HOLD:
                begins[k] = near
    count, channels = len(begins), variants.shape[1]
    habit = rng.dirichlet([HABIT] * len(variants))  # which variants a person shows more often
    shapes = rng.dirichlet(PURITY * len(variants) * habit + 0.05, count) @ variants  # (K, C)
    shapes = shapes * np.exp(PERSON * rng.standard_normal(channels) + SHIFT * rng.standard_normal((count, 1)))
    for region in regions:
        shapes[:, region] *= np.exp(REGION_SHIFT * rng.standard_normal((count, 1)))
    left, right = (list(side) for side in zip(*SIDES))
    tilt = SIDE_PERSON * rng.standard_normal() + SIDE_SHIFT * rng.standard_normal((count, 1))
    tilt = tilt + SIDE_SHIFT / 2 * rng.standard_normal((count, len(left)))
    shapes[:, left] *= np.exp(tilt)
    shapes[:, right] *= np.exp(-tilt)
    return Holds(
        np.array(begins), rng.uniform(*FORMS, count), shapes, rng.uniform(0, PEAK, count), rng.uniform(*SETTLES, count)
    )
