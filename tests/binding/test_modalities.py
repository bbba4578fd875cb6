"""Each modality: what it refuses, and what it promises whatever its weights."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emoface.audio.features import log_mel
from emoface.binding.emotions import EMOTIONS
from emoface.binding.hearing import CALM, SILENCE
from emoface.binding.modalities.audio import Audio
from emoface.binding.modalities.label import Label
from emoface.binding.modalities.motion import Motion
from emoface.binding.modalities.valence_arousal import ValenceArousal
from emoface.binding.modality import Modality, pool_over_time
from emoface.binding.space import EmotionSpace
from emoface.binding.text.tokenizer import WordPiece
from emoface.binding.voice.mel_net import PROSODY, MelNet, prosody
from emoface.face.layout import MOTION_INDEX


@pytest.fixture(scope="module")
def motion() -> Motion:
    torch.manual_seed(0)
    return Motion(64).eval()


@pytest.fixture(scope="module", params=[None, 80], ids=["functionals", "mel"])
def audio(request: pytest.FixtureRequest) -> Audio:
    torch.manual_seed(0)
    return Audio(64, channels=request.param).eval()


def voice(seconds: float, pitch: float = 200.0, level: float = 0.2) -> torch.Tensor:
    """A buzz with a syllable rhythm."""
    time = torch.arange(round(seconds * 16000)) / 16000
    buzz = sum(torch.sin(2 * torch.pi * k * pitch * time + k) / k for k in range(1, 20))
    return level * buzz * (0.6 + 0.4 * torch.sin(2 * torch.pi * 4 * time))


BAD: list[tuple[type[Modality], Any, type[Exception], str]] = [
    (Motion, torch.zeros(0, 53), ValueError, r"motion must have shape \(T, 56\) with T >= 1, got \(0, 53\)"),
    (Motion, torch.zeros(4, 52), ValueError, r"got \(4, 52\)"),
    (Motion, torch.zeros(53), ValueError, r"got \(53,\)"),
    (Motion, torch.full((2, 53), float("nan")), ValueError, "motion must be finite, got 106 NaN"),
    (Motion, "wave", TypeError, "motion must be an array or tensor of numbers, got str"),
    (Label, "hapy", ValueError, "'hapy' is not known; expected one of neutral, happy"),
    (Label, ("happy", 4), ValueError, r"level must be in 0..3 .* got 4"),
    (Label, ("happy", -1), ValueError, "level must be in 0..3"),
    (Label, ("happy", float("nan")), ValueError, "level must be in 0..3"),
    (Label, ("happy", "2"), TypeError, "level must be a number"),
    (Label, ("happy", 1, 2), TypeError, r"label must be a name or \(name, level\)"),
    (Label, 3, TypeError, "label must be a name"),
    (Label, (None, 2), TypeError, "emotion must be a string, got NoneType"),
    (ValenceArousal, (0.5,), ValueError, r"must be \(valence, arousal\), got shape \(1,\)"),
    (ValenceArousal, (1.2, 0), ValueError, "must lie in -1..1 each, got"),
    (ValenceArousal, (float("inf"), 0), ValueError, "valence_arousal must be finite"),
    (ValenceArousal, "calm", TypeError, "valence_arousal must be an array"),
    (Audio, torch.zeros(100), ValueError, r"audio must last at least 0.1 s, got shape \(100,\)"),
    (Audio, torch.zeros(0), ValueError, "audio must last at least 0.1 s"),
    (Audio, torch.zeros(9, 63), ValueError, r"log-mel \(2T, 64\), got shape \(9, 63\)"),
    (Audio, torch.tensor([float("nan")] * 8000), ValueError, "audio must be finite, got 8000 NaN"),
    (Audio, "voice.wav", TypeError, "audio must be an array or tensor of numbers, got str"),
    (Audio, torch.zeros(8000, dtype=torch.complex64), TypeError, "audio must hold real numbers"),
]


@pytest.mark.parametrize(("modality", "value", "error", "message"), BAD)
def test_bad_values_are_named(modality: type[Modality], value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        modality(8).prepare(value)


def test_pooling_ignores_what_the_mask_leaves_out() -> None:
    features = torch.tensor([[[1.0, 5.0], [9.0, 9.0]], [[2.0, 0.0], [3.0, -1.0]]])
    mask = torch.tensor([[True, False], [True, True]])
    assert pool_over_time(features, mask).tolist() == [[1.0, 5.0], [3.0, 0.0]]
    assert pool_over_time(features).tolist() == [[9.0, 9.0], [3.0, 0.0]]


# --- motion ---


@pytest.mark.parametrize("frames", [1, 2, 7, 250])
def test_motion_of_any_length(motion: Motion, frames: int) -> None:
    z = motion(*motion.prepare(np.zeros((frames, 53), np.float16)))
    assert z.shape == (1, 64) and torch.isfinite(z).all()


def test_a_single_frame_is_a_face_held_still(motion: Motion) -> None:
    frame = torch.rand(1, 53)
    assert torch.equal(motion(*motion.prepare(frame)), motion(frame.expand(12, 53)[None]))


def test_motion_does_not_see_blinks_gaze_and_tongue(motion: Motion) -> None:
    clip = torch.rand(30, 53)
    alive = clip.clone()
    for name in ("eyeBlinkLeft", "eyeBlinkRight", "eyeLookUpLeft", "eyeLookInRight", "tongueOut"):
        alive[:, MOTION_INDEX[name]] = torch.rand(30)
    assert torch.equal(motion(clip[None]), motion(alive[None]))
    alive[:, MOTION_INDEX["browInnerUp"]] = 0
    assert not torch.allclose(motion(clip[None]), motion(alive[None]))


def test_a_padded_batch_gives_what_each_clip_gives_alone(motion: Motion) -> None:
    clips = [torch.rand(n, 53) for n in (3, 11, 20)]
    padded = torch.full((3, 20, 53), 7.0)
    mask = torch.zeros(3, 20, dtype=torch.bool)
    for row, clip in enumerate(clips):
        padded[row, : len(clip)], mask[row, : len(clip)] = clip, True
    together = motion(padded, mask)
    for row, clip in enumerate(clips):
        assert torch.allclose(together[row], motion(clip[None])[0], atol=1e-5)


def test_motion_statistics_have_a_floor() -> None:
    motion = Motion(8, channels=8, dilations=(1,))
    motion.set_statistics(torch.zeros(10, 53))
    assert torch.isfinite(motion.normalize(torch.ones(1, 1, 53))).all()


# --- label ---


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 7), st.floats(0, 3))
def test_label_weights_are_shares_of_neighbouring_points(emotion: int, level: float) -> None:
    label = Label(4)
    weights = label.features(torch.tensor([emotion]), torch.tensor([level]))[0][0, 0]
    assert weights.shape == (22,) and (weights >= 0).all() and weights.sum().item() == pytest.approx(1, abs=1e-5)
    assert (weights > 1e-6).sum() <= 2
    strength = weights[1:].view(7, 3).sum(0) @ torch.tensor([1.0, 2.0, 3.0])
    assert strength.item() == pytest.approx(0 if emotion == 0 else level, abs=1e-4)


def test_labels_are_read_by_name_not_by_place() -> None:
    shuffled = ("sad", "neutral", "happy")
    label = Label(4, emotions=shuffled)
    for name in shuffled:
        place, _ = label.prepare((name, 1))
        assert shuffled[int(place)] == name
    weights = label.features(torch.tensor([0, 1, 2]), torch.tensor([3.0, 3.0, 3.0]))[0][:, 0]
    assert weights.argmax(1).tolist() == [3, 0, 6]
    with pytest.raises(ValueError, match="'angry' is not in this checkpoint, which knows sad, neutral, happy"):
        label.prepare("angry")


# --- valence and arousal ---


@settings(max_examples=40, deadline=None)
@given(st.floats(-1, 1), st.floats(-1, 1))
def test_every_point_of_the_square_has_a_place(valence: float, arousal: float) -> None:
    torch.manual_seed(0)
    modality = ValenceArousal(16)
    z = modality(*modality.prepare((valence, arousal)))
    assert torch.isfinite(z).all() and z.norm().item() == pytest.approx(1, abs=1e-4)


# --- audio ---


@pytest.mark.parametrize("pitch", [170.0, 220.0, 300.0, 380.0])
def test_pitch_is_found_where_the_bins_resolve_harmonics(pitch: float) -> None:
    track = prosody(log_mel(voice(1.0, pitch)))[10:-10]
    assert 150 * 2 ** track[:, 0].median().item() == pytest.approx(pitch, rel=0.05)


def test_prosody_does_not_depend_on_the_recording_level() -> None:
    quiet, loud = prosody(log_mel(voice(1.0, level=0.1))), prosody(log_mel(voice(1.0, level=0.4)))
    free = [PROSODY.index(name) for name in ("pitch", "loudness", "balance")]  # the mel's floor colours the others
    assert torch.allclose(quiet[5:-5, free], loud[5:-5, free], atol=0.05)


def test_samples_and_mel_say_the_same(audio: Audio) -> None:
    samples = voice(1.3)
    mel = log_mel(samples)
    assert audio.arousal(samples) == audio.arousal(mel.numpy()) == audio.arousal(samples.double())
    assert 0 <= audio.arousal(mel) <= 1
    shares = audio.predict(mel)
    assert sum(shares.values()) == pytest.approx(1, abs=1e-5) and "angry" in shares


def test_silence_is_calm_and_neutral(audio: Audio) -> None:
    space = EmotionSpace(64, {"label": {}, "audio": {}}).eval()
    silence = torch.zeros(32000)
    assert audio.arousal(silence) == CALM and audio.predict(silence)["neutral"] == 1
    with pytest.warns(UserWarning, match="counts as silence"):
        assert torch.equal(space.encode(audio=silence), space.neutral)
    assert space.listen(silence) is SILENCE and torch.equal(space.hear(silence), space.neutral)


def test_long_recordings_are_heard_in_chunks(audio: Audio) -> None:
    inputs = audio.prepare(voice(31.0))
    assert {len(part) for part in inputs} == {6} and audio.net.speech(*inputs).shape == (6,)
    assert 0 <= audio.arousal(voice(31.0)) <= 1
    space = EmotionSpace(64, {"label": {}, "audio": {}}).eval()
    assert space.encode(audio=voice(31.0)).norm().item() == pytest.approx(1, abs=1e-5)


def test_chunks_count_by_their_speech(audio: Audio) -> None:
    spoken, silence = voice(6.0), torch.zeros(6 * 16000)
    alone, followed = audio.listen(spoken), audio.listen(torch.cat([spoken, silence]))
    assert followed.arousal == pytest.approx(alone.arousal, abs=0.02)


def test_padding_does_not_change_what_is_heard() -> None:
    torch.manual_seed(0)
    net = MelNet(8, 16, (1, 2), 0.1).eval()
    tracks, real, speech = net.inputs(log_mel(voice(2.0)))
    longer = [torch.nn.functional.pad(tracks, (0, 0, 0, 20), value=3.0)]
    longer += [torch.nn.functional.pad(part, (0, 20)) for part in (real, speech)]
    alone, padded = net.heads(tracks, real, speech), net.heads(*longer)
    assert torch.allclose(alone[0], padded[0], atol=1e-4) and torch.allclose(alone[1], padded[1], atol=1e-4)
    (features, kept), (more, kept_of_more) = net.features(tracks, real, speech), net.features(*longer)
    assert torch.allclose(features[kept], more[kept_of_more], atol=1e-5)


def test_older_checkpoints_name_the_tensors_of_the_network_without_its_prefix() -> None:
    torch.manual_seed(0)
    saved = EmotionSpace(16, {"label": {}, "audio": {"channels": 8, "dilations": [1]}}).eval()
    older = {name.replace("audio.net.", "audio."): value for name, value in saved.state_dict().items()}
    assert "audio.enter.weight" in older
    for state in (older, saved.state_dict()):
        again = EmotionSpace.from_config(saved.config(), state)
        assert again.listen(voice(1.0)) == saved.listen(voice(1.0))


def test_the_audio_encoder_is_small(audio: Audio) -> None:
    assert sum(p.numel() for p in audio.parameters()) * 2 <= 400_000  # bytes in float16


@pytest.mark.parametrize("sound", [torch.zeros(2, 100), torch.zeros(100, 63), torch.zeros(100)])
def test_what_is_no_voice_is_refused(audio: Audio, sound: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="audio must"):
        audio.listen(sound)


# --- text ---


@pytest.fixture
def worded() -> EmotionSpace:
    """A space whose prompt encoder is sure of ``angry`` whatever it reads."""
    torch.manual_seed(0)
    pieces = WordPiece(
        ["[PAD]", "[UNK]", *"abcdefghijklmnopqrstuvwxyz", *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz")]
    )
    size = {"vocab_size": len(pieces.pieces), "vocab_bytes": len(pieces.to_bytes())}
    encoder = {**size, "table_width": 8, "width": 8, "layers": 1, "heads": 2, "feedforward": 8}
    space = EmotionSpace(64, {"label": {}, "text": {"encoder": encoder, "hidden": 8}}).eval()
    text: Any = space.modalities["text"]
    with torch.no_grad():
        text.encoder.vocab.copy_(pieces.to_bytes())
        text.encoder.emotion_head.weight.zero_()
        text.encoder.emotion_head.bias.copy_(9 * torch.eye(8)[EMOTIONS.index("angry")])
    return space


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("", ValueError, "text must describe the speaker's emotion, got an empty string"),
        (" \n", ValueError, "text must describe the speaker's emotion"),
        ("x" * 10_000, ValueError, "text must have at most 2000 characters, got 10000"),
        (7, TypeError, "text must be a string describing the speaker, got int"),
    ],
)
def test_bad_prompts_are_named(worded: EmotionSpace, value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        worded.encode(text=value)
    with pytest.raises(error, match=message):
        worded.modalities["text"].prepare(value)


def test_an_unclear_prompt_warns_and_is_neutral(worded: EmotionSpace) -> None:
    text: Any = worded.modalities["text"]
    with torch.no_grad():
        text.encoder.emotion_head.bias.zero_()
    with pytest.warns(UserWarning, match="names no emotion clearly"):
        z = worded.encode(text="angry, furious")
    assert torch.equal(z, worded.neutral)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not torch.equal(worded.encode(text="angry"), worded.neutral)  # a listed word alone says enough


def test_the_reading_stands_in_where_the_adapter_disagrees(worded: EmotionSpace) -> None:
    text: Any = worded.modalities["text"]
    with torch.no_grad():
        text.adapter[2].weight.zero_()
        text.adapter[2].bias.copy_(worded.encode(label=("sad", 3)))
    z = worded.encode(text="angry")
    assert worded.nearest_label(z)[0] == "angry"
    with torch.no_grad():
        text.adapter[2].bias.copy_(worded.encode(label=("angry", 1.4)))
    assert torch.allclose(worded.encode(text="angry"), worded.encode(label=("angry", 1.4)), atol=1e-6)


def test_padding_does_not_change_a_prompt(worded: EmotionSpace) -> None:
    text: Any = worded.modalities["text"]
    alone = text(*text.encoder.tokenize(["qwx"]))
    together = text(*text.encoder.tokenize(["qwx", "a much longer prompt than that one"]))
    assert torch.allclose(alone[0], together[0], atol=1e-5)


def test_a_space_with_text_comes_back_from_its_tensors(worded: EmotionSpace) -> None:
    again = EmotionSpace.from_config(worded.config(), worded.state_dict())
    assert torch.equal(again.encode(text="angry"), worded.encode(text="angry"))


@pytest.mark.parametrize("levels", [(1, 1, 2), (2, 1), (0, 1), (-1, 1)])
def test_levels_rise(levels: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="levels must rise from above 0"):
        Label(4, levels=levels)
