"""An animation on a rig: what every mesh format writes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from emoface.face.face import FaceLike, Identity, as_face
from emoface.face.layout import limit_turn
from emoface.face.resample import monotone_cubic
from emoface.face.rig import Rig
from emoface.face.rotation import quaternions
from emoface.face_motion import FaceMotion

TONGUE_UP = "tongueUp"
"""The one expression component that ARKit does not know."""
SMALLEST = 1e-6
"""Metres: displacements below are left out of the files, so that a shape holds only what it moves."""


def rig_curves(
    animation: FaceMotion, face: FaceLike | None = None, identity: Identity | None = None
) -> tuple[Rig, np.ndarray]:
    """The rig and its shape weights over time.

    Args:
        animation: the motion. face, identity: the head to move, as in :func:`emoface.face.face.as_face`.

    Returns:
        The rig, its correctives among its shapes, and (T, N) float32 weights 0..1: ARKit's by :meth:`Rig.weights`, and
        ``tongueUp`` where the rig has it.

    Raises:
        TypeError, ValueError, FileNotFoundError: no such face, or one without ARKit's shapes. ValueError: a motion
            whose shapes are not ARKit's.
    """
    rig = as_face(face, identity).rig
    weights = rig.weights(animation.arkit())
    if TONGUE_UP in rig.shape_names:
        tongue = animation.expression[:, animation.expression_names.index(TONGUE_UP)]
        weights[:, rig.shape_names.index(TONGUE_UP)] = tongue.clip(0, 1)
    return rig.with_correctives(weights)


def head_turns(motion: FaceMotion, rig: Rig) -> np.ndarray | None:
    """Turns of the head's joint, quaternions (T, 4) x, y, z, w; None where the rig has no neck or the head is still."""
    if rig.neck is None or not motion.neck_pose.any():
        return None
    return quaternions(limit_turn(motion.neck_pose))


def keyed(motion: FaceMotion, whole_frames: bool = False) -> tuple[FaceMotion, np.ndarray]:
    """The keys of a motion and when they are, so that what is seen at a time is the motion at that time.

    Args:
        motion: the motion, T frames.
        whole_frames: a key for every k / fps, with the motion read there, instead of one for every frame's middle.

    Returns:
        The motion of the keys, T or T + 1 of them, and their times in seconds.
    """
    frames = len(motion)
    if not whole_frames:
        return motion, (np.arange(frames) + 0.5) / motion.fps
    places = np.arange(frames + 1) - 0.5
    parts = (motion.expression, motion.jaw_pose, motion.neck_pose)
    expression, jaw_pose, neck_pose = (monotone_cubic(curves, places) for curves in parts)
    keys = replace(motion, expression=expression, jaw_pose=jaw_pose, neck_pose=neck_pose)
    return keys, np.arange(frames + 1) / motion.fps


def visible_deltas(rig: Rig) -> np.ndarray:
    """The rig's displacements (N, V, 3) float32 with those below ``SMALLEST`` set to zero."""
    deltas = rig.deltas.astype(np.float32)
    return np.where((deltas**2).sum(2, keepdims=True) >= SMALLEST**2, deltas, np.float32(0))


def facts(animation: FaceMotion) -> dict[str, Any]:
    """What a file says about its animation: frame rate, face, how it was made, and the recording it belongs to.

    ``audio`` holds the recording's ``name``, ``sample_rate`` (Hz), ``duration`` (s) and ``offset`` (s): the time of
    the animation at which the recording starts, 0.
    """
    known: dict[str, Any] = {"fps": animation.fps, "frames": len(animation), "flame_version": animation.flame_version}
    if animation.audio:
        audio = animation.audio
        known["audio"] = {
            "name": audio.name, "sample_rate": audio.sample_rate, "duration": audio.duration, "offset": 0.0,
        }  # fmt: skip
    return known | {"metadata": animation.metadata}
