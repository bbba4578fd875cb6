"""Prompts in plain words, and how the shipped encoder reads them: sayings, litotes, tears, units, signs, spelling."""

from __future__ import annotations

import warnings

import pytest

import emoface
from emoface.binding.text.plainly import UNIT_NAMES, UNITS, plainly, respelt, without_signs, without_units
from emoface.binding.text.words import tells_feeling

KNOWN = set("a an the he she it is was of with and to feels man woman has had very in at her his day sea dog".split())


def known(word: str) -> bool:
    return word in KNOWN or word in ("happy", "sad", "overcome", "afraid", "angry", "not", "rage")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("She weeps tears of fury", "she overcome with fury"),
        ("beside himself with grief", "overcome with grief"),
        ("she is far from happy", "she is sad"),
        ("he isn't happy", "he slightly sad"),
        ("not unhappy", "slightly happy"),
        ("AU12", "lip corners raised,"),
        ("a happpy man", "a happy man"),
        ("sad, level 3", "extremely sad"),
        ("a sad-looking woman", "a sad looking woman"),
        ("she is moved to tears of joy", "she is moved to overcome with joy"),
    ],
)
def test_what_is_told_otherwise_is_told_plainly(text: str, plain: str) -> None:
    assert plainly(text, lambda word: known(word) or word not in ("happpy", "realy")).strip() == plain


@pytest.mark.parametrize(
    "text",
    [
        "A man feels Sad", "not sad, not happy", "do not be happy", "never so happy", "he isn't happy, he is sad",
        "not over the moon about it", "she walks with a dog", "he sits cross-legged",
    ],
)  # fmt: skip
def test_what_is_plain_or_denied_stays(text: str) -> None:
    assert plainly(text, lambda word: True) == text


def test_a_word_alone_keeps_its_spelling_and_names_are_left() -> None:
    assert respelt("happpy", known) == "happpy"
    assert respelt("a very happpy day at sea", known) == "a very happy day at sea"
    assert respelt("she has a xylophone", known) == "she has a xylophone"


def test_units_by_number_and_by_name() -> None:
    assert without_units("AU1+AU15") == "inner brows raised, lip corners lowered, "
    assert without_units("Lip Corner Puller") == "lip corners raised, "
    assert without_units("AU45") == ", " and without_units("the au pair") == "the au pair"
    assert set(UNIT_NAMES.values()) <= set(UNITS)


def test_faces_made_of_signs() -> None:
    assert without_signs("😡") == "angry" and without_signs(" :) ") == "happy"
    assert "sad" in without_signs("well :(") and without_signs("at 10:00") == "at 10:00"


@pytest.mark.parametrize(
    "word", ["livid", "giggling", "Furiously!", "tight-lipped", "AU12", "heureux", "🙂", "sad/angry"]
)
def test_a_word_that_tells_a_feeling(word: str) -> None:
    assert tells_feeling(word)


@pytest.mark.parametrize(
    "word", ["hungry", "hapy", "table", "AU99x", "speech.wav", "123", "?", "evening", "sad-" * 501]
)
def test_a_word_that_tells_none(word: str) -> None:
    assert not tells_feeling(word)


@pytest.fixture(scope="module")
def space():
    return emoface.load().emotion


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("the goalkeeper sheds tears of rage", "angry"), ("tears of pure happiness", "happy"),
        ("he has had enough of the noise", "angry"), ("sick and tired of the rain", "angry"),
        ("nobody could be happier than she is", "happy"), ("the bride has never looked happier", "happy"),
        ("far from happy with the soup", "sad"), ("the jury isn't impressed", "contempt"),
        ("speechless with indignation", "angry"), ("trembling with fear, he opens the door", "fear"),
        ("cheek raiser and lip corner puller", "happy"), ("AU1 + AU4 + AU15", "sad"),
        ("inner ends of the eyebrows raised", "sad"), ("the nurse is realy anoyed", "angry"),
        ("scared out of her skin", "fear"), ("his jaw hits the floor", "surprised"),
        ("it makes our stomachs churn", "disgusted"), ("the count turns his nose up at them", "contempt"),
        ("trying not to laugh", "happy"), ("fearless", "neutral"), ("flabbergasted", "surprised"),
        ("grumpily", "angry"), ("glum-looking", "sad"), ("a poker face", "neutral"),
        ("she waited all evening and he never came", "sad"), ("close to tears of joy", "happy"), ("guilty", "sad"),
        ("rejoice", "happy"), ("unsure", "fear"),
    ],
)  # fmt: skip
def test_the_shipped_encoder_reads_them(space, text: str, emotion: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert space.nearest_label(space.encode(text=text))[0] == emotion


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("a faint smile", 1), ("barely annoyed", 1), ("ever so slightly sad", 1), ("sheer terror", 3),
        ("mad as hell", 3), ("the saddest man in town", 3), ("angry, intensity high", 3), ("happier than ever", 3),
        ("outraged viewers", 3),
    ],
)  # fmt: skip
def test_strengths_that_only_the_words_tell(space, text: str, level: int) -> None:
    assert space.nearest_label(space.encode(text=text))[1] == level


def test_a_misspelt_label_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'surprised'"):
        emoface.AnimateOptions(emotion="suprised")
    with pytest.raises(ValueError) as caught:
        emoface.AnimateOptions(emotion="asdf" * 9000)
    assert "did you mean" not in str(caught.value) and len(str(caught.value)) < 300
    assert emoface.AnimateOptions(emotion="livid").emotion == "livid"
