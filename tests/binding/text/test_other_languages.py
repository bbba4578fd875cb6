"""Prompts in other languages: told from English, read by single words, left alone where a negation stands."""

from __future__ import annotations

import pytest

from emoface.binding.emotions import EMOTIONS
from emoface.binding.text.feelings import names_feeling
from emoface.binding.text.other_languages import (
    EMOTION_SIGNS,
    EMOTION_WORDS,
    FUNCTION_WORDS,
    fold,
    read_other_language,
)
from emoface.training.data import read_prompts

ENGLISH = frozenset("he she is a the with sad happy voice noir content in an man on".split())


def read(text: str):
    return read_other_language(text, ENGLISH.__contains__)


@pytest.mark.parametrize(
    ("text", "language", "emotion"),
    [
        ("er freut sich riesig", "German", "happy"),
        ("ella está muy triste", "Spanish", "sad"),
        ("elle est FURIEUSE contre lui", "French", "angry"),
        ("ha una paura terribile", "Italian", "fear"),
        ("bang in het donker", "Dutch", "fear"),
        ("jest wściekły", "Polish", "angry"),
        ("jest wsciekly", "Polish", "angry"),
        ("она грустная", "Russian", "sad"),
        ("很开心", "Chinese", "happy"),
        ("怒っている", "Japanese", "angry"),
    ],
)
def test_common_emotion_words_of_other_languages_are_read(text: str, language: str, emotion: str) -> None:
    found = read(text)
    assert found is not None and found.emotion == emotion and language in found.name


@pytest.mark.parametrize(
    "text",
    ["sie ist nicht traurig", "sin miedo", "il n'est pas triste", "она не злая", "不开心", "悲しくない", "değil mutlu"],
)
def test_a_negation_in_another_language_is_not_read(text: str) -> None:
    found = read(text)
    assert found is not None and found.emotion == ""


def test_two_emotions_at_once_are_not_read() -> None:
    found = read("mal traurig, mal fröhlich und dann wieder nicht")
    assert found is not None and found.emotion == "" and found.name == "German"


@pytest.mark.parametrize("text", ["she is sad", "a man in the film noir", "he is content", "12345", "...", ":)"])
def test_english_and_prompts_without_words_are_no_other_language(text: str) -> None:
    assert read(text) is None


def test_unknown_words_are_listed() -> None:
    found = read("asdf qwer, sad")
    assert found is not None and found.name == "" and found.unknown == ("asdf", "qwer")


def test_folding_takes_accents_off() -> None:
    assert fold("Früh, ŁÓDŹ Çağrı œuvre ＨＡＰＰＹ") == "fruh, lodz cagri oeuvre happy"


def test_tables_hold_no_english_word() -> None:
    english = {word for rows in read_prompts().values() for row in rows for word in fold(row["text"]).split()}
    for language, words in FUNCTION_WORDS.items():
        assert words == fold(words), language
        assert not set(words.split()) & english and not any(map(names_feeling, words.split())), language


def test_every_row_of_the_tables_is_an_emotion_or_a_negation() -> None:
    for table in (EMOTION_WORDS, EMOTION_SIGNS):
        for language, rows in table.items():
            assert set(rows) <= {"negation", *EMOTIONS} and "negation" in rows, language
            words = [word for words in rows.values() for word in words.split()]
            assert len(words) == len(set(words)), language
    assert set(EMOTION_WORDS) <= set(FUNCTION_WORDS)
