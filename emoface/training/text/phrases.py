"""The words and scenes that the prompt grammar combines, read from ``emoface/training/data/phrases/*.tsv``.

A file is lines of columns parted by tabs under a line of their names. The order of the lines counts: the grammar draws
by number, so that a line put in or moved changes the prompts of every seed. Phrases may hold the slots ``{family}``,
``{person}``, ``{animal}``, ``{food}``, ``{thing}`` and ``{place}``, which the words of ``slots.tsv`` fill.

- ``adjectives``, ``nouns``, ``adverbs``, ``faces`` (facial actions), ``quotes`` (what is said in that mood)
- ``events``: what somebody did or met (third person): "like someone who ...", "as if she ..."
- ``doings``: what somebody is doing: "a man ...", "she is ..."
- ``acts`` and ``objects``: verb phrases (present, third person) and what they are about; any verb of an emotion goes
  with any of its objects
- ``roles``: who somebody is, in what situation: "a man, ...", "talks like ..."
- ``neutral``: lists of words that must not sway the reading: subjects, contexts, talk without feeling, odd words
"""

from __future__ import annotations

from pathlib import Path

from emoface.binding.emotions import EMOTIONS
from emoface.training.data import PHRASES

Phrases = tuple[tuple[str, int], ...]
"""Pairs of a phrase and its level: 1 slight, 2 medium, 3 strong."""


def _rows(path: Path, *columns: str) -> list[list[str]]:
    """The lines of a file under its line of column names.

    Raises:
        ValueError: other columns, a line with more or fewer of them, or an empty field.
    """
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    if first.split("\t") != list(columns):
        raise ValueError(f"{path} must begin with the columns {', '.join(columns)}, got {first!r}")
    rows = [line.split("\t") for line in lines]
    for number, row in enumerate(rows, 2):
        if len(row) != len(columns) or not all(row):
            raise ValueError(f"{path}, line {number}: expected {', '.join(columns)} parted by tabs, got {row}")
    return rows


def read_phrases(path: Path) -> dict[str, Phrases]:
    """Read phrases of every emotion.

    Args:
        path: file of the columns emotion, level, phrase.

    Returns:
        Emotion -> its phrases with their levels, in the order of the file.

    Raises:
        ValueError: another form, or an emotion that is unknown or has no phrase.
    """
    found: dict[str, list[tuple[str, int]]] = {emotion: [] for emotion in EMOTIONS}
    for emotion, level, phrase in _rows(path, "emotion", "level", "phrase"):
        if emotion not in found or level not in ("1", "2", "3"):
            raise ValueError(f"{path}: expected an emotion and a level of 1 to 3, got {emotion} {level} {phrase}")
        found[emotion].append((phrase, int(level)))
    if not all(found.values()):
        raise ValueError(f"{path} has no phrase for {', '.join(name for name, rows in found.items() if not rows)}")
    return {emotion: tuple(rows) for emotion, rows in found.items()}


def read_lists(path: Path) -> dict[str, tuple[str, ...]]:
    """Read named lists of phrases.

    Args:
        path: file of the columns list, phrase.

    Returns:
        Name of a list -> its phrases, in the order of the file.

    Raises:
        ValueError: another form.
    """
    found: dict[str, list[str]] = {}
    for name, phrase in _rows(path, "list", "phrase"):
        found.setdefault(name, []).append(phrase)
    return {name: tuple(rows) for name, rows in found.items()}


ADJECTIVES, NOUNS, ADVERBS, FACES, EVENTS, DOINGS, QUOTES, ACTS, OBJECTS, ROLES = (
    read_phrases(PHRASES / f"{name}.tsv")
    for name in (
        "adjectives", "nouns", "adverbs", "faces", "events", "doings", "quotes", "acts", "objects", "roles",
    )
)  # fmt: skip
SLOTS = read_lists(PHRASES / "slots.tsv")
_NEUTRAL = read_lists(PHRASES / "neutral.tsv")
SUBJECTS, CONTEXTS, NEUTRAL_TALK, ODD_WORDS = (
    _NEUTRAL[name] for name in ("subjects", "contexts", "neutral_talk", "odd_words")
)
