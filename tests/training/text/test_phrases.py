"""The phrases that are data: that they are read as they stand, and refused where they are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from emoface.binding.emotions import EMOTIONS
from emoface.training.data import PHRASES
from emoface.training.text import phrases
from emoface.training.text.phrases import read_lists, read_phrases

TABLES = ("ADJECTIVES", "NOUNS", "ADVERBS", "FACES", "EVENTS", "DOINGS", "QUOTES", "ACTS", "OBJECTS", "ROLES")


@pytest.mark.parametrize("name", TABLES)
def test_every_emotion_has_phrases_of_several_levels(name: str) -> None:
    table = getattr(phrases, name)
    assert tuple(table) == EMOTIONS and sum(map(len, table.values())) > 60
    assert {level for rows in table.values() for _, level in rows} >= ({2} if name == "OBJECTS" else {1, 2, 3})
    assert {level for _, level in table["neutral"]} <= {1, 2}


def test_every_slot_of_a_phrase_can_be_filled() -> None:
    for path in PHRASES.glob("*.tsv"):
        text = path.read_text(encoding="utf-8")
        named = {part.split("}")[0] for part in text.split("{")[1:]}
        assert named <= set(phrases.SLOTS), path
        assert text.endswith("\n") and ";" not in text and "|" not in text


def test_lists_keep_their_order(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("list\tphrase\nb\tone\na\ttwo words\nb\tthree\n", encoding="utf-8")
    assert read_lists(tmp_path / "a.tsv") == {"b": ("one", "three"), "a": ("two words",)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("level\temotion\tphrase\n", "must begin with the columns emotion, level, phrase"),
        ("emotion\tlevel\tphrase\nsad\t2\n", "line 2: expected emotion, level, phrase parted by tabs"),
        ("emotion\tlevel\tphrase\nsad\t2\tx\nsad\t2\t\n", "line 3"),
        ("emotion\tlevel\tphrase\nsad\t4\tx\n", "expected an emotion and a level of 1 to 3, got sad 4 x"),
        ("emotion\tlevel\tphrase\nhungry\t2\tx\n", "got hungry 2 x"),
        ("emotion\tlevel\tphrase\nsad\t2\tx\n", "has no phrase for neutral, happy, surprised"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_phrases(tmp_path / "a.tsv")
