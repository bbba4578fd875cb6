"""The lexicon: idioms, facial actions, degree words, and its silence inside negations."""

from __future__ import annotations

import pytest

from emoface.binding.emotions import EMOTIONS
from emoface.binding.text.lexicon import (
    FACIAL_ACTIONS,
    IDIOMS,
    LARGEST_BONUS,
    facial_actions,
    idiom_slots,
    read_evidence,
)


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("She is over the moon!", "happy"),
        ("feeling down in the dumps", "sad"),
        ("he will hit the roof", "angry"),
        ("my blood runs cold", "fear"),
        ("Well, I never", "surprised"),
        ("ugh, gross", "disgusted"),
        ("on his high horse", "contempt"),
        ("cool as a cucumber", "neutral"),
    ],
)
def test_idioms_give_evidence(text, emotion):
    emotions = read_evidence(text).emotions
    assert max(emotions, key=emotions.get) == emotion


def test_every_idiom_matches_each_of_its_own_first_and_last_forms():
    for emotion, rows in IDIOMS.items():
        for template, _ in rows:
            for pick in (0, -1):
                words = " ".join(choices[pick] for choices in idiom_slots(template) if choices[pick])
                assert read_evidence(words).emotions.get(emotion, 0) > 0, words


@pytest.mark.parametrize(
    "text",
    [
        "not over the moon about it", "he isn't exactly down in the dumps", "she never hit the roof",
        "far from being over the moon",
    ],
)  # fmt: skip
def test_negated_idioms_give_none(text):
    assert read_evidence(text).emotions == {}


def test_a_negation_ends_with_its_clause():
    assert read_evidence("not calm, she hit the roof").emotions == {"angry": 3.0}


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("wrinkled nose, lip corners down", [("nose", "wrinkle"), ("corner", "down")]),
        ("brows raised and pulled together, lids wide", [("brow", "up"), ("brow", "together"), ("lid", "wide")]),
        ("raised eyebrows and open mouth", [("brow", "up"), ("mouth", "open")]),
        ("one corner of the lips up", [("corner", "one")]),
        ("the corners of her mouth droop", [("corner", "down")]),
        ("raised voice. down the street", []),
    ],
)
def test_facial_actions_are_paired_with_their_parts(text, pairs):
    assert facial_actions(text) == pairs


def test_facial_actions_point_the_right_way():
    for text, emotion in [
        ("clenched jaw and lowered brows", "angry"),
        ("mouth corners raised, cheeks lifted", "happy"),
        ("nose wrinkled", "disgusted"),
        ("eyebrows up, jaw dropped", "surprised"),
        ("eyes wide, lips stretched", "fear"),
        ("quivering chin", "sad"),
    ]:
        emotions = read_evidence(text).emotions
        assert max(emotions, key=emotions.get) == emotion


@pytest.mark.parametrize(
    ("text", "level"),
    [("slightly sad", 1), ("a bit angry", 1), ("fairly happy", 2), ("extremely happy", 3), ("filled with grief", 3)],
)
def test_degrees_set_the_level(text, level):
    levels = read_evidence(text).levels
    assert levels.index(max(levels)) == level - 1


@pytest.mark.parametrize("text", ["not very happy", "he isn't really sad", "a little man", "she sang a song"])
def test_no_level_from_negated_or_missing_degrees(text):
    levels = read_evidence(text).levels
    assert levels[2] == 0


def test_bonuses_are_bounded_and_names_valid():
    text = " ".join(" ".join(choices[0] for choices in idiom_slots(row[0])) for row in IDIOMS["angry"])
    assert max(read_evidence(text).emotions.values()) <= LARGEST_BONUS
    assert set(IDIOMS) == set(EMOTIONS)
    assert {name for odds in FACIAL_ACTIONS.values() for name in odds} <= set(EMOTIONS)
    assert read_evidence("").found == ()
