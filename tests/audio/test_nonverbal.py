"""Sounds that are no words: found among made ones, not in speech, music or silence, however the voice is cut."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emoface.audio.features import MEL_PER_FRAME, SAMPLE_RATE, log_mel
from emoface.audio.load import open_audio
from emoface.audio.nonverbal import (
    AHEAD,
    BACK,
    BARS,
    WEIGHTS,
    NonverbalListener,
    NonverbalNet,
    SoundGate,
    nonverbal_net,
)
from emoface.audio.normalize import normalize_clip
from emoface.audio.voice import hear_voice
from emoface.demo import demo_path
from emoface.evaluation.noise import music, white
from emoface.evaluation.nonverbal import events, heard_sounds
from emoface.face.nonverbal import SOUNDS
from emoface.training.nonverbal.voice import MAKERS


def test_loading_the_net_leaves_the_callers_random_numbers_alone() -> None:
    nonverbal_net.cache_clear()
    before = torch.get_rng_state()
    nonverbal_net()
    assert torch.equal(torch.get_rng_state(), before)


def test_the_net_is_small() -> None:
    assert WEIGHTS.stat().st_size < 200_000
    assert sum(p.numel() for p in nonverbal_net().parameters()) < 60_000


def test_a_frame_depends_on_its_surroundings_alone() -> None:
    torch.manual_seed(0)
    net = NonverbalNet(8).double().eval()
    frames = BACK + 20 + AHEAD
    mel = torch.randn(1, MEL_PER_FRAME * frames, 64, dtype=torch.float64)
    with torch.inference_mode():
        plain = net(mel)
        assert plain.shape == (1, 20, 6)
        for changed in (0, 30, frames - 1):
            other = mel.clone()
            other[:, MEL_PER_FRAME * changed] = -3
            differs = torch.nonzero((net(other) - plain).abs().amax((0, 2)) > 0).flatten() + BACK
            assert differs.min() >= changed - AHEAD and differs.max() <= changed + BACK


def test_windows_joined_are_the_whole() -> None:
    samples = np.concatenate([np.zeros(SAMPLE_RATE), MAKERS["laugh"](np.random.default_rng(3)).samples])
    mel = normalize_clip(log_mel(torch.from_numpy(samples.astype(np.float32))))
    frames = len(mel) // MEL_PER_FRAME
    with torch.inference_mode():
        whole = NonverbalListener().hear(mel, frames)
        listener, parts = NonverbalListener(), []
        for first in range(0, frames, 7):
            last = min(first + 7, frames)
            parts.append(listener.hear(mel[MEL_PER_FRAME * first : MEL_PER_FRAME * (last + AHEAD)], last - first))
    assert torch.allclose(torch.cat(parts), whole, atol=1e-5)
    decided = SoundGate().decide(whole.numpy())
    gate = SoundGate()
    assert (np.concatenate([gate.decide(part) for part in np.array_split(whole.numpy(), 9)]) == decided).all()


def test_a_sound_counts_when_it_is_sure_and_goes_on_when_it_is_likely() -> None:
    certainty = np.zeros((60, len(SOUNDS)))
    laugh, bar = SOUNDS.index("laugh"), BARS["laugh"]
    certainty[10:30, laugh] = 1.0
    certainty[30:40, laugh] = bar.go_on + 0.05
    certainty[45:48, laugh] = 1.0  # too short
    active = SoundGate().decide(certainty)[:, laugh]
    assert 10 < np.argmax(active) < 10 + bar.frames and active[38] and not active[46:].any()
    certainty[20:26, SOUNDS.index("cough")] = 1.0
    assert (SoundGate().decide(certainty).sum(1) <= 1).all()


@pytest.mark.parametrize("sound", SOUNDS)
def test_made_sounds_are_found(sound: str) -> None:
    found = []
    for seed in range(8):
        made = MAKERS[sound](np.random.default_rng((91, seed))).samples
        quiet = np.zeros(SAMPLE_RATE // 2, np.float32)
        level = {"breath": 0.02, "sigh": 0.05}.get(sound, 0.3)
        speech = open_audio(demo_path()).waveform().numpy()
        speech = 0.3 * speech / np.abs(speech).max()
        active = heard_sounds(np.concatenate([speech, quiet, level * made, quiet]))
        found.append(active[len(speech) * 25 // SAMPLE_RATE :, SOUNDS.index(sound)].any())
    assert np.mean(found) >= 0.6


def test_speech_music_and_silence_are_none_of_them() -> None:
    recording = open_audio(demo_path())
    others = [k for k, sound in enumerate(SOUNDS) if sound != "breath"]
    assert not hear_voice(recording, recording.frames(25)).sounds[:, others].any()
    for sound in (music(10 * SAMPLE_RATE), white(5 * SAMPLE_RATE), np.zeros(5 * SAMPLE_RATE, np.float32)):
        assert events(heard_sounds(0.1 * sound)) == 0


def test_what_is_made_has_its_rhythm_and_length() -> None:
    for sound, make in MAKERS.items():
        made = make(np.random.default_rng(5))
        assert made.samples.dtype == np.float32 and np.abs(made.samples).max() == pytest.approx(1, abs=1e-3)
        assert all(0 <= a <= b <= len(made.samples) / SAMPLE_RATE + 0.1 for _, a, b in made.spans)
        assert {name for name, _, _ in made.spans if name} <= {sound, "breath"}
        again = make(np.random.default_rng(5))
        assert (again.samples == made.samples).all()
    rates = []
    for seed in range(20):
        laugh = MAKERS["laugh"](np.random.default_rng(seed))
        _, first, last = laugh.spans[0]
        loud = np.abs(laugh.samples[: round(last * SAMPLE_RATE)])
        envelope = loud[: len(loud) // 160 * 160].reshape(-1, 160).max(1)
        if last - first > 1:
            spectrum = np.abs(np.fft.rfft(envelope - envelope.mean(), 4096))
            hertz = np.fft.rfftfreq(4096, 0.01)
            rates.append(hertz[(hertz > 2)][np.argmax(spectrum[hertz > 2])])
    assert 3.4 < np.median(rates) < 6.5
