"""The eight emotions, their levels and the names people use for them; always mapped by name, never by index."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from emoface import checks

EMOTIONS: tuple[str, ...] = ("neutral", "happy", "sad", "surprised", "fear", "disgusted", "angry", "contempt")
LEVELS: tuple[int, ...] = (1, 2, 3)
DEFAULT_LEVEL = 2.0

SYNONYMS: dict[str, str] = {
    "calm": "neutral", "none": "neutral", "normal": "neutral", "neutrality": "neutral",
    "happiness": "happy", "joy": "happy", "joyful": "happy", "glad": "happy", "cheerful": "happy", "delighted": "happy",
    "amused": "happy", "amusement": "happy",
    "sadness": "sad", "sorrow": "sad", "unhappy": "sad", "grief": "sad", "sorrowful": "sad", "depressed": "sad",
    "surprise": "surprised", "amazed": "surprised", "amazement": "surprised", "astonished": "surprised",
    "astonishment": "surprised",
    "afraid": "fear", "fearful": "fear", "scared": "fear", "frightened": "fear", "terrified": "fear", "anxious": "fear",
    "disgust": "disgusted", "revulsion": "disgusted", "revolted": "disgusted",
    "anger": "angry", "rage": "angry", "furious": "angry", "mad": "angry", "fury": "angry",
    "contemptuous": "contempt", "scorn": "contempt", "scornful": "contempt", "disdain": "contempt",
    "disdainful": "contempt",
}  # fmt: skip
NEAR = 0.65
"""Least likeness of a misspelt name to one that is offered, as of ``difflib``."""


def canonical_emotion(name: str) -> str:
    """The one of the eight ``EMOTIONS`` that a label or synonym names, whatever its case.

    Args:
        name: a label such as ``"happy"`` or a synonym such as ``"joy"``.

    Returns:
        The canonical label.

    Raises:
        TypeError: ``name`` is not a string. ValueError: it is not known; the message lists the valid names.
    """
    if not isinstance(name, str):
        raise TypeError(f"emotion must be a string, got {type(name).__name__}")
    key = name.strip().lower()
    if key in EMOTIONS:
        return key
    if key in SYNONYMS:
        return SYNONYMS[key]
    near = get_close_matches(key, [*EMOTIONS, *SYNONYMS], n=1, cutoff=NEAR)
    raise ValueError(
        f"emotion {name!r:.80} is not known; expected one of {', '.join(EMOTIONS)}, a synonym such as 'joy', or a "
        "sentence describing the speaker" + (f"; did you mean {near[0]!r}?" if near else "")
    )


def is_label(name: str) -> bool:
    """Whether a string is one of the labels or synonyms rather than a free prompt."""
    key = name.strip().lower()
    return key in EMOTIONS or key in SYNONYMS


def check_level(level: object) -> float:
    """Validate an emotion level.

    Args:
        level: a number in 0..3; the levels of MEAD are 1, 2 and 3, values between interpolate, 0 is neutral.

    Returns:
        The level as a float.

    Raises:
        TypeError: not a number. ValueError: outside 0..3 or not finite.
    """
    return checks.number("emotion level", level, 0, 3, note="(1 slight, 2 medium, 3 strong)")


def check_label(label: Any) -> tuple[str, float]:
    """Validate a label with or without a level.

    Args:
        label: a name or synonym, at ``DEFAULT_LEVEL``; or (name, level 0..3).

    Returns:
        The name as it was given, and the level.

    Raises:
        TypeError, ValueError: neither of the two forms, or an unknown name or level.
    """
    if isinstance(label, str):
        name, level = label, DEFAULT_LEVEL
    elif isinstance(label, (tuple, list)) and len(label) == 2:
        name, level = label
    else:
        raise TypeError(f"label must be a name or (name, level), got {label!r:.200}")
    if not isinstance(label, str) and isinstance(name, str) and " " in name.strip():
        raise ValueError(
            f"emotion {name!r:.80} is a sentence, and a level goes with one of {', '.join(EMOTIONS)}; tell the "
            "strength in the sentence, such as 'slightly' or 'extremely'"
        )
    canonical_emotion(name)
    return str(name), check_level(level)


def check_mixture(weights: Any) -> dict[str | tuple[str, float], float]:
    """Validate a mixture of labels.

    Args:
        weights: name or (name, level) -> weight >= 0.

    Returns:
        The same with plain names and numbers.

    Raises:
        TypeError: no mapping, or a weight that is no number.
        ValueError: empty, unknown name, negative or non-finite weight.
    """
    if not isinstance(weights, Mapping):
        raise TypeError(f"weights must map emotions to numbers, got {type(weights).__name__}")
    if not weights:
        raise ValueError(f"weights must name at least one of {', '.join(EMOTIONS)}, got none")
    checked = {}
    for label, weight in weights.items():
        plain = check_label(label)
        checked[plain[0] if isinstance(label, str) else plain] = checks.number(f"weight of {label!r:.80}", weight, 0)
    return checked
