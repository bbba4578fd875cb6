"""The level of a voice: quiet speech is raised, noise at any level and ordinary recordings are left alone."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import emoface
from emoface.audio.level import LOUD, QUIET, VoiceLevel
from emoface.audio.load import open_audio
from emoface.demo import demo_path
from emoface.face.layout import MOTION_INDEX, MOTION_NAMES, MOUTH

RATE = 16000


def decibels(samples: np.ndarray) -> float:
    return 10 * float(np.log10((samples.astype(np.float64) ** 2).mean()))


def at(samples: np.ndarray, level: float) -> np.ndarray:
    """The samples at a root mean square of ``level`` dB below full scale."""
    return (samples * 10 ** ((level - decibels(samples)) / 20)).astype(np.float32)


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    return open_audio(demo_path()).waveform().numpy()


def noises(seconds: float = 8.0) -> dict[str, np.ndarray]:
    """Sounds without a voice."""
    rng = np.random.default_rng(0)
    count = int(seconds * RATE)
    white = rng.standard_normal(count)
    spectrum, place = np.fft.rfft(white), np.arange(count // 2 + 1).clip(1)
    time = np.arange(count) / RATE
    clicks = 0.05 * white
    for start in range(0, count - 400, RATE // 3):
        clicks[start : start + 400] += 3 * np.exp(-np.arange(400) / 80) * rng.standard_normal(400)
    padded = white.copy()
    padded[: RATE // 2] = padded[-RATE // 2 :] = 0
    return {
        "white": white, "pink": np.fft.irfft(spectrum / np.sqrt(place)), "brown": np.fft.irfft(spectrum / place),
        "hum": np.sin(2 * np.pi * 50 * time) + 0.3 * np.sin(2 * np.pi * 150 * time), "clicks": clicks,
        "between zeros": padded, "last bit": np.round(0.2 * white),
    }  # fmt: skip


@pytest.mark.parametrize("name", list(noises(1.0)))
@pytest.mark.parametrize("level", [-20.0, -60.0, -120.0])
def test_noise_is_no_voice_at_any_level(name: str, level: float) -> None:
    audio = open_audio(at(noises()[name], level), RATE)
    assert audio.gain == 1


@pytest.mark.parametrize("level", [-30.0, -45.0, -57.0, -146.0, 60.0])
def test_quiet_and_unscaled_voices_are_brought_to_one_level(voice: np.ndarray, level: float) -> None:
    audio = open_audio(at(voice, level), RATE)
    meter = VoiceLevel(RATE)
    for block in audio.heard():
        meter.add(block.numpy())
    assert meter.level() == pytest.approx(QUIET if level < 0 else LOUD, abs=0.1)
    np.testing.assert_array_equal(audio.waveform().numpy(), at(voice, level))  # the sound itself stays as it is


def test_ordinary_levels_are_left_alone(voice: np.ndarray) -> None:
    for level in (-27.0, -20.0, -14.0, -3.0):
        audio = open_audio(at(voice, level), RATE)
        assert audio.gain == 1 and all(np.array_equal(a, b) for a, b in zip(audio.heard(), audio.blocks(), strict=True))


def test_recordings_at_hand_are_left_alone(assets: Path) -> None:
    folders = ("a2f_samples", "emodb", "facegood", "ljspeech32")
    paths = [path for folder in folders for path in sorted((assets / folder).rglob("*.wav"))]
    assert len(paths) > 30
    assert {path.name for path in paths[:: max(1, len(paths) // 60)] if open_audio(path).gain != 1} == set()


def test_the_level_does_not_depend_on_the_blocks(voice: np.ndarray) -> None:
    levels = set()
    for size in (1000, 16000, len(voice)):
        meter = VoiceLevel(RATE)
        for start in range(0, len(voice), size):
            meter.add(voice[start : start + size])
        levels.add(meter.level())
    assert len(levels) == 1


def test_noise_over_a_quiet_voice_and_a_long_pause_do_not_hide_it(voice: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    quiet = at(voice, -50) + at(rng.standard_normal(len(voice)), -65)
    pause = at(rng.standard_normal(120 * RATE), -65)
    alone, long = (open_audio(samples, RATE).gain for samples in (quiet, np.concatenate([pause, quiet, pause])))
    assert alone > 10 and long == pytest.approx(alone, rel=0.1)


def test_tiny_recordings_have_a_level() -> None:
    for count in (1, 100, 641, 5000):
        meter = VoiceLevel(RATE)
        meter.add(np.ones(count, np.float32))
        assert meter.level() is None and meter.gain() == 1


def mouth(samples: np.ndarray) -> np.ndarray:
    motion = emoface.animate((samples, RATE), emotion="neutral", blink=False, gaze=False).motion
    return motion[:, list(MOUTH)]


@pytest.mark.parametrize("level", [-45.0, -51.0, -57.0])
def test_quiet_speech_keeps_its_lips(voice: np.ndarray, level: float) -> None:
    loud, quiet = mouth(voice), mouth(at(voice, level))
    assert np.abs(np.diff(quiet, axis=0)).sum() >= 0.95 * np.abs(np.diff(loud, axis=0)).sum()
    jaw = list(MOUTH).index(MOTION_INDEX["jaw_pose_x"])
    assert np.corrcoef(loud[:, jaw], quiet[:, jaw])[0, 1] > 0.97


@pytest.mark.parametrize("name", ["white", "pink", "hum"])
def test_a_room_without_a_voice_rests_and_warns_once(name: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        motion = mouth(at(noises(3.0)[name], -60))
    assert [str(w.message) for w in caught if "counts as silence" in str(w.message)] != []
    pressing, lowered = (
        [place for place, i in enumerate(MOUTH) if MOTION_NAMES[i].startswith(shape)]
        for shape in ("mouthPress", "mouthLowerDown")
    )
    moved = np.abs(np.diff(motion, axis=0)).max(0)
    assert moved[pressing].max() < 0.08, "what keeps nearly shut lips together"
    assert moved[lowered].max() < 0.03, "what eyes bring that widen"
    assert len(caught) == 1 and np.delete(moved, pressing + lowered).max() < 0.02


def test_a_voice_does_not_warn(voice: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mouth(voice)
        mouth(at(voice, -57))
