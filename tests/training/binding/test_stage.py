"""The binding stage end to end at toy size, and the pieces whose meaning others rely on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from emoface.audio.features import log_mel
from emoface.binding import EMOTIONS, MODALITIES, EmotionSpace, Modality
from emoface.binding.intensity import MOVING
from emoface.binding.modalities.valence_arousal import circumplex_intensity
from emoface.binding.text.encoder import TextEncoder
from emoface.binding.text.tokenizer import WordPiece
from emoface.training import binding, run
from emoface.training.binding import BindingConfig
from emoface.training.binding.lessons import chosen, prompt_intensity
from emoface.training.corpus.clips import Clip, save_clips

TOY: dict[str, Any] = {
    "modalities": ["label", "valence_arousal", "audio"], "windows": 260, "frames": 40, "motion_steps": 40,
    "motion_batch": 24, "motion": {"channels": 24, "dilations": [1, 2]}, "adapter_steps": 60, "adapter_batch": 32,
    "audio": {"hidden": 8, "pitch": 8}, "pitch_voices": 3, "pitch_steps": 4, "pitch_batch": 2, "transplants": 60,
    "audio_steps": 8, "audio_batch": 6, "variants": 2, "synthetic": 2,
    "check": 2, "validation_speakers": 1,
}  # fmt: skip


def toy_clip(index: int, emotion: str | None, speaker: str, rng: np.random.Generator) -> Clip:
    time = torch.arange(2 * 16000) / 16000
    samples = 0.2 * torch.sin(2 * torch.pi * rng.uniform(120, 300) * time) * (1 + torch.sin(20 * time))
    visemes = np.array([[i % 9, 0.2 * i, 0.2 * i + 0.2] for i in range(10)], np.float32)
    mel = log_mel(samples).numpy().astype(np.float16)
    return Clip(f"toy/{index}", "labelled" if emotion else "tts", speaker, "en", emotion, mel, visemes)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    rng = np.random.default_rng(0)
    kinds = [("angry", "a"), ("sad", "a"), ("neutral", "b"), ("happy", "c"), ("sad", "c"), (None, "tts")]
    save_clips(folder / "corpus" / "toy.npz", [toy_clip(i, e, s, rng) for i, (e, s) in enumerate(kinds)])
    return folder


@pytest.fixture(scope="module")
def trained(out: Path) -> EmotionSpace:
    binding.train(TOY, out)
    tensors, config = run.load_tensors(out / "binding" / "model.safetensors")
    return EmotionSpace.from_config(config, tensors)


def test_the_stage_writes_a_space_and_its_card(trained: EmotionSpace, out: Path) -> None:
    card = json.loads((out / "binding" / "card.json").read_text())
    assert card["stage"] == "binding" and card["weights_sha256"] and card["data"]["voices"] == 3
    assert set(trained.modalities) == {"motion", "label", "valence_arousal", "audio"}
    wanted = {"motion_to_label", "label_to_motion", "arousal_axis", "levels_ordered", "audio_validation"}
    assert wanted <= set(card["figures"]) and card["figures"]["audio_validation"]["clips"] == 2
    assert torch.allclose(trained.prototypes.norm(dim=-1), torch.ones(8, 3), atol=1e-4)
    assert trained.prototypes[0].std(0).max() < 1e-5  # neutral is one point
    assert not list((out / "binding").glob("*.tmp"))


def test_even_a_toy_learns_emotions(trained: EmotionSpace, out: Path) -> None:
    figures = json.loads((out / "binding" / "card.json").read_text())["figures"]
    assert figures["motion_to_label"]["emotion"] > 0.5  # chance 0.14
    assert trained.nearest_label(trained.prototypes[EMOTIONS.index("happy"), 2])[0] == "happy"


def test_resuming_keeps_the_finished_parts(trained: EmotionSpace, out: Path) -> None:
    binding.train({**TOY, "modalities": ["label"]}, out, resume=True)
    tensors, _ = run.load_tensors(out / "binding" / "model.safetensors")
    for name, value in trained.state_dict().items():
        if name.startswith(("motion.", "label.")):
            assert torch.equal(tensors[name], value)


def test_leaving_one_modality_out_changes_no_other(trained: EmotionSpace, tmp_path: Path, out: Path) -> None:
    (tmp_path / "corpus").symlink_to(out / "corpus")
    binding.train({**TOY, "modalities": []}, tmp_path)
    tensors, _ = run.load_tensors(tmp_path / "binding" / "model.safetensors")
    for name, value in trained.state_dict().items():
        if name.startswith(("motion.", "label.")):
            assert torch.equal(tensors[name], value), name


def test_a_further_modality_is_bound_by_its_batches_alone(trained: EmotionSpace) -> None:
    class Dial(Modality):
        """A dial with one position for each emotion."""

        name = "dial"

        def __init__(self, width: int) -> None:
            super().__init__(width)
            self.adapter = nn.Linear(len(MOVING), width)

        def features(self, one_hot: torch.Tensor) -> tuple[torch.Tensor, None]:
            return one_hot[:, None], None

    rng = np.random.default_rng(0)

    def batches() -> Any:
        while True:
            intensity = torch.eye(len(MOVING))[torch.from_numpy(rng.integers(0, len(MOVING), 32))]
            yield (intensity,), intensity

    class Known:
        """Anchors of which only the labels are known."""

        def mean(self, intensity: torch.Tensor) -> torch.Tensor:
            return trained.label_points()[1:, 2][intensity.argmax(1)]

        def draw(self, intensity: torch.Tensor, _: np.random.Generator) -> torch.Tensor:
            return self.mean(intensity)

    dial = Dial(64)
    binding.bind(dial, Known(), batches(), BindingConfig(adapter_steps=80), rng)  # type: ignore[arg-type]
    z = dial(torch.eye(len(MOVING)))
    assert [trained.nearest_label(row)[0] for row in z] == list(MOVING)


def test_missing_inputs_name_the_stage_to_run(tmp_path: Path, out: Path) -> None:
    with pytest.raises(FileNotFoundError, match="emoface train corpus"):
        binding.train(TOY, tmp_path)
    (tmp_path / "corpus").symlink_to(out / "corpus")
    with pytest.raises(FileNotFoundError, match="run the training stage"):
        binding.train({**TOY, "modalities": ["text"]}, tmp_path)
    with pytest.raises(ValueError, match="unknown fields"):
        binding.train({"windoes": 3}, tmp_path)
    assert not (tmp_path / "binding").exists()


def test_a_modality_without_lessons_is_named_before_work(tmp_path: Path, out: Path) -> None:
    (tmp_path / "corpus").symlink_to(out / "corpus")
    with pytest.raises(ValueError, match="'smell' is not known"):
        binding.train({**TOY, "modalities": ["smell"]}, tmp_path)

    class Mute(Modality):
        """Tells nothing that could be learnt from."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MODALITIES, "mute", Mute)
        with pytest.raises(ValueError, match=r"modalities has 'mute', whose class has no examples\(\) to learn from"):
            binding.train({**TOY, "modalities": ["mute"]}, tmp_path)
        assert chosen(None) == ["label", "audio", "text", "valence_arousal"]
    assert not (tmp_path / "binding").exists()


