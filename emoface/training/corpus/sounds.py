"""Sounds that lie under or over a voice: noise, other voices, music."""

from __future__ import annotations

import numpy as np

from emoface.audio.features import SAMPLE_RATE

_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))  # semitones: major, minor
_CHORDS = ((0, 2, 4), (3, 5, 7), (4, 6, 8), (5, 7, 9))  # steps of the scale


def shaped_noise(count: int, rng: np.random.Generator) -> np.ndarray:
    """(count,) float32 noise with a random smooth spectrum, of unit mean square; it may swell and fade."""
    size = 1 << max(count - 1, 1).bit_length()
    spectrum = np.fft.rfft(rng.standard_normal(size, np.float32))
    decibels = np.interp(np.linspace(0, 1, len(spectrum)), np.linspace(0, 1, 7) ** 2, rng.normal(0, 9, 7))
    noise = np.fft.irfft(spectrum * 10 ** (decibels / 20), size)[:count]
    if rng.random() < 0.5:
        beats = count / SAMPLE_RATE * rng.uniform(0.3, 4)
        noise *= 1 + rng.uniform(0.2, 0.95) * np.sin(np.linspace(0, 2 * np.pi * beats, count) + rng.uniform(0, 6.3))
    return unit_level(noise)


def random_music(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A few bars of chords, bass, melody and drums that never sounded before, of unit mean square.

    Args:
        seconds: length. rng: source of key, tempo, instruments and tune.

    Returns:
        (N,) float32 at 16 kHz.
    """
    count = int(seconds * SAMPLE_RATE)
    mix = np.zeros(count)
    beat = 60 / rng.uniform(60, 150)
    key, scale = rng.uniform(50, 62), np.array(_SCALES[rng.integers(2)])
    parts = [part for part in ("chords", "bass", "melody", "drums") if rng.random() < 0.7] or ["chords"]
    timbres = {part: _timbre(rng) for part in parts}
    levels = {part: 10 ** (rng.uniform(-10, 0) / 20) for part in parts}
    for number in range(int(seconds / beat) + 1):
        if number % 4 == 0:
            chord = _CHORDS[rng.integers(len(_CHORDS))]
        start = number * beat
        if "chords" in parts and number % 4 == 0:
            for step in chord:
                _add(mix, start, levels["chords"] * _note(_pitch(key, scale, step), 4 * beat, timbres["chords"], rng))
        if "bass" in parts and rng.random() < 0.8:
            _add(mix, start, levels["bass"] * 2 * _note(_pitch(key - 24, scale, chord[0]), beat, timbres["bass"], rng))
        if "melody" in parts:
            for half in range(int(rng.integers(1, 3))):
                pitch = _pitch(key + 12, scale, int(rng.integers(0, 10)))
                note = _note(pitch, beat * rng.uniform(0.4, 1.2), timbres["melody"], rng)
                _add(mix, start + half * beat / 2, levels["melody"] * 2 * note)
        if "drums" in parts:
            for half in range(2):
                if rng.random() < 0.7:
                    _add(mix, start + half * beat / 2, levels["drums"] * 3 * _drum(rng))
    return unit_level(mix)


def unit_level(samples: np.ndarray) -> np.ndarray:
    """The samples scaled to a mean square of 1, float32; silence stays."""
    return (samples / (np.sqrt(np.mean(np.square(samples))) + 1e-9)).astype(np.float32)


def _timbre(rng: np.random.Generator) -> tuple[np.ndarray, float, float]:
    """Strengths of the harmonics, decay per second, vibrato in semitones."""
    count = int(rng.integers(3, 14))
    strengths = np.arange(1, count + 1) ** -rng.uniform(0.5, 2.0) * rng.uniform(0.3, 1, count)
    return strengths, rng.choice([0.3, 2.0, 6.0]), rng.choice([0.0, 0.0, 0.3])


def _pitch(key: float, scale: np.ndarray, step: int) -> float:
    """Hertz of a step of a scale that begins on MIDI note ``key``."""
    return 440 * 2 ** ((key + scale[step % 7] + 12 * (step // 7) - 69) / 12)


def _note(
    hertz: float, seconds: float, timbre: tuple[np.ndarray, float, float], rng: np.random.Generator
) -> np.ndarray:
    strengths, decay, vibrato = timbre
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    bend = 2 ** (vibrato * np.sin(2 * np.pi * 5.5 * time) / 12)
    phase = 2 * np.pi * np.cumsum(hertz * bend) / SAMPLE_RATE
    partials = [
        strength * np.sin(number * phase + rng.uniform(0, 6.3))
        for number, strength in enumerate(strengths, 1)
        if number * hertz < 0.45 * SAMPLE_RATE
    ]
    envelope = np.minimum(1, time / 0.01) * np.minimum(1, np.maximum(seconds - time, 0) / 0.03) * np.exp(-decay * time)
    return np.sum(partials, 0) * envelope if partials else np.zeros(len(time))


def _drum(rng: np.random.Generator) -> np.ndarray:
    """A bass drum, a snare or a cymbal."""
    time = np.arange(int(0.2 * SAMPLE_RATE)) / SAMPLE_RATE
    if rng.random() < 0.4:
        return np.sin(2 * np.pi * (50 * time + 6 * (1 - np.exp(-time / 0.04)) / 2)) * np.exp(-time / 0.08)
    noise = rng.standard_normal(len(time))
    noise = noise if rng.random() < 0.5 else np.diff(noise, prepend=0.0)
    return noise * np.exp(-time / rng.choice([0.015, 0.06]))


def _add(mix: np.ndarray, start: float, sound: np.ndarray) -> None:
    first = int(start * SAMPLE_RATE)
    room = max(len(mix) - first, 0)
    mix[first : first + len(sound)] += sound[:room]
