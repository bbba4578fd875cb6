"""The prompt encoder: shapes, round trips, readings, fall-back and bad input."""

from __future__ import annotations

import warnings

import pytest
import torch

from emoface.binding.emotions import EMOTIONS
from emoface.binding.text import TextEncoder, TextReading, check_prompt, read_prompt
from emoface.binding.text.tokenizer import PAD, UNKNOWN, WordPiece

PIECES = [
    PAD,
    UNKNOWN,
    *"abcdefghijklmnopqrstuvwxyz",
    *("##" + c for c in "abcdefghijklmnopqrstuvwxyz"),
    "happy",
    "sad",
]


def small_encoder(**changes) -> TextEncoder:
    torch.manual_seed(0)
    vocab = WordPiece(PIECES).to_bytes()
    sizes = {"table_width": 16, "width": 32, "layers": 2, "heads": 4, "feedforward": 64, **changes}
    encoder = TextEncoder(len(PIECES), len(vocab), **sizes)
    table = torch.randint(-127, 128, encoder.table.shape, dtype=torch.int8)
    state = {**encoder.state_dict(), "vocab": vocab, "table": table, "scale": torch.full((len(PIECES),), 0.01).half()}
    encoder.load_state_dict(state)
    return encoder.eval()


def test_features_and_logits_have_the_documented_shapes():
    encoder = small_encoder()
    ids, mask = encoder.tokenize(["happy sad", "x"])
    features = encoder(ids, mask)
    assert features.shape == (2, 2, 32) and features.dtype == torch.float32
    emotion, level = encoder.logits(encoder.pool(features, mask))
    assert emotion.shape == (2, 8) and level.shape == (2, 3)


def test_padding_does_not_change_a_prompt():
    encoder = small_encoder()
    alone = encoder(*encoder.tokenize(["sad abc"]))
    together = encoder(*encoder.tokenize(["sad abc", "a b c d e f g h i j k"]))
    assert torch.allclose(alone[0], together[0, : alone.shape[1]], atol=1e-5)


def test_state_and_config_rebuild_the_encoder():
    encoder = small_encoder()
    again = TextEncoder.from_state(encoder.config(), encoder.state_dict())
    ids, mask = again.tokenize(["happy abc"])
    assert torch.equal(again(ids, mask), encoder(ids, mask))
    assert again.predict("happy abc") == encoder.predict("happy abc")
    assert again.tokenizer.pieces == PIECES


def test_loading_another_vocabulary_replaces_the_tokenizer():
    encoder = small_encoder()
    assert encoder.tokenize(["happy"])[0].tolist() == [[PIECES.index("happy")]]
    swapped = [*PIECES[:-2], "sad", "happy"]
    encoder.load_state_dict({**encoder.state_dict(), "vocab": WordPiece(swapped).to_bytes()})
    assert encoder.tokenize(["happy"])[0].tolist() == [[swapped.index("happy")]]


def test_a_misfitting_state_is_refused():
    encoder = small_encoder()
    state = encoder.state_dict()
    del state["norm.weight"]
    with pytest.raises(ValueError, match="tensors must fit"):
        TextEncoder.from_state(encoder.config(), state)
    with pytest.raises(ValueError, match="width must be a multiple"):
        small_encoder(heads=5)


def test_long_prompts_are_cut_to_max_tokens():
    encoder = small_encoder(max_tokens=8)
    ids, _ = encoder.tokenize(["a " * 50])
    assert ids.shape == (1, 8)


def test_a_reading_is_a_distribution():
    reading = small_encoder(threshold=0.0).predict("happy")
    assert list(reading.probabilities) == list(EMOTIONS)
    assert sum(reading.probabilities.values()) == pytest.approx(1)
    assert 1 <= reading.level <= 3 and 0 <= reading.confidence <= 1
    assert reading.note == "" and reading.emotion in EMOTIONS


def test_an_unclear_prompt_is_neutral_and_warns():
    encoder = small_encoder(threshold=1.1)
    with pytest.warns(UserWarning, match="names no emotion clearly"):
        reading = read_prompt(encoder, "happy happy")
    assert reading.emotion == "neutral" and reading.probabilities["neutral"] == 1
    assert reading.confidence < 1.1


def test_a_clear_prompt_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert isinstance(read_prompt(small_encoder(threshold=0.0), "happy"), TextReading)


def test_gradients_reach_every_parameter():
    encoder = small_encoder().train()
    ids, mask = encoder.tokenize(["happy abc", "sad"])
    emotion, level = encoder.logits(encoder.pool(encoder(ids, mask), mask))
    (emotion.square().sum() + level.square().sum()).backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in encoder.parameters())


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_blank_prompts_are_refused(text):
    with pytest.raises(ValueError, match="text must describe"):
        check_prompt(text)


def test_other_types_are_refused():
    for value in (None, 3, b"sad", ["sad"]):
        with pytest.raises(TypeError, match="text must be a string"):
            check_prompt(value)


def test_too_long_prompts_are_refused_with_limit_and_length():
    assert check_prompt("a" * 2000)
    with pytest.raises(ValueError, match=r"at most 2000 characters, got 10000"):
        check_prompt("a" * 10_000)


@pytest.mark.parametrize("text", ["\x00", "😀😀", "привет мир", "中文", "\u200b", "<b>sad</b>", "a" * 2000, "! ? ."])
def test_odd_prompts_are_read_without_failing(text):
    reading = small_encoder().predict(text)
    assert sum(reading.probabilities.values()) == pytest.approx(1)
