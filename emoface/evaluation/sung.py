"""Sung phrases of a formant synthesiser: long vowels with vibrato, consonants, rests with breath, hummed tones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emoface.audio.features import SAMPLE_RATE

FORMANTS: dict[str, tuple[float, ...]] = {
    "a": (800, 1200, 2600, 3300, 4200), "e": (480, 1850, 2550, 3400, 4300), "i": (300, 2250, 3000, 3500, 4400),
    "o": (480, 850, 2550, 3300, 4200), "u": (320, 720, 2400, 3300, 4200), "m": (260, 1050, 2200, 3200, 4100),
}  # fmt: skip
"""Resonances in Hz of five vowels as singers shape them between man and woman, and of closed lips."""
WIDTHS = (80.0, 100.0, 140.0, 200.0, 260.0)
"""Their bandwidths in Hz; those of closed lips are twice as wide."""
HUM = "m"
VIBRATO_HZ, VIBRATO_SEMITONES, VIBRATO_AFTER = 5.5, 0.35, 0.25
"""Rate and depth of the vibrato, and the seconds of a note before it sets in."""
NASAL, GLIDE = 0.09, 0.05
"""Seconds of closed lips before a syllable with m, and in which one sound goes over into the next."""
BREATH = 0.28
"""Seconds of breath before a note that follows a rest."""


@dataclass(frozen=True)
class Note:
    """A note, or a rest.

    Attributes:
        sung: a vowel of ``FORMANTS``, with ``m`` before it where it begins so; ``m`` alone is hummed; empty for a rest.
        midi: pitch, 69 is 440 Hz. seconds: how long it lasts.
    """

    sung: str
    midi: float
    seconds: float

    @property
    def vowel(self) -> str:
        """What is held."""
        return self.sung[-1:]


def sing(notes: Sequence[Note], seed: int = 0, vibrato: float = 1.0) -> np.ndarray:
    """Sing a phrase: a buzz of the vocal folds through five resonators, breath noise in rests.

    Args:
        notes: one after the other. seed: of the noise. vibrato: scale of its depth.

    Returns:
        (N,) float32 at 16 kHz, peak 0.5.
    """
    rng = np.random.default_rng(seed)
    lengths = [round(note.seconds * SAMPLE_RATE) for note in notes]
    total = sum(lengths)
    pitch, gain, breath = np.full(total, 60.0), np.zeros(total), np.zeros(total)
    courses = np.empty((total, 5))  # Hz
    wide = np.ones(total)
    start = 0
    for number, (note, length) in enumerate(zip(notes, lengths)):
        own = slice(start, start + length)
        seconds = np.arange(length) / SAMPLE_RATE
        shape = note.vowel or (notes[number + 1].vowel if number + 1 < len(notes) else "a")
        courses[own], wide[own] = FORMANTS[shape], 2.0 if shape == HUM else 1.0
        if note.sung:
            since = (seconds - VIBRATO_AFTER).clip(0)
            depth = vibrato * VIBRATO_SEMITONES * (1 - np.exp(-since / 0.2))
            pitch[own] = note.midi + depth * np.sin(2 * math.pi * VIBRATO_HZ * since)
            before_rest = number + 1 == len(notes) or not notes[number + 1].sung
            after_rest = number == 0 or not notes[number - 1].sung
            edge = np.ones(length)
            if after_rest:
                edge *= (seconds / 0.06).clip(0, 1)
            if before_rest:
                edge *= ((note.seconds - seconds) / 0.09).clip(0, 1)
            gain[own] = edge * (0.45 if shape == HUM else 1.0)
            if note.sung[0] == HUM and shape != HUM:
                closed = slice(start, start + round(NASAL * SAMPLE_RATE))
                courses[closed], wide[closed] = FORMANTS[HUM], 2.0
                gain[closed] *= 0.35
        else:
            taken = (note.seconds - seconds < BREATH) & (note.seconds - seconds > 0.04)
            breath[own] = 0.02 * taken * np.sin(math.pi * (note.seconds - seconds - 0.04) / (BREATH - 0.04)).clip(0)
            pitch[own] = pitch[start - 1] if start else notes[min(number + 1, len(notes) - 1)].midi
        start += length
    courses, wide = _glided(np.log(courses)), _glided(wide[:, None])[:, 0]
    pitch, gain = _glided(pitch[:, None])[:, 0], _glided(gain[:, None], 0.015)[:, 0]
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    phase = np.cumsum(hertz) / SAMPLE_RATE
    source = gain * _buzz(phase, hertz) + 0.01 * gain * rng.standard_normal(total)
    noise = breath * rng.standard_normal(total)
    sound = _resonated(source + noise, np.exp(courses), wide)
    return (0.5 * sound / max(np.abs(sound).max(), 1e-9)).astype(np.float32)


def _glided(values: np.ndarray, seconds: float = GLIDE) -> np.ndarray:
    """Courses (N, C) without steps: a moving mean."""
    width = round(seconds * SAMPLE_RATE) | 1
    padded = np.concatenate([np.repeat(values[:1], width // 2, 0), values, np.repeat(values[-1:], width // 2, 0)])
    sums = np.cumsum(np.concatenate([np.zeros_like(padded[:1]), padded]), 0)
    return (sums[width:] - sums[:-width]) / width


def _buzz(phase: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    """Harmonics that fall by 9 dB an octave, below half of the sampling rate."""
    sound = np.zeros_like(phase)
    for harmonic in range(1, int(7600 / hertz.min()) + 1):
        there = ((7600 - harmonic * hertz) / 400).clip(0, 1)
        sound += there * np.sin(2 * math.pi * harmonic * phase) / harmonic**1.5
    return sound


def _resonated(sound: np.ndarray, courses: np.ndarray, wide: np.ndarray) -> np.ndarray:
    """Sound (N,) through resonators one behind the other, whose Hz (N, 5) change every few milliseconds.

    Each is ``y_n = (1 - 2 r cos w + r^2) x_n + 2 r cos w y_{n-1} - r^2 y_{n-2}`` (Klatt 1980).
    """
    from math import cos, exp, pi

    every = 80
    for number, width in enumerate(WIDTHS):
        out = np.empty(len(sound))
        last, before = 0.0, 0.0
        for begin in range(0, len(sound), every):
            r = exp(-pi * width * wide[begin] / SAMPLE_RATE)
            b, c = 2 * r * cos(2 * pi * courses[begin, number] / SAMPLE_RATE), -r * r
            a = 1 - b - c
            for place, value in enumerate(sound[begin : begin + every].tolist(), begin):
                out[place] = now = a * value + b * last + c * before
                before, last = last, now
        sound = out
    return sound
