"""Resampling of a voice that arrives: the same for every chunking, faithful, and with a short delay."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emoface.audio.arriving import ArrivingVoice
from emoface.audio.features import log_mel
from emoface.audio.resampler import Resampler, delay

RATES = [8000, 11025, 16000, 22050, 44100, 48000, 192000]


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_keeps_its_place(rate: int) -> None:
    """Sample i is what the source is at i / 16000 s; tones beyond what 16 kHz holds are gone."""
    seconds = np.arange(rate // 4) / rate
    tone = np.sin(2 * np.pi * 1000 * seconds).astype(np.float32)
    got = Resampler(rate).push(tone)
    want = np.sin(2 * np.pi * 1000 * np.arange(len(got)) / 16000)
    np.testing.assert_allclose(got[100:], want[100:], atol=2e-3)
    assert len(got) >= 4000 - delay(rate)
    if rate > 32000:
        high = np.sin(2 * np.pi * 11000 * seconds).astype(np.float32)
        assert np.abs(Resampler(rate).push(high)[100:]).max() < 2e-3


@pytest.mark.parametrize("rate", RATES)
def test_nothing_depends_on_the_chunks(rate: int) -> None:
    samples = np.random.default_rng(1).normal(size=rate // 5).astype(np.float32)
    whole = Resampler(rate).push(samples)
    for size in (1 if rate == 8000 else 13, 441):
        one = Resampler(rate)
        pieces = [one.push(samples[start : start + size]) for start in range(0, len(samples), size)]
        np.testing.assert_array_equal(np.concatenate(pieces), whole)


@pytest.mark.parametrize("rate", RATES)
def test_mels_of_a_frame_are_ready_when_its_audio_is_there(rate: int) -> None:
    voice = ArrivingVoice(rate)
    voice.push(np.zeros(round(rate * 0.4) - 1, np.float32))
    assert voice.ready in (9, 10)
    voice.push(np.zeros(1, np.float32))
    assert voice.ready == 10


def test_mels_are_those_of_the_recording_two_and_a_half_milliseconds_late() -> None:
    samples = np.random.default_rng(2).normal(size=16000).astype(np.float32)
    voice = ArrivingVoice(16000)
    read = []
    for start in range(0, 16000, 700):
        voice.push(samples[start : start + 700])
        if voice.ready > voice.read_to:
            read.append(voice.read(voice.ready))
    late = torch.from_numpy(np.concatenate([np.zeros(40, np.float32), samples]))
    torch.testing.assert_close(torch.cat(read), log_mel(late, 25))
