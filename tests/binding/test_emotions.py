"""The emotions' names: each synonym stands for one emotion, and for that one only."""

from __future__ import annotations

import pytest

from emoface.binding.emotions import (
    DEFAULT_LEVEL,
    EMOTIONS,
    SYNONYMS,
    canonical_emotion,
    check_label,
    check_level,
    check_mixture,
    is_label,
)

MEANT = {
    "neutral": "calm none normal neutrality",
    "happy": "happiness joy joyful glad cheerful delighted amused amusement",
    "sad": "sadness sorrow unhappy grief sorrowful depressed",
    "surprised": "surprise amazed amazement astonished astonishment",
    "fear": "afraid fearful scared frightened terrified anxious",
    "disgusted": "disgust revulsion revolted",
    "angry": "anger rage furious mad fury",
    "contempt": "contemptuous scorn scornful disdain disdainful",
}


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_what_each_word_means(emotion: str) -> None:
    for word in [emotion, *MEANT[emotion].split()]:
        assert canonical_emotion(word) == canonical_emotion(f" {word.upper()}\n") == emotion
        assert is_label(word) and is_label(f" {word.title()} ")


def test_no_synonym_is_without_its_meaning_here() -> None:
    assert set(SYNONYMS) == {word for words in MEANT.values() for word in words.split()}


@pytest.mark.parametrize("word", ["", "bored", "happy!", "very happy", "neutral sad"])
def test_what_is_no_label(word: str) -> None:
    assert not is_label(word)
    with pytest.raises(ValueError, match=f"emotion {word!r} is not known; expected one of neutral, happy, sad"):
        canonical_emotion(word)


@pytest.mark.parametrize("level", [0, 0.5, 1, 2, 3])
def test_levels_from_none_to_strong(level: float) -> None:
    assert check_level(level) == level
    assert check_label(("joy", level)) == ("joy", float(level))


@pytest.mark.parametrize("level", [-0.001, 3.001, float("nan"), float("inf")])
def test_levels_that_are_none(level: float) -> None:
    with pytest.raises(ValueError, match="emotion level must be"):
        check_level(level)


def test_a_label_alone_is_of_medium_level() -> None:
    assert check_label("Scared") == ("Scared", DEFAULT_LEVEL) == ("Scared", 2.0)
    with pytest.raises(TypeError, match="label must be a name or"):
        check_label(("sad", 1, 2))


def test_a_mixture_keeps_names_levels_and_weights() -> None:
    assert check_mixture({"joy": 2, ("sad", 3): 0}) == {"joy": 2.0, ("sad", 3.0): 0.0}
    with pytest.raises(ValueError, match="weight of 'sad'"):
        check_mixture({"sad": -0.1})
