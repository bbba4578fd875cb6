"""Functionals of a voice: what moves each of them, and what must not."""

from __future__ import annotations

import pytest
import torch

from emoface.audio.features import log_mel
from emoface.binding.voice.functional_net import FunctionalNet
from emoface.binding.voice.functionals import FUNCTIONALS, functionals, speech_frames
from emoface.binding.voice.pitch import CLASSES, HIGHEST, LOWEST, PitchNet, PitchTrack, pitch_classes

FRAMES = 100


def tracked(mel: torch.Tensor, pitch: torch.Tensor | float = 200.0, voicing: float = 0.9) -> dict[str, float]:
    """The functionals by name, of a stretch whose pitch is given in Hz."""
    octaves = torch.as_tensor(pitch).expand(len(mel)).float().log2()
    values = functionals(mel, PitchTrack(octaves, torch.full((len(mel),), voicing), torch.full((len(mel),), 0.5)))
    assert values.shape == (len(FUNCTIONALS),) and values.isfinite().all()
    return dict(zip(FUNCTIONALS, values.tolist(), strict=True))


def speech(tilt: float = 0.0, seed: int = 0) -> torch.Tensor:
    """A log-mel (100, 64) with four syllables a second."""
    time = torch.arange(FRAMES)[:, None] / 50
    noise = torch.randn(FRAMES, 64, generator=torch.Generator().manual_seed(seed))
    return 2 * torch.sin(2 * torch.pi * 4 * time) - 2 + tilt * torch.linspace(-1, 1, 64) + 0.3 * noise


def test_every_functional_has_one_name() -> None:
    assert len(set(FUNCTIONALS)) == len(FUNCTIONALS)


def test_pitch_is_told_in_octaves_and_its_movement_in_octaves_a_second() -> None:
    time = torch.arange(FRAMES) / 50
    level, rising = tracked(speech(), 200.0), tracked(speech(), 200.0 * 2 ** (0.5 * time))
    assert level["pitch median"] == pytest.approx(torch.tensor(200.0).log2().item(), abs=1e-4)
    assert level["pitch range"] == pytest.approx(0, abs=1e-4) and rising["pitch range"] == pytest.approx(0.9, abs=0.1)
    assert rising["pitch slope"] == pytest.approx(0.5, abs=0.01) and rising["pitch speed"] == pytest.approx(
        0.5, abs=0.01
    )
    assert 0.4 < rising["pitch trend"] < 0.5 and rising["pitch end"] > 0.3 > abs(level["pitch end"])


def test_a_bright_voice_has_more_in_the_upper_bands() -> None:
    dark, bright = tracked(speech(-1.0)), tracked(speech(1.0))
    assert all(bright[f"band {band}"] > dark[f"band {band}"] for band in (2, 3, 4, 5))


def test_syllables_are_counted() -> None:
    assert tracked(speech())["syllable rate"] == pytest.approx(4, abs=0.6)


def test_the_level_of_a_recording_does_not_matter() -> None:
    quiet, loud = tracked(speech()), tracked(speech() + 1.0)
    assert quiet == pytest.approx(loud, abs=1e-3)


def test_silence_around_speech_does_not_matter() -> None:
    mel = torch.cat([torch.full((30, 64), -11.5), speech(), torch.full((20, 64), -11.5)])
    inside = speech_frames(speech()).nonzero()[:, 0]
    alone, between = tracked(speech()[inside[0] : inside[-1] + 1]), tracked(mel)
    assert between == pytest.approx(alone, abs=1e-4)


@pytest.mark.parametrize("frames", [5, 6, 20])
@pytest.mark.parametrize("value", [-11.5, 0.0])
def test_the_shortest_and_emptiest_stretches_have_finite_functionals(frames: int, value: float) -> None:
    for voicing in (0.0, 1.0):
        tracked(torch.full((frames, 64), value), voicing=voicing)


def test_pitch_classes_span_voices_and_the_track_stays_among_them() -> None:
    torch.manual_seed(0)
    track = PitchNet(8).eval().track(torch.randn(2, 30, 64))
    assert (
        pitch_classes().exp2()[[0, -1]].tolist() == pytest.approx([LOWEST, HIGHEST]) and len(pitch_classes()) == CLASSES
    )
    assert all(values.shape == (2, 30) for values in track)
    assert (track.pitch.exp2() >= LOWEST - 1).all() and (track.pitch.exp2() <= HIGHEST + 1).all()
    assert (track.voicing >= 0).all() and (track.voicing <= 1).all() and (track.blur >= 0).all()


def test_one_wild_functional_counts_no_more_than_a_far_one() -> None:
    torch.manual_seed(0)
    net = FunctionalNet(8, 4, 8).eval()
    far, wild = torch.zeros(1, len(FUNCTIONALS)), torch.zeros(1, len(FUNCTIONALS))
    far[0, 3], wild[0, 3] = 2.5, 1e6
    assert torch.equal(net.heads(far, torch.ones(1))[1], net.heads(wild, torch.ones(1))[1])


def test_a_higher_temperature_is_less_sure_and_names_the_same() -> None:
    torch.manual_seed(0)
    net, values = FunctionalNet(8, 4, 8).eval(), torch.randn(20, len(FUNCTIONALS))
    sure = net.heads(values, torch.ones(20))[1].softmax(1)
    net.temperature.fill_(3.0)
    unsure = net.heads(values, torch.ones(20))[1].softmax(1)
    assert (unsure.amax(1) < sure.amax(1)).all() and torch.equal(unsure.argmax(1), sure.argmax(1))


def test_chunks_are_at_most_six_seconds_and_know_their_speech() -> None:
    torch.manual_seed(0)
    net = FunctionalNet(8, 4, 8).eval()
    mel = log_mel(torch.cat([torch.zeros(16000 * 4), 0.1 * torch.randn(16000 * 4)]))
    values, amount = net.inputs(mel)
    assert values.shape == (2, len(FUNCTIONALS)) and amount.tolist() == pytest.approx([0, 200], abs=2)
