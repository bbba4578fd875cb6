"""Held sounds: found in sung notes, and neither in speech, nor in noise, nor in what strikes and fades."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emoface.audio.features import MEL_PER_FRAME, SAMPLE_RATE, log_mel
from emoface.audio.nonverbal import murmur
from emoface.audio.normalize import SPEECH_MARGIN, MelNormalizer
from emoface.audio.sustained import MEMORY, sustained
from emoface.demo import demo_path
from emoface.evaluation.noise import music, white
from emoface.evaluation.sung import Note, sing
from emoface.training.corpus.adapters.signals import read_wave

THRESHOLD = -6.5


def mel_of(samples: np.ndarray) -> torch.Tensor:
    return log_mel(torch.from_numpy(np.ascontiguousarray(samples, np.float32)))


@pytest.fixture(scope="module")
def sung() -> dict[str, torch.Tensor]:
    """Log-mels of notes of 0.9 s after 0.3 s of rest."""
    return {one: mel_of(sing([Note("", 57, 0.3), Note(one, 57, 0.9)])) for one in ("a", "i", "u", "m")}


def test_sung_notes_are_held_and_speech_and_noise_are_not(sung):
    for name, mel in sung.items():
        held = sustained(mel, -9.0)
        assert not held[:20].any() and held[35:55].mean() > 0.9, name
    for other in (read_wave(demo_path()), 0.1 * white(3 * SAMPLE_RATE), 0.1 * music(6 * SAMPLE_RATE)):
        mel = mel_of(other)
        assert not sustained(mel, float(mel.mean(1).max()) - SPEECH_MARGIN).any()
    assert not sustained(torch.full((40, 64), -11.5), THRESHOLD).any()
    assert len(sustained(torch.zeros(3, 64), THRESHOLD)) == 3


def test_frames_do_not_know_what_comes_after_them(sung):
    mel = sung["a"]
    whole = sustained(mel, THRESHOLD)
    for stop in (25, 40, 51):
        assert torch.equal(sustained(mel[:stop], THRESHOLD), whole[:stop])
    assert torch.equal(sustained(mel[-20 - MEMORY :], THRESHOLD)[MEMORY:], whole[-20:])


def test_a_held_vowel_does_not_become_the_voice_average(sung):
    speech, vowel = mel_of(read_wave(demo_path())), sung["a"][40:41].expand(38, -1)
    normalizer = MelNormalizer()
    normalizer.update(speech)
    before = normalizer.apply(vowel[-1:])
    for _ in range(10):
        normalizer.update(vowel)
    assert (normalizer.apply(vowel[-1:]) - before).abs().max() < 0.3
    kept = normalizer.copy()
    normalizer.update(vowel)
    kept.update(vowel)
    assert torch.equal(kept.total, normalizer.total) and kept.weight == normalizer.weight


def test_vowels_are_no_murmur(sung):
    shut = {one: murmur(mel[30:56]).mean().item() for one, mel in sung.items()}
    assert shut["m"] > 0.9 and max(shut[one] for one in "aiu") < 0.1
    assert murmur(sung["m"]).shape == (len(sung["m"]) // MEL_PER_FRAME,)
