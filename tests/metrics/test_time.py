"""Beats, offset and spectra on signals whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.metrics.beats import audio_beats, beat_alignment, chance_alignment, motion_beats
from emoface.metrics.jitter import acceleration_excess, jerk_excess, spectrum
from emoface.metrics.sync import audio_motion_offset


def test_motion_pauses_are_beats() -> None:
    seconds = np.arange(200) / 25
    curve = np.sin(np.pi * seconds)[:, None]  # speed |cos|: at rest at 0.5, 1.5, ... s
    beats = motion_beats(curve) / 25
    assert beats[:7] == pytest.approx(np.arange(0.5, 7, 1), abs=0.05)
    with pytest.raises(ValueError, match="must move"):
        motion_beats(np.ones((10, 2)))


def test_onsets_of_a_voice_are_beats() -> None:
    mel = np.zeros((200, 8))
    for start in (40, 90, 150):
        mel[start : start + 20] = 5.0
    assert audio_beats(mel, 50) == pytest.approx(np.array([40, 90, 150]) / 50, abs=0.021)


def test_beat_alignment() -> None:
    voice = np.array([0.5, 1.5]) / 25  # centres of frames 0 and 1
    assert beat_alignment(voice, np.array([0.0, 1.0]), 25) == pytest.approx(1)
    assert beat_alignment(voice[:1], np.array([3.0]), 25) == pytest.approx(np.exp(-0.5))
    assert beat_alignment(voice[:1], np.array([3.0, 50.0]), 25) == pytest.approx(np.exp(-0.5)), "the nearest counts"
    with pytest.raises(ValueError, match="must have beats, got 2 and 0"):
        beat_alignment(voice, np.array([]), 25)


def test_many_beats_align_by_chance() -> None:
    voice = np.arange(1.0, 9)
    dense, sparse = np.arange(0, 250, 2.0), np.arange(24.5, 250, 25)
    assert beat_alignment(voice, dense, 25) > 0.9 and chance_alignment(voice, dense, 25, 10.0) > 0.9
    assert beat_alignment(voice, sparse, 25) > 0.9 and chance_alignment(voice, sparse, 25, 10.0) < 0.4


def test_a_wrong_audio_rate_loses_the_beats() -> None:
    voice, pauses = np.arange(1.0, 20), np.arange(24.5, 500, 25)
    assert beat_alignment(voice * 31.25 / 30, pauses, 25) < 0.8 < beat_alignment(voice, pauses, 25)


@pytest.mark.parametrize("late", [-3, 0, 2])
def test_offset_is_positive_where_the_mouth_is_late(late: int) -> None:
    voice = np.convolve(np.random.default_rng(0).normal(size=300), np.hanning(9), "same")
    assert audio_motion_offset(voice, np.roll(voice, late), 25) == pytest.approx(40 * late, abs=3)


def test_offset_is_finer_than_a_frame_and_refuses() -> None:
    seconds = np.arange(400) / 25

    def voice(t: np.ndarray) -> np.ndarray:
        return np.sin(2 * np.pi * 1.3 * t) + np.sin(2 * np.pi * 2.1 * t + 1)

    assert audio_motion_offset(voice(seconds), voice(seconds - 0.02), 25) == pytest.approx(20, abs=4)
    with pytest.raises(ValueError, match="at least"):
        audio_motion_offset(np.arange(20.0), np.arange(20.0), 25)
    with pytest.raises(ValueError, match="must vary"):
        audio_motion_offset(np.arange(100.0), np.ones(100), 25)
    with pytest.raises(ValueError, match="one length"):
        audio_motion_offset(np.arange(100.0), np.ones(99), 25)


def test_spectrum_of_a_sine_is_that_of_its_second_derivative() -> None:
    seconds = np.arange(500) / 50
    hertz, power = spectrum(0.1 * np.sin(2 * np.pi * 5 * seconds)[:, None], 50, 2)
    assert hertz[power.argmax()] == 5
    gain = (2 * np.sin(np.pi * 5 / 50) * 50) ** 4  # of the second difference at 5 Hz, squared
    assert power.sum() * (hertz[1] - hertz[0]) == pytest.approx(0.1**2 / 2 * gain, rel=0.02)


def test_excess_over_real_takes() -> None:
    rng = np.random.default_rng(0)
    real = np.cumsum(rng.normal(size=(500, 3)), 0)
    assert acceleration_excess(real, real, 25, 25) == pytest.approx(0)
    assert acceleration_excess(10 * real, real, 25, 25) == pytest.approx(20), "ten times the amplitude, 20 dB"
    kernel = np.ones(3) / 3
    calmer = np.stack([np.convolve(column, kernel, "same") for column in real.T], 1)
    assert max(jerk_excess(calmer, real, 25, 25), acceleration_excess(calmer, real, 25, 25)) < -3, "smoother than real"
    with pytest.raises(ValueError, match="25 fps and real ones 60"):
        acceleration_excess(real, real, 25, 60)
    with pytest.raises(ValueError, match="stillness"):
        acceleration_excess(np.zeros((500, 3)), real, 25, 25)
    with pytest.raises(ValueError, match="at least 52"):
        acceleration_excess(real[:40], real, 25, 25)