@pytest.mark.parametrize("name", ["label", "valence_arousal"])
def test_examples_are_values_of_their_modality_and_tell_emotions(name: str) -> None:
    modality = EmotionSpace(8, {"label": {}, "valence_arousal": {}}).modalities[name]
    examples = modality.examples(200, np.random.default_rng(1))
    for value, told in examples:
        assert set(told) <= set(MOVING) and all(0 <= strength <= 1 for strength in told.values())
        assert modality(*modality.prepare(value)).shape == (1, 8)
    assert {name for _, told in examples for name, strength in told.items() if strength > 0.3} == set(MOVING)
    again = modality.examples(200, np.random.default_rng(1))
    assert examples == again


def test_the_arousal_axis_is_alert_never_angry_or_happy() -> None:
    axis = np.array([(0.0, a) for a in np.linspace(-0.3, 0.9, 13)], np.float32)
    vectors = circumplex_intensity(axis)
    surprised = vectors[:, MOVING.index("surprised")]
    assert vectors[3].sum() < 0.08  # (0, 0)
    assert (np.diff(surprised) > -0.02).all() and 0.25 < surprised[-1] < 0.6
    for name in ("angry", "happy", "sad", "disgusted", "contempt"):
        assert vectors[:, MOVING.index(name)].max() < 0.1, name


def test_canonical_points_mean_their_emotion_and_level_scales_the_radius() -> None:
    from emoface.binding.modalities.valence_arousal import CIRCUMPLEX

    for name in MOVING:
        radii = np.array([np.array(CIRCUMPLEX[name]) * share for share in (0.4, 0.7, 1.0)], np.float32)
        vectors = circumplex_intensity(radii)
        assert MOVING[int(vectors[2].argmax())] == name and vectors[2].max() > 0.6
        assert (np.diff(vectors.sum(1)) > 0).all()


def test_text_is_bound_from_generated_prompts(out: Path, tmp_path: Path) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    pieces = WordPiece(["[PAD]", "[UNK]", *letters, *(f"##{letter}" for letter in letters)])
    vocab = pieces.to_bytes()
    torch.manual_seed(0)
    encoder = TextEncoder(len(pieces.pieces), len(vocab), table_width=8, width=16, layers=1, heads=2, feedforward=16)
    encoder.vocab.copy_(vocab)
    run.save_tensors(tmp_path / "text" / "model.safetensors", encoder.state_dict(), encoder.config())
    (tmp_path / "corpus").symlink_to(out / "corpus")
    settings = {"modalities": ["text"], "prompts": 60, "adapter_steps": 3, "check": 1, "held_out": None}
    figures = binding.train({**TOY, **settings}, tmp_path)
    assert {"text_to_motion", "motion_to_text", "text_to_label"} <= set(figures)
    tensors, config = run.load_tensors(tmp_path / "binding" / "model.safetensors")
    space = EmotionSpace.from_config(config, tensors)
    for name, value in encoder.state_dict().items():
        assert torch.equal(tensors[f"text.encoder.{name}"], value)  # frozen
    assert set(space.modalities) == {"motion", "label", "text"}

    encoder.enter.weight.data.mul_(2)  # text was trained anew: its adapter must be, too
    run.save_tensors(tmp_path / "text" / "model.safetensors", encoder.state_dict(), encoder.config())
    binding.train({**TOY, **settings}, tmp_path, resume=True)
    again, _ = run.load_tensors(tmp_path / "binding" / "model.safetensors")
    assert torch.equal(again["text.encoder.enter.weight"], encoder.enter.weight)
    assert torch.equal(again["label.adapter.weight"], tensors["label.adapter.weight"])


def test_a_prompt_that_tells_nothing_is_neutral() -> None:
    even = dict.fromkeys(EMOTIONS, 0.125)
    assert not prompt_intensity(even, 0).any()
    mixed = prompt_intensity({"happy": 0.7, "surprised": 0.3}, 3)
    assert mixed[MOVING.index("happy")] == pytest.approx(0.7) and mixed.sum() == pytest.approx(1.0)
