"""The forms in which an emotion is told: checked, as JSON and in words.

=================  ==============================================  ===========================================
form               in Python                                       in JSON
=================  ==============================================  ===========================================
label              ``"happy"``                                     the same
label with level   ``("sad", 2)``                                  ``["sad", 2.0]``
sentence           ``"a man feels sad and speaks slowly"``         the same
mixture            ``{"happy": 0.7, ("sad", 3): 0.3}``             ``{"happy": 0.7, "sad@3": 0.3}``
timeline           ``[(0.0, "neutral"), (1.5, ("happy", 3))]``     ``[[0.0, "neutral"], [1.5, ["happy", 3.0]]]``
heard in the voice ``None``                                        ``null``
by example         ``emoface.from_audio``, ``from_motion``         none
an embedding       a tensor z (Z,)                                 none
=================  ==============================================  ===========================================

A string is a label if it is one word; a word that is none, but tells a feeling ("livid", "heureux"), is read as a
sentence, any other is an error.

A timeline has at most ``MOST_ENTRIES`` entries; how many different emotions may sound close together is limited by
:func:`emoface.emotion.check_density`. Entries that name the same emotion share its work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from . import checks
from .binding.emotions import canonical_emotion, check_label, check_mixture, is_label
from .binding.text.words import tells_feeling
from .shown import by_shape

FORMS = (
    "a label such as 'happy', (label, level), a sentence, a mixture {label: weight}, emoface.from_audio(...), "
    "emoface.from_motion(...), a timeline [(seconds, emotion), ...], or None to hear it in the voice"
)
MOST_ENTRIES = 10_000
"""Entries of a timeline at most: one in 0.36 s of an hour."""
_WRITTEN = (
    ("mixture", re.compile(r"\s*\w+(?:@[\d.]+)?\s*=\s*[\d.]"), "{'happy': 0.7, 'sad': 0.3}, by --mix happy=.7,sad=.3"),
    (
        "timeline", re.compile(r"\s*[\d.]+\s*s?\s*:\s*[a-z]", re.IGNORECASE),
        "[(0, 'neutral'), (1.5, 'happy')], by --timeline 0:neutral,1.5:happy",
    ),
    ("label with its level", re.compile(r"\s*\w+\s*[@:]\s*[\d.]+\s*$"), "('sad', 2), by --emotion sad --level 2"),
)  # fmt: skip
"""Forms that are not told as text, the signs of one that is, and how it is told."""
HEARD = "heard in the voice"
"""What metadata say where no emotion was asked for."""


@dataclass(frozen=True)
class EmotionReference:
    """An emotion, or a speaker, given by example: another voice or another motion.

    Attributes:
        modality: ``"audio"`` or ``"motion"``. value: the opened ``Recording``, or motion (T, 56) at 25 fps.
    """

    modality: str
    value: Any

    __repr__ = by_shape


def check_emotion(emotion: Any) -> Any:
    """Check what a user told, as far as this can be done without the emotion space.

    Args:
        emotion: any of the forms above; the entries of a timeline may be in a list or a tuple.

    Returns:
        The same in plain values: numbers are floats, labels strings, a timeline is a list of pairs.

    Raises:
        TypeError, ValueError: not one of the forms, or a bad value in it.
    """
    if emotion is None:
        return None
    return _check_timeline(emotion) if _is_timeline(emotion) else _check_one(emotion)


def _is_timeline(emotion: Any) -> bool:
    if isinstance(emotion, list):
        return True
    return isinstance(emotion, tuple) and bool(emotion) and all(isinstance(entry, (list, tuple)) for entry in emotion)


def _check_timeline(timeline: list[Any] | tuple[Any, ...]) -> list[tuple[float, Any]]:
    if not timeline:
        raise ValueError("emotion timeline must hold at least one (seconds, emotion), got an empty list")
    if len(timeline) > MOST_ENTRIES:
        raise ValueError(f"emotion timeline must hold at most {MOST_ENTRIES} entries, got {len(timeline)}")
    entries: list[tuple[float, Any]] = []
    for number, entry in enumerate(timeline):
        if not isinstance(entry, (tuple, list)) or len(entry) != 2:
            raise TypeError(f"emotion timeline entry {number} must be (seconds, emotion), got {entry!r:.200}")
        time = checks.number(f"seconds of emotion timeline entry {number}", entry[0], 0)
        if entries and time <= entries[-1][0]:
            before = entries[-1][0]
            raise ValueError(f"emotion timeline times must rise, got {time:g} after {before:g} in entry {number}")
        if entry[1] is None or _is_timeline(entry[1]):
            raise TypeError(f"emotion timeline entry {number} must name an emotion, got {entry[1]!r:.200}")
        entries.append((time, _check_one(entry[1])))
    return entries


def _check_one(emotion: Any) -> Any:
    """Any form but a timeline and None."""
    if isinstance(emotion, str):
        if not emotion.strip():
            raise ValueError(f"emotion must be {FORMS}; got an empty string")
        _check_words(emotion)
        return str(emotion)
    if isinstance(emotion, tuple):
        return check_label(emotion)
    if isinstance(emotion, Mapping):
        return check_mixture(emotion)
    if isinstance(emotion, (EmotionReference, torch.Tensor)):
        return emotion
    raise TypeError(f"emotion must be {FORMS}; got {type(emotion).__name__}")


def _check_words(text: str) -> None:
    """Refuse a mixture or a timeline that is written as text, and words that are no label."""
    for form, sign, example in _WRITTEN:
        if sign.match(text):
            raise ValueError(f"emotion {text!r:.80} is written like a {form}, which is told as {example}")
    if not is_sentence(text):
        canonical_emotion(text)


def is_sentence(text: str) -> bool:
    """Whether a string is no label but a sentence: several words, or a word that tells a feeling."""
    return not is_label(text) and (" " in text.strip() or tells_feeling(text))


def told(emotion: Any) -> Any:
    """What metadata say of a checked emotion: its JSON, or what it was taken from where it has none."""
    if emotion is None:
        return HEARD
    if isinstance(emotion, EmotionReference):
        return f"from {emotion.modality}"
    if isinstance(emotion, torch.Tensor):
        return "from embedding"
    if isinstance(emotion, list):
        return [[time, told(one)] for time, one in emotion]
    if isinstance(emotion, tuple):
        return list(emotion)
    if isinstance(emotion, dict):
        return {_key(label): weight for label, weight in emotion.items()}
    return emotion


def to_json(emotion: Any) -> Any:
    """The JSON of a checked emotion, from which :func:`from_json` makes the same again.

    Raises:
        TypeError: an emotion by example or an embedding, which have none.
    """
    for one in [one for _, one in emotion] if isinstance(emotion, list) else [emotion]:
        if isinstance(one, (EmotionReference, torch.Tensor)):
            raise TypeError(f"emotion {told(one)} has no JSON; only labels, sentences, mixtures and timelines have")
    return None if emotion is None else told(emotion)


def from_json(value: Any) -> Any:
    """Read what :func:`to_json` gave.

    Args:
        value: parsed JSON.

    Returns:
        The checked emotion.

    Raises:
        TypeError, ValueError: none of the forms, or a bad value in it.
    """
    if isinstance(value, list) and not _is_label(value):
        return check_emotion([list(map(_one_from_json, e)) if isinstance(e, list) else e for e in value])
    return check_emotion(_one_from_json(value))


def _one_from_json(value: Any) -> Any:
    if _is_label(value):
        return tuple(value)
    return {_label(key): weight for key, weight in value.items()} if isinstance(value, dict) else value


def _is_label(value: Any) -> bool:
    """Whether JSON is a label with its level; a timeline begins with a list."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], str)


def _key(label: str | tuple[str, float]) -> str:
    return label if isinstance(label, str) else f"{label[0]}@{label[1]:g}"


def _label(key: str) -> str | tuple[str, float]:
    name, at, level = key.rpartition("@")
    try:
        return (name, float(level)) if at else key
    except ValueError:
        return key


def words(emotion: Any) -> str:
    """A checked emotion as a reader would say it."""
    if isinstance(emotion, list):
        return ", then ".join(f"{words(one)} from {time:g} s" for time, one in emotion)
    if isinstance(emotion, tuple):
        return f"{emotion[0]}, level {emotion[1]:g}"
    if isinstance(emotion, dict):
        return ", ".join(f"{words(label)} {share:.0%}" for label, share in emotion.items())
    return str(told(emotion))
