"""What an animation is, in words for a reader: captions of pages and pictures."""

from __future__ import annotations

from typing import Any

from emoface.audio.load import UNNAMED
from emoface.emotion_forms import from_json, words
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

    What another program may have written, in none of the forms of :mod:`emoface.emotion_forms`, stands as it is. Long
    texts are cut.
    """
    if emotion is None:
        return ""
    try:
        return _cut(words(from_json(emotion)), LONGEST)
    except (TypeError, ValueError):
        return _cut(str(emotion), LONGEST)


def emotion_changes(emotion: Any) -> list[tuple[float, str]]:
    """When which emotion begins, seconds and words, where the ``emotion`` of metadata is a timeline; else none."""
    try:
        timeline = from_json(emotion)
    except (TypeError, ValueError):
        return []
    return [(start, words(what)) for start, what in timeline] if isinstance(timeline, list) else []


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 4] + " ..."
