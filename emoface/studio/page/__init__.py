"""The page of the studio: the head of the player of exports, and a timeline on which it is directed."""

from __future__ import annotations

import json
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from emoface.binding.emotions import EMOTIONS
from emoface.direct.actions import CUES, known_names
from emoface.direct.regions import PARTS
from emoface.direct.tracks import CURVES, KINDS, LOOKS, MODES, CueTrack, Track
from emoface.export.formats import FORMATS
from emoface.export.html import player_part
from emoface.face.controls import RANGES
from emoface.face.face import Face
from emoface.serve.page import HEADERS, filled, still_head

__all__ = ["HEADERS", "studio_page"]

FOLDER = Path(__file__).parent
PLAYER = ("clip.js", "clock.js", "scene.js", "notice.js", "turning.js", "pace.js", "pen.js")
OWN = (
    "server.js", "piece.js", "kinds.js", "fields.js", "inspector.js", "wave.js", "timeline.js", "heads.js",
    "studio.js",
)  # fmt: skip
SAYINGS = (
    "raise the eyebrows", "raise the left eyebrow", "worried brows", "furrow the brows", "wink with the right eye",
    "squint", "close the eyes", "wrinkle the nose", "smile", "forced smile", "smile without teeth", "smirk", "grin",
    "bite the lower lip", "pout", "press the lips", "puff the cheeks", "frown", "tilt the head to the left",
    "turn the head to the right", "raise the chin", "stick out the tongue",
)  # fmt: skip
"""Plain words that the field of an action offers."""


@cache
def studio_page(face: Face) -> str:
    """The page with the open head, one of its people, in it."""
    values = {
        "clip": still_head(face, wrinkles=True),
        "settings": json.dumps(_settings()),
        "style": f"{player_part('style.css')}\n{_part('studio.css')}",
        "script": "\n".join([*map(player_part, PLAYER), *map(_part, OWN)]),
    }
    return filled(_part("page.html"), values)


def _part(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8").rstrip("\n")


def _settings() -> dict[str, Any]:
    """What the page's fields offer."""
    return {
        "emotions": list(EMOTIONS), "regions": list(PARTS), "cues": list(CUES), "looks": list(LOOKS),
        "modes": list(MODES), "curves": CURVES, "controls": RANGES, "usual": CueTrack.USUAL,
        "actions": [*SAYINGS, *known_names()],
        "fades": {name: kind.FADE for name, kind in KINDS.items()},
        "common": [one.name for one in fields(Track)],
        "formats": [
            {"suffix": row.suffix.removeprefix("."), "name": row.name, "why": _why_not(row.suffix)}
            for row in FORMATS.values()
            if row.suffix != ".vrm"  # an avatar of one's own, which the studio does not have
        ],
    }  # fmt: skip


def _why_not(suffix: str) -> str:
    """Why files of a format cannot be written here; empty where they can."""
    try:
        FORMATS[suffix].check()
    except ImportError as error:
        return str(error)
    return ""
