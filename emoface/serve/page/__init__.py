"""The page of the service: a microphone button and a head that moves with the voice, drawn by the player of exports."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from emoface.binding.emotions import EMOTIONS
from emoface.export.html import packed_clip, player_part
from emoface.export.rig_curves import rig_curves
from emoface.face.face import Face
from emoface.face.layout import MOTION_SIZE, NECK_RADIANS
from emoface.face.open_head import open_head
from emoface.face_motion import FaceMotion

from ..wire import COLUMNS

FOLDER = Path(__file__).parent
PLAYER = ("clip.js", "scene.js", "notice.js", "turning.js", "pace.js")
OWN = ("live_clip.js", "talk.js", "live.js")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""Of every answer with a part of the page: nothing is loaded from elsewhere, and no other page frames it."""


def part(name: str) -> str:
    """The text of a file of the page."""
    return (FOLDER / name).read_text(encoding="utf-8").rstrip("\n")


def filled(template: str, values: Mapping[str, str]) -> str:
    """A page with ``{{name}}`` replaced by the value of that name."""
    return re.sub(r"\{\{(\w+)\}\}", lambda hole: values[hole[1]], template)


def still_head(face: Face | None = None, wrinkles: bool = False) -> str:
    """The open head, as itself or as a person, at rest as a clip of one frame, in base64; what it does comes later."""
    still = FaceMotion.from_motion(np.zeros((1, MOTION_SIZE), np.float32))
    rig, weights = rig_curves(still, face)
    facing = np.array([[0, 0, 0, 1]], np.float32)  # there is a turn, so that the neck comes with the clip
    folds = open_head().wrinkles if wrinkles else None
    return base64.b64encode(packed_clip(still, rig, weights, still, facing, folds)).decode()


def live_page() -> str:
    """The page with the open head in it."""
    settings = {"names": COLUMNS["arkit+head"], "neckRadians": NECK_RADIANS}
    values = {
        "clip": still_head(),
        "emotions": "".join(f"<option>{html.escape(label)}</option>" for label in EMOTIONS),
        "settings": json.dumps(settings),
        "style": f"{player_part('style.css')}\n{part('live.css')}",
        "script": "\n".join([*map(player_part, PLAYER), *map(part, OWN)]),
    }
    return filled(part("page.html"), values)
