"""Channels of opposite sign, and the scale of integers of 64 bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from emoface.audio.channels import ChannelSigns, integer_half_range
from emoface.audio.load import open_audio
from emoface.demo import demo_path

RATE = 16000


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    return open_audio(demo_path()).waveform().numpy()


def test_opposite_channels_do_not_cancel(voice: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.stack([voice, -voice], 1), RATE, subtype="FLOAT")
    for source in ((np.stack([voice, -voice]), RATE), path):
        audio = open_audio(source)
        np.testing.assert_array_equal(audio.waveform().numpy(), voice)
        np.testing.assert_array_equal(torch.cat(list(audio.blocks(5000))).numpy(), voice)
        assert audio.gain == open_audio(voice, RATE).gain


def test_partly_opposite_channels_take_the_sign_of_the_loudest(voice: np.ndarray) -> None:
    noise = np.random.default_rng(0).standard_normal(len(voice)).astype(np.float32) * 0.05
    mixed = open_audio(np.stack([voice, noise, -0.8 * voice + noise], 1), RATE).waveform().numpy()
    np.testing.assert_allclose(mixed, (1.8 * voice) / 3, atol=1e-6)


def test_a_long_file_of_opposite_channels(tmp_path: Path) -> None:
    tone = 0.1 * np.sin(np.arange(2_500_000) * 0.05).astype(np.float32)  # longer than what is kept in memory
    path = tmp_path / "long.flac"
    soundfile.write(path, np.stack([tone, -tone], 1), 48000)
    total = sum(float(block.square().sum()) for block in open_audio(path).blocks(160_000))
    assert total == pytest.approx(float((tone.astype(np.float64) ** 2).sum()) / 3, rel=0.01)


@pytest.mark.parametrize("other", ["same", "silent", "independent", "offset"])
def test_other_channels_are_averaged_as_they_are(voice: np.ndarray, other: str) -> None:
    noise = np.random.default_rng(0).standard_normal(len(voice)).astype(np.float32) * 0.1
    second = {"same": voice, "silent": 0 * voice, "independent": noise, "offset": voice - 0.5}[other]
    pair = np.stack([voice, second], 1)
    np.testing.assert_array_equal(open_audio(pair, RATE).waveform().numpy(), pair.mean(1, dtype=np.float32))


def test_signs_do_not_depend_on_the_blocks(voice: np.ndarray) -> None:
    pair = np.stack([-0.5 * voice, voice], 1)
    for size in (700, 16000, len(voice)):
        found = ChannelSigns(2)
        for start in range(0, len(pair), size):
            found.add(pair[start : start + size])
        assert found.signs().tolist() == [-1, 1]
    few = ChannelSigns(2)
    few.add(pair[:500])
    assert few.signs() is None


@pytest.mark.parametrize("kind", [np.int64, torch.int64])
@pytest.mark.parametrize("bits", [16, 24, 32])
def test_64_bit_integers_that_hold_less_are_scaled_by_it(voice: np.ndarray, kind: object, bits: int) -> None:
    values = np.round(voice / np.abs(voice).max() * (2 ** (bits - 1) - 1)).astype(np.int64)
    source = torch.from_numpy(values) if kind is torch.int64 else values
    heard = open_audio(source, RATE).waveform().numpy()
    np.testing.assert_allclose(heard, voice / np.abs(voice).max(), atol=1e-4)


def test_half_ranges() -> None:
    for dtype, low, high, bits in [
        ("int16", -1, 1, 16), ("int32", -1, 1, 32), ("int64", -32768, 32767, 16), ("int64", 0, 32768, 24),
        ("int64", -(2**63), 0, 64), ("uint64", 0, 65535, 16), ("uint64", 0, 65536, 24), ("uint64", 0, 2**64 - 1, 64),
    ]:  # fmt: skip
        assert integer_half_range(np.array([low, high], dtype)) == 2.0 ** (bits - 1)
