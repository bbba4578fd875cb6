"""ARKit-52 weights as JSON, for web players."""

from __future__ import annotations

import json
import os

from emoface.face.layout import ARKIT_NAMES
from emoface.face_motion import FaceMotion, metadata_json

from ..files import atomic_path

DECIMALS = 6
PLAYER_FPS = 30.0


def write_json(animation: FaceMotion, path: str | os.PathLike[str], fps: float | None = None) -> None:
    """Write ``{names, fps, metadata, frames: [{time, weights, rotation}]}``, the keys of LAM's web player.

    That player shows 30 frames per second whatever the file says, frame k from k / 30 to (k + 1) / 30 s. ``names`` are
    the 52 ARKit shapes, ``weights`` their values 0..1 in the frame that begins at ``time`` seconds (frame / fps),
    ``rotation`` the head's turn there, axis-angle in radians (:attr:`emoface.face_motion.FaceMotion.neck_pose`),
    or empty where no frame has one.

    Args:
        animation: what to write; it is resampled.
        path: the file.
        fps: frames per second, 30 if None; others are for programs that read ``fps`` or ``time``.

    Raises:
        ValueError: bad fps, or a face whose shapes are not ARKit's. OSError: the path cannot be written.
    """
    animation = animation.resample(PLAYER_FPS if fps is None else fps)
    facts = {"fps": animation.fps, "frame_count": len(animation), "blendshape_names": ARKIT_NAMES}
    head = {
        "names": ARKIT_NAMES,
        "fps": animation.fps,
        "metadata": json.loads(metadata_json(animation.metadata)) | facts,
    }
    weights = animation.arkit().astype(float).round(DECIMALS).tolist()
    turns = (animation.neck_pose.astype(float).round(DECIMALS) + 0.0).tolist()
    if not animation.neck_pose.any():
        turns = [[]] * len(turns)
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "frames": [')
        for frame, (values, turn) in enumerate(zip(weights, turns)):
            row = {"time": round(frame / animation.fps, DECIMALS), "weights": values, "rotation": turn}
            file.write((",\n" if frame else "\n") + json.dumps(row))
        file.write("\n]}\n")
