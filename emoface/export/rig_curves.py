"""An animation on a rig: what every mesh format writes."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from emoface.face.layout import ARKIT_NAMES
from emoface.face.rig import Rig
from emoface.face.rigs import load_rig, open_head_rig
from emoface.face_motion import FaceMotion

RigOrPath = Rig | str | os.PathLike[str]
TONGUE_UP = "tongueUp"
"""The one expression component that ARKit does not know."""
SMALLEST = 1e-6
"""Metres: displacements below are left out of the files, so that a shape holds only what it moves."""


def rig_curves(animation: FaceMotion, rig: RigOrPath | None = None) -> tuple[Rig, np.ndarray]:
    """The rig and its shape weights over time.

    Args:
        animation: the motion. rig: the head to move, or the path of one; None for the open head.

    Returns:
        The rig, and (T, N) float32 weights 0..1: ARKit's by :meth:`Rig.weights`, and ``tongueUp`` where
        the rig has it.

    Raises:
        TypeError: not a Rig. ValueError: a rig without shapes or with arrays that do not fit, or a face whose shapes
            are not ARKit's. FileNotFoundError: no rig at the path.
    """
    if rig is None:
        rig = open_head_rig()
    elif isinstance(rig, (str, os.PathLike)):
        rig = load_rig(rig)
    check_rig(rig)
    weights = rig.weights(animation.arkit())
    if TONGUE_UP in rig.shape_names:
        tongue = animation.expression[:, animation.expression_names.index(TONGUE_UP)]
        weights[:, rig.shape_names.index(TONGUE_UP)] = tongue.clip(0, 1)
    return rig, weights


def check_rig(rig: Any) -> None:
    """Raise TypeError unless ``rig`` is a Rig, ValueError unless its arrays fit each other and it has ARKit shapes."""
    if not isinstance(rig, Rig):
        raise TypeError(f"face must be an emoface Rig, got {type(rig).__name__}")
    count, shapes = len(rig.template), len(rig.shape_names)
    if len(rig.missing) == len(ARKIT_NAMES):
        raise ValueError(f"rig {rig.name!r} has none of the ARKit shapes; it has {shapes} others")
    for name, array, shape in (
        ("template", rig.template, (count, 3)),
        ("deltas", rig.deltas, (shapes, count, 3)),
        ("colours", rig.colours, (count, 3)),
    ):
        if array.shape != shape:
            raise ValueError(f"{name} of rig {rig.name!r} must have shape {shape}, got {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} of rig {rig.name!r} must be finite")
    if rig.faces.ndim != 2 or rig.faces.shape[1] != 3 or len(rig.faces) == 0:
        raise ValueError(f"faces of rig {rig.name!r} must have shape (F, 3) with F at least 1, got {rig.faces.shape}")
    ends = {"vertices": (0, count), "faces": (0, len(rig.faces))}
    for part in rig.parts:
        for kind, (start, stop) in (("vertices", part.vertices), ("faces", part.faces)):
            if start != ends[kind][0] or not start < stop <= ends[kind][1]:
                raise ValueError(f"parts of rig {rig.name!r} must cover its {kind} in order; {part.name!r} does not")
            ends[kind] = (stop, ends[kind][1])
        used = rig.faces[slice(*part.faces)]
        if used.min() < part.vertices[0] or used.max() >= part.vertices[1]:
            raise ValueError(f"faces of part {part.name!r} of rig {rig.name!r} must stay within the part's vertices")
    if any(reached != end for reached, end in ends.values()):
        raise ValueError(f"parts of rig {rig.name!r} must cover all of its vertices and faces")


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
