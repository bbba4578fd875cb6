"""What an animation is, in words for a reader: captions of pages and pictures."""

from __future__ import annotations

from typing import Any, TypeGuard

from emoface.audio.load import UNNAMED
from emoface.face_motion import FaceMotion

LONGEST, LONGEST_CAPTION = 1000, 120
"""Characters of an emotion's words and of a caption at most."""


def caption(animation: FaceMotion) -> str:
    """The recording's name where it has one, the emotion and the seed, as far as they are known; a long one is cut."""
    known = animation.metadata
    parts = [animation.audio.name if animation.audio and animation.audio.name not in UNNAMED else ""]
    parts += [emotion_text(known.get("emotion")), f"seed {known['seed']}" if "seed" in known else ""]
    return _cut(" · ".join(filter(None, parts)), LONGEST_CAPTION)


def emotion_text(emotion: Any) -> str:
    """The ``emotion`` of an animation's metadata as a reader would say it; empty for None.

    A label, ``[label, level]``, ``{label: share}``, or a timeline ``[[seconds, emotion], ...]``; anything else, which
    another program may have written, as it is. Long texts are cut.
    """
    return _cut(_emotion_text(emotion), LONGEST)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 4] + " ..."


def _emotion_text(emotion: Any) -> str:
    if emotion is None:
        return ""
    if isinstance(emotion, dict) and all(map(_is_number, emotion.values())):
        return ", ".join(f"{label} {share:.0%}" for label, share in emotion.items())
    if is_timeline(emotion):
        return ", then ".join(f"{_emotion_text(what)} from {start:g} s" for start, what in emotion)
    if isinstance(emotion, list) and len(emotion) == 2 and _is_number(emotion[1]):
        return f"{emotion[0]}, level {emotion[1]:g}"
    return str(emotion)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and abs(value) < 2.0**63


def is_timeline(emotion: Any) -> TypeGuard[list[list[Any]]]:
    """Whether an animation's emotion is ``[[seconds, emotion], ...]``."""
    return isinstance(emotion, list) and all(
        isinstance(step, list) and len(step) == 2 and _is_number(step[0]) for step in emotion
    )
