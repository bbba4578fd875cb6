"""One self-contained web page: the animated head with its sound, to be looked at from all sides in any browser."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emoface.audio.load import UNNAMED, Recording
from emoface.face.face import FaceLike, Identity, as_face
from emoface.face.layout import ARKIT_INDEX
from emoface.face.normals import smooth_normals, welded
from emoface.face.open_head import open_head
from emoface.face.rig import Rig
from emoface.face.wrinkles import STEP_MM, Wrinkles
from emoface.face_motion import FaceMotion
from emoface.rates import frame_rate
from emoface.render.iris import Iris, find_irises
from emoface.render.relief import NO_SKIN, chart, curvature

from ..files import write_text
from .caption import emotion_changes, emotion_text
from .rig_curves import head_turns, rig_curves, visible_deltas
from .sound import check_kind, sound_bytes

PLAYER = Path(__file__).with_name("player")
SCRIPTS = ("clip.js", "clock.js", "scene.js", "notice.js", "turning.js", "pace.js", "pen.js", "controls.js", "start.js")
SCREEN_FPS = 60.0
STEP_BITS = 15
FULL = 4095  # a weight of 1 as a whole number
TURN = 2**15 - 1  # 1 in a quaternion
PEAKS = 400
MOST_CURVED = 0.2  # 1/mm
TYPES = {np.dtype(code): code for code in ("u1", "i2", "u2", "u4")}


def write_html(
    animation: FaceMotion,
    path: str | os.PathLike[str],
    face: FaceLike | None = None,
    fps: float | None = None,
    sound: str = "flac",
    title: str | None = None,
    identity: Identity | None = None,
) -> None:
    """Write the head, its motion and its sound as one .html that needs no network, the same bytes every time.

    The page has play and pause, a scrubber over the waveform, volume, speed, curves on demand, orbit and zoom by mouse,
    touch and keys, light and dark dress. It runs from a file, in browsers with WebGL 2 and DecompressionStream (2023 or
    later). A link may end in ``#t=SECONDS``, with ``&yaw=``, ``&pitch=`` (degrees) and ``&zoom=``. Vertices are kept to
    1/32767 of the head's extent, weights to 1/4095.

    Args:
        animation: what to write.
        path: the file.
        face, identity: the head, as in :func:`emoface.face.face.as_face`; None for the open head.
        fps: rate of the curves in the page, None for 60 or the animation's own if that is higher.
        sound: how the recording is kept: "flac" (lossless), "wav" or "mp3" (smaller, begins some ms late in browsers
            that do not know the encoder's delay).
        title: of the page; None for the recording's name, or the face's where the recording has none.

    Raises:
        TypeError: ``face`` is no face, or ``title`` no text. ValueError: a face without ARKit's shapes, a motion whose
            shapes are not ARKit's, bad fps, unknown ``sound``. OSError: the path cannot be written.
    """
    check_kind(sound, "sound")
    if title is not None and not isinstance(title, str):
        raise TypeError(f"title must be text, got {type(title).__name__}")
    fps = max(SCREEN_FPS, animation.fps) if fps is None else frame_rate(fps)
    shown = animation.resample(fps)
    face = as_face(face, identity)
    rig, weights = rig_curves(shown, face)
    wrinkles = open_head().wrinkles if face.is_open_head else None
    recording = animation.audio.name if animation.audio else UNNAMED[0]
    name = title or (rig.name if recording in UNNAMED else recording)
    emotion = emotion_text(animation.metadata.get("emotion"))
    clip = packed_clip(animation, rig, weights, shown, head_turns(shown, rig), wrinkles)
    voice = sound_bytes(animation.audio, sound) if animation.audio else b""
    filled = {
        "title": html.escape(f"{name} – {emotion}" if emotion else name),
        "label": html.escape(f"Animated head speaking {name}" + (f", {emotion}" if emotion else "")),
        "name": html.escape(name),
        "emotion": html.escape(emotion),
        "facts": _facts(animation, rig),
        "clip": base64.b64encode(clip).decode(),
        "sound": base64.b64encode(voice).decode(),
        "style": player_part("style.css"),
        "script": "\n".join(map(player_part, SCRIPTS)),
    }
    page = re.sub(r"\{\{(\w+)\}\}", lambda hole: filled[hole[1]], player_part("page.html"))
    write_text(path, page)


def player_part(name: str) -> str:
    """The text of a file of the player."""
    return (PLAYER / name).read_text(encoding="utf-8").rstrip("\n")


def _facts(animation: FaceMotion, rig: Rig) -> str:
    """The definition list behind the i button."""
    metadata = animation.metadata
    known: dict[str, Any] = {
        "recording": animation.audio.name if animation.audio else "none",
        "duration": f"{animation.duration:.2f} s",
        "frames": f"{len(animation)} at {animation.fps:g} fps",
        "face": f"{rig.name}, {len(rig.template)} vertices, {len(rig.shape_names)} shapes",
    }
    for key in ("emotion", "intensity", "guidance", "style", "steps", "seed"):
        if key in metadata:
            known[key] = emotion_text(metadata[key]) if key == "emotion" else metadata[key]
    return "".join(f"<dt>{html.escape(key)}</dt><dd>{html.escape(str(value))}</dd>" for key, value in known.items())


def packed_clip(
    animation: FaceMotion, rig: Rig, weights: np.ndarray, shown: FaceMotion, turns: np.ndarray | None,
    wrinkles: Wrinkles | None = None,
) -> bytes:  # fmt: skip
    """Header (JSON) and packed arrays of a clip, deflated; clip.js takes them apart.

    Args:
        animation: what is shown. rig: the head. shown: the animation at the page's rate, T frames.
        weights: (T, N) of the rig's shapes. turns: (T, 4) of the head's joint, None where it is still.
        wrinkles: of the head; None for a page that shows none.

    Returns:
        The bytes.
    """
    deltas = visible_deltas(rig)
    step = float(max(np.abs(rig.template).max(), np.abs(deltas).max())) / (2**STEP_BITS - 1)  # metres
    moved = [np.flatnonzero(delta.any(1)) for delta in deltas]
    wide = np.uint16 if len(rig.template) <= 65536 else np.uint32
    roughness = np.zeros(len(rig.template))
    for part in rig.parts:
        roughness[slice(*part.vertices)] = part.roughness
    irises = find_irises(rig.template, rig.parts)
    arrays = {
        "template": (rig.template / step).round().astype(np.int16),
        "faces": rig.faces.astype(wide),
        "weld": welded(rig.template, rig.faces).astype(wide),
        "surface": (np.column_stack([rig.colours, roughness]).clip(0, 1) * 255).round().astype(np.uint8),
        "indices": np.concatenate(moved).astype(wide),
        "offsets": (np.concatenate([d[rows] for d, rows in zip(deltas, moved)]) / step).round().astype(np.int16),
        "chart": _chart(rig),
        "peaks": _peaks(animation),
        "caustic": _caustic(irises, len(rig.template)),
        **moving_arrays(shown, weights, turns if rig.neck is not None else None, wrinkles),
    }
    if rig.neck is not None and turns is not None:
        arrays["shares"] = (rig.neck.shares * FULL).round().astype(np.uint16)
    if wrinkles is not None:
        heights = (wrinkles.stored.astype(np.int16) + 128).astype(np.uint8)
        arrays["heights"] = heights.reshape(-1, heights.shape[2])
    header: dict[str, Any] = {
        "fps": shown.fps,
        "frameRate": animation.fps,
        "duration": animation.duration,
        "emotions": emotion_changes(animation.metadata.get("emotion")),
        "step": step,
        "eyes": [[iris.pole, iris.back] for iris in irises],
        "shapes": [{"name": name, "moved": len(rows)} for name, rows in zip(rig.shape_names, moved)],
    }
    if rig.neck is not None:
        header["neck"] = rig.neck.joint.round(6).tolist()
    if wrinkles is not None:
        count, rows, columns = wrinkles.stored.shape
        header["maps"] = {"count": count, "rows": rows, "columns": columns, "step": STEP_MM}
    sheets = [part.faces[0] for part in rig.parts if part.name.startswith(NO_SKIN)]
    header["casting"] = min(sheets, default=len(rig.faces))
    return packed(header, arrays)


def moving_arrays(
    shown: FaceMotion, weights: np.ndarray, turns: np.ndarray | None, wrinkles: Wrinkles | None = None
) -> dict[str, np.ndarray]:
    """What of a clip changes with the motion: all but the head itself.

    Args:
        shown: the animation at the page's rate, T frames. weights: (T, N) of the rig's shapes.
        turns: (T, 4) of the head's joint, None where it is still. wrinkles: of the head; None for none.
    """
    arrays = {"curves": (weights * FULL).round().astype(np.uint16)}
    if turns is not None:
        arrays["turns"] = (turns * TURN).round().astype(np.int16)
    if wrinkles is not None:
        arrays["folds"] = (wrinkles.weights(shown.expression).reshape(len(shown), -1) * 255).round().astype(np.uint8)
    return arrays


def packed(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """A header (JSON) and arrays (rows, columns), deflated, as clip.js takes them apart."""
    text = json.dumps({**header, "arrays": {name: _entry(array) for name, array in arrays.items()}}).encode()
    return zlib.compress(struct.pack("<I", len(text)) + text + b"".join(map(_packed, arrays.values())), 6)


def _chart(rig: Rig) -> np.ndarray:
    """(V, 4) uint16: column and row in the chart of the skin, how much of it shows, and curvature of 0..0.2 per mm."""
    normals = smooth_normals(rig.template, rig.faces)
    charted = chart(rig.template, normals, rig.faces, rig.parts)
    bent = curvature(rig.template, normals, rig.faces) / MOST_CURVED
    return (np.column_stack([charted.uv, charted.shown, bent]).clip(0, 1) * 65535).round().astype(np.uint16)


def _caustic(irises: Sequence[Iris], count: int) -> np.ndarray:
    """(V, 2) uint8: how much of the caustic each vertex of an iris can get, and 255 where the iris is the second."""
    found = np.zeros((count, 2), np.uint8)
    for number, iris in enumerate(irises):
        found[iris.rows] = np.column_stack([(iris.share * 255).round(), np.full(len(iris.rows), 255 * number)])
    return found


def _entry(array: np.ndarray) -> dict[str, Any]:
    return {"type": TYPES[array.dtype], "rows": len(array), "columns": array.size // max(len(array), 1)}


def _packed(array: np.ndarray) -> bytes:
    """Differences between rows, column by column and byte plane by byte plane, which deflates to about half."""
    columns = array.reshape(len(array), -1).T  # (columns, rows)
    change = np.diff(columns, axis=1, prepend=columns.dtype.type(0)).astype(columns.dtype)  # wraps around
    planes = np.ascontiguousarray(change).view(np.uint8).reshape(*change.shape, array.itemsize)
    return planes.transpose(0, 2, 1).tobytes()


def _peaks(animation: FaceMotion) -> np.ndarray:
    """Loudness (400,) uint8 over the clip: rms of the recording, or the jaw's opening where there is none."""
    if animation.audio is not None:
        return loudness_peaks(animation.audio, PEAKS)
    jaw = animation.arkit()[np.arange(PEAKS) * len(animation) // PEAKS, ARKIT_INDEX["jawOpen"]]
    return _as_seen(jaw)


def loudness_peaks(audio: Recording, count: int) -> np.ndarray:
    """Loudness (count,) uint8 of equal parts of a recording, by their rms; the loudest is 255."""
    power, number, start = np.zeros(count), np.zeros(count), 0
    for block in audio.source():
        place = (start + np.arange(len(block))) * count // audio.num_samples
        power += np.bincount(place, block.astype(np.float64) ** 2, count)
        number += np.bincount(place, minlength=count)
        start += len(block)
    return _as_seen(np.sqrt(power / number.clip(1)))


def _as_seen(loudness: np.ndarray) -> np.ndarray:
    """Loudness as the eye takes it, in whole numbers up to 255."""
    return (255 * (loudness / max(loudness.max(), 1e-9)) ** 0.8).round().astype(np.uint8)
