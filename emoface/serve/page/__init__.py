"""The page of the service: a microphone button and a head that moves with the voice, drawn by the player of exports."""

from __future__ import annotations

import base64
import html
import json
import re
from pathlib import Path

import numpy as np

from emoface.binding.emotions import EMOTIONS
from emoface.export.html import packed_clip, player_part
from emoface.export.rig_curves import rig_curves
from emoface.face.layout import MOTION_SIZE, NECK_RADIANS
from emoface.face_motion import FaceMotion

from ..wire import COLUMNS

FOLDER = Path(__file__).parent
PLAYER = ("clip.js", "scene.js", "notice.js", "turning.js")
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


def live_page() -> str:
    """The page with the open head in it."""
    still = FaceMotion.from_motion(np.zeros((1, MOTION_SIZE), np.float32))
    rig, weights = rig_curves(still)
    facing = np.array([[0, 0, 0, 1]], np.float32)  # there is a turn, so that the neck comes with the clip
    settings = {"names": COLUMNS["arkit+head"], "neckRadians": NECK_RADIANS}
    filled = {
        "clip": base64.b64encode(packed_clip(still, rig, weights, still, facing)).decode(),
        "emotions": "".join(f"<option>{html.escape(label)}</option>" for label in EMOTIONS),
        "settings": json.dumps(settings),
        "style": f"{player_part('style.css')}\n{part('live.css')}",
        "script": "\n".join([*map(player_part, PLAYER), *map(part, OWN)]),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda hole: filled[hole[1]], part("page.html"))
