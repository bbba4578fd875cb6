"""What an animation is, in words for a reader: captions of pages and pictures."""

from __future__ import annotations

from typing import Any, TypeGuard

from emoface.audio.load import UNNAMED
from emoface.face_motion import FaceMotion


def caption(animation: FaceMotion) -> str:
    """The recording's name where it has one, the emotion and the seed, as far as they are known."""
    known = animation.metadata
    parts = [animation.audio.name if animation.audio and animation.audio.name not in UNNAMED else ""]
    parts += [emotion_text(known.get("emotion")), f"seed {known['seed']}" if "seed" in known else ""]
    return " · ".join(filter(None, parts))


def emotion_text(emotion: Any) -> str:
    """The ``emotion`` of an animation's metadata as a reader would say it; empty for None.

    A label, ``[label, level]``, ``{label: share}``, or a timeline ``[[seconds, emotion], ...]``.
    """
    if emotion is None:
        return ""
    if isinstance(emotion, dict):
        return ", ".join(f"{label} {share:.0%}" for label, share in emotion.items())
    if is_timeline(emotion):
        return ", then ".join(f"{emotion_text(what)} from {start:g} s" for start, what in emotion)
    if isinstance(emotion, list) and len(emotion) == 2:
        return f"{emotion[0]}, level {emotion[1]:g}"
    return str(emotion)


def is_timeline(emotion: Any) -> TypeGuard[list[list[Any]]]:
    """Whether an animation's emotion is ``[[seconds, emotion], ...]``."""
    return isinstance(emotion, list) and all(isinstance(step, list) and len(step) == 2 for step in emotion)
