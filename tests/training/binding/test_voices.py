"""How few labelled voices become many: transplanting, who is transplanted to, and what is learnt from it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emoface.audio.features import SAMPLE_RATE, log_mel
from emoface.binding.emotions import EMOTIONS
from emoface.binding.hearing import CALM
from emoface.binding.voice.functional_net import FunctionalNet
from emoface.binding.voice.functionals import FUNCTIONALS
from emoface.binding.voice.pitch import HIGHEST, LOWEST
from emoface.training.binding.config import BindingConfig
from emoface.training.binding.pitch import synthetic_voice
from emoface.training.binding.voices import Voices, fresh, train_voices
from emoface.training.corpus.clips import Clip

NAMES = ("neutral", "happy", "sad", "angry")


def known_voices(speakers: int = 4, others: int = 3, each: int = 12, seed: int = 0) -> Voices:
    """Speakers far apart in every functional; an emotion moves three of them by two."""
    rng = np.random.default_rng(seed)
    neutral = 10 * rng.standard_normal((speakers + others, len(FUNCTIONALS)))
    change = np.zeros((len(NAMES), len(FUNCTIONALS)))
    change[1, :3], change[2, 3:6], change[3, 6:9] = 2, -2, 2
    place, speaker = (grid.ravel() for grid in np.meshgrid(np.arange(4).repeat(each), np.arange(speakers)))
    values = neutral[speaker] + change[place] + 0.1 * rng.standard_normal((len(place), len(FUNCTIONALS)))
    emotion = np.array([EMOTIONS.index(name) for name in NAMES])[place]
    return Voices(values, emotion, speaker, np.ones(len(place), bool), neutral, np.ones(len(neutral)), len(place))


def test_a_transplanted_emotion_stands_on_the_neutral_of_the_target() -> None:
    voices = known_voices()
    targets = np.zeros(7, bool)
    targets[5] = True
    values, emotion, arousal = voices.transplant(400, np.random.default_rng(1), targets=targets)
    away = (values.numpy() - voices.neutral[5])[:, 20]  # a functional that no emotion moves
    noise = 0.25 * voices.values.std(0)[20]
    assert np.mean(np.abs(away) < 4 * noise) > 0.65  # three tenths are heard as spoken
    assert set(emotion.tolist()) == {EMOTIONS.index(name) for name in NAMES}
    assert torch.allclose(arousal[emotion == 0], torch.tensor(CALM)) and arousal.min() >= 0.02 and arousal.max() <= 0.98
    assert (
        arousal[emotion == EMOTIONS.index("angry")].mean()
        > 0.7
        > CALM
        > arousal[emotion == EMOTIONS.index("sad")].mean()
    )


def test_only_the_voices_asked_for_are_transplanted() -> None:
    voices = known_voices()
    rows = voices.emotion != EMOTIONS.index("sad")
    assert EMOTIONS.index("sad") not in voices.transplant(300, np.random.default_rng(0), rows)[1]


def test_emotions_are_heard_in_speakers_who_were_left_out() -> None:
    torch.manual_seed(0)
    net, voices = FunctionalNet(8, 12, 8), known_voices(others=0)
    voices.neutral[:] /= 10  # speakers as far apart as emotions
    voices.values[:] -= 9 * voices.neutral[voices.speaker]
    config = BindingConfig(transplants=3000, audio_steps=150)
    facts = train_voices(net, voices, config, np.random.default_rng(0))
    assert facts["left_out_as_spoken"] > 0.5 and facts["left_out_transplanted"] > 0.5  # chance .25
    assert 1 <= facts["temperature"] <= 4 and facts["temperature"] == pytest.approx(float(net.temperature))
    assert not any(p.requires_grad for p in net.parameters())


def test_a_fresh_network_has_the_sizes_of_the_other() -> None:
    net = FunctionalNet(8, 5, 6)
    assert {n: v.shape for n, v in fresh(net).state_dict().items()} == {n: v.shape for n, v in net.state_dict().items()}


def clip(name: str, source: str, speaker: str, emotion: str | None, seed: int) -> Clip:
    samples = 0.2 * torch.randn(2 * SAMPLE_RATE, generator=torch.Generator().manual_seed(seed))
    return Clip(name, source, speaker, "en", emotion, log_mel(samples).numpy().astype(np.float16))


def test_everyones_neutral_speech_is_a_target_and_synthetic_voices_are_a_quarter() -> None:
    labelled = [clip("acted/1", "voice", "a", "angry", 0), clip("acted/2", "voice", "a", "neutral", 1)]
    others = [clip(f"read/{i}", "voice", f"r{i % 2}", None, i) for i in range(4)]
    made = [clip(f"tts_{i}/x", "tts", f"t{i}", None, i) for i in range(5)]
    torch.manual_seed(0)
    config = BindingConfig(variants=2, synthetic=3)
    voices = Voices.of(FunctionalNet(8, 4, 8), labelled, [*labelled, *others, *made], config, np.random.default_rng(0))
    assert len(voices.weight) == 1 + 2 + 3 and voices.labelled == 2
    assert voices.weight[3:].sum() / voices.weight.sum() == pytest.approx(0.25)
    calm = voices.plain & (voices.emotion == 0)
    np.testing.assert_allclose(voices.neutral[0], voices.values[calm].mean(0))
    assert voices.plain.sum() < len(voices.plain)  # and augmented copies


def test_synthetic_voices_have_the_pitch_that_is_told() -> None:
    samples, pitch = synthetic_voice(2.0, np.random.default_rng(3))
    assert samples.shape == (32000,) and pitch.shape == (100,) and samples.isfinite().all()
    voiced = pitch > 0
    assert 20 < voiced.sum() and LOWEST <= pitch[voiced].min() and pitch.max() <= HIGHEST
    again = synthetic_voice(2.0, np.random.default_rng(3))
    assert torch.equal(again[0], samples) and torch.equal(again[1], pitch)
    middle = [i for i in range(5, 95) if voiced[i - 2 : i + 3].all()]
    right = []
    for i in middle:  # the strongest lag of the sound around a frame is a period, or several
        piece = samples[320 * i - 320 : 320 * i + 640].double()
        lags = torch.arange(30, 260)
        likeness = torch.stack([(piece[:-lag] * piece[lag:]).mean() for lag in lags.tolist()])
        periods = lags[likeness.argmax()] * float(pitch[i]) / SAMPLE_RATE
        right.append(abs(float(periods) - round(float(periods))) < 0.15 and round(float(periods)) > 0)
    assert np.mean(right) > 0.7
