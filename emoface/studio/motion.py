"""A take as the page shows it: weights of the head's shapes, turns and wrinkles, without the head, which it has."""

from __future__ import annotations

from functools import cache

from emoface.export.html import SCREEN_FPS, moving_arrays, packed
from emoface.export.rig_curves import rig_curves
from emoface.face.face import Face, as_face
from emoface.face.layout import limit_turn
from emoface.face.open_head import open_head
from emoface.face.rotation import quaternions
from emoface.face_motion import FaceMotion


def packed_motion(take: FaceMotion) -> bytes:
    """A take at the rate of screens, as clip.js takes it apart: header (JSON) and arrays.

    Args:
        take: T frames of the open head.

    Returns:
        ``fps``, ``frameRate`` and ``duration`` (s) in the header; ``curves``, ``turns`` and ``folds`` of its frames.
    """
    shown = take.resample(max(SCREEN_FPS, take.fps))
    _, weights = rig_curves(shown, _head())
    turns = quaternions(limit_turn(shown.neck_pose))
    header = {"fps": shown.fps, "frameRate": take.fps, "duration": take.duration}
    return packed(header, moving_arrays(shown, weights, turns, open_head().wrinkles))


@cache
def _head() -> Face:
    """The open head, whose rig costs more to make than a take to pack."""
    return as_face()
