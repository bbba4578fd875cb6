"""Sayings: their table, verbs in all forms, and where they are found."""

from __future__ import annotations

import pytest

from emoface.binding.emotions import EMOTIONS
from emoface.binding.text.sayings import PLAIN, Saying, find_sayings, forms, sayings


def found(text: str) -> list[tuple[str, str, int]]:
    return [
        (text[start:end], saying.emotion, saying.level) for start, end, saying in sorted(find_sayings(text), key=str)
    ]


def test_every_emotion_has_sayings_and_plain_words() -> None:
    assert set(PLAIN) == set(EMOTIONS) == {saying.emotion for saying in sayings()}
    assert {saying.level for saying in sayings()} == {1, 2, 3}
    assert all(len(words) == 3 for words in PLAIN.values())


def first_form(saying: Saying) -> str:
    """A saying in its first words, those that may be missing left out."""
    slots = [slot.split("|")[0] for slot in saying.template.split() if not slot.endswith("?")]
    known = {"~": "his", "@": "him", "$": "himself"}
    return " ".join(
        known.get(slot, slot.lstrip("*").replace("_", " ").replace("~", "his").replace("@", "him")) for slot in slots
    )


def test_every_saying_is_found_in_its_first_words_and_no_template_stands_twice() -> None:
    for saying in sayings():
        text = first_form(saying)
        assert any(one.emotion == saying.emotion for _, _, one in find_sayings(text)), (saying.template, text)
    templates = [(saying.template, saying.emotion) for saying in sayings()]
    assert len(set(templates)) == len(templates)


@pytest.mark.parametrize(
    ("verb", "some"),
    [
        ("lose", {"loses", "losing", "lost"}), ("grin", {"grins", "grinning", "grinned"}),
        ("carry", {"carries", "carried"}),
        ("catch", {"catches", "catching", "caught"}), ("go", {"goes", "going", "went", "gone"}), ("be", {"is", "were"}),
    ],
)  # fmt: skip
def test_verbs_in_all_forms(verb: str, some: set[str]) -> None:
    assert {verb, *some} <= set(forms(verb))


@pytest.mark.parametrize(
    ("text", "emotion", "level"),
    [
        ("she lost her temper with the clerk", "angry", 3), ("the twins are beaming from ear to ear", "happy", 3),
        ("grandpa has a lump in his throat", "sad", 2), ("our jaws dropped to the floor", "surprised", 3),
        ("their blood ran cold", "fear", 3), ("the whole thing turned his stomach", "disgusted", 3),
        ("he looked down his nose", "contempt", 2), ("nothing in her face moves", "neutral", 2),
    ],
)  # fmt: skip
def test_sayings_in_sentences(text: str, emotion: str, level: int) -> None:
    assert [(name, strength) for _, name, strength in found(text)] == [(emotion, level)]


@pytest.mark.parametrize(
    "text", ["he looks down at his shoes", "she turns the page", "a jar of red paint", "the roof is high", ""]
)
def test_plain_talk_holds_none(text: str) -> None:
    assert find_sayings(text) == []


def test_the_longest_of_overlapping_sayings_is_taken() -> None:
    assert [text for text, _, _ in found("she is sick and tired of your lies")] == ["sick and tired of"]
    assert [name for _, name, _ in found("he is sick to his stomach")] == ["disgusted"]
