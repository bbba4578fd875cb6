"""Folders of FLAME coefficients beside recordings, in the layouts of DiffPoseTalk, EMOTE and 3DMEAD.

FLAME's expression components have no names, so these clips keep the layout ``"flame"`` and are not mixed with
clips of the open head. The edition of FLAME is the user's to know: coefficients do not transfer between
editions.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emoface.audio.features import SAMPLE_RATE, frame_count
from emoface.binding.emotions import canonical_emotion
from emoface.face.layout import EXPRESSION_SIZE, FPS

from ..clips import Clip
from .signals import find_recording, mel_of, read_wave, resample_motion

MEAD_WIDTH, MEAD_SHAPE, MEAD_EXPRESSION = 403, 300, 100
"""Columns of a 3DMEAD row: 300 identity, 100 expression, 3 jaw."""


def read_flame(folder: Path, dataset: str) -> Iterator[Clip]:
    """Clips of every ``.npz`` and ``.npy`` of coefficients under a folder that has a recording of the same
    name.

    The recording is looked for beside the file and in ``audio/``, ``wav/`` and ``wavs/`` of the folder. An
    optional ``name.json`` tells ``speaker``, ``language`` and ``emotion``. Files without a recording are left
    out with a warning.

    Raises:
        ValueError: a file in none of the layouts; the message names it.
    """
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".npz", ".npy")):
        recording = find_recording(path, folder)
        if recording is None:
            warnings.warn(f"{path} has no recording of the same name and is left out", stacklevel=2)
            continue
        try:
            motion, fps = load_flame(path)
            sheet = path.with_suffix(".json")
            told = json.loads(sheet.read_text("utf-8")) if sheet.exists() else {}
            emotion = None if told.get("emotion") is None else canonical_emotion(told["emotion"])
        except (ValueError, TypeError, AttributeError, OSError) as error:
            raise ValueError(f"{path} is not a take of FLAME coefficients: {error}") from error
        samples = read_wave(recording)
        frames = min(frame_count(len(samples), SAMPLE_RATE, FPS), round(len(motion) / fps * FPS))
        name = path.relative_to(folder).with_suffix("").as_posix()
        lips = resample_motion(motion, fps, frames).astype(np.float16)
        speaker, language = str(told.get("speaker", name.split("/")[0])), str(told.get("language", ""))
        mel = mel_of(samples, frames)
        yield Clip(f"{dataset}/{name}", "captured", speaker, language, emotion, mel, lips=lips, layout="flame")


def load_flame(path: Path) -> tuple[np.ndarray, float]:
    """Motion of one file of coefficients.

    Known layouts: npz with ``exp`` (T, 50+) and ``pose`` (T, 6: global, jaw) (DiffPoseTalk); npz with
    ``expression`` (T, 50+) and ``jaw_pose`` (T, 3) (EMOTE, ours); npy (T, 403) or (1, T, 403) of 300
    identity, 100 expression and 3 jaw values (3DMEAD). ``fps`` in an npz is honoured; else 25.

    Args:
        path: ``.npz`` or ``.npy``.

    Returns:
        (T, 53) float32, the first 50 expression coefficients and the jaw's axis-angle; frames per second.

    Raises:
        ValueError: another layout, other shapes, or values that are not finite.
    """
    stored = np.load(path, allow_pickle=False)
    fps = float(FPS)
    if isinstance(stored, np.ndarray):
        rows = stored[0] if stored.ndim == 3 and len(stored) == 1 else stored
        if rows.ndim != 2 or rows.shape[1] != MEAD_WIDTH:
            raise ValueError(f"an npy must have shape (T, {MEAD_WIDTH}), got {stored.shape}")
        expression, jaw = rows[:, MEAD_SHAPE : MEAD_SHAPE + MEAD_EXPRESSION], rows[:, -3:]
    else:
        with stored:
            if "fps" in stored.files:
                fps = float(stored["fps"])
            if {"exp", "pose"} <= set(stored.files):
                expression, jaw = stored["exp"], _columns(stored["pose"], 6, "pose")[:, 3:]
            elif {"expression", "jaw_pose"} <= set(stored.files):
                expression, jaw = stored["expression"], _columns(stored["jaw_pose"], 3, "jaw_pose")
            else:
                raise ValueError(f"an npz must hold exp and pose, or expression and jaw_pose; got {stored.files}")
    if expression.ndim != 2 or expression.shape[1] < EXPRESSION_SIZE or len(expression) != len(jaw):
        raise ValueError(f"expression must have shape ({len(jaw)}, at least {EXPRESSION_SIZE}), got {expression.shape}")
    motion = np.concatenate([expression[:, :EXPRESSION_SIZE], jaw], 1).astype(np.float32)
    if not len(motion) or not np.isfinite(motion).all():
        raise ValueError("coefficients must be finite and at least one frame")
    if not 0 < fps < 1000:
        raise ValueError(f"fps must be in 0..1000, got {fps}")
    return motion, fps


def _columns(values: np.ndarray, width: int, name: str) -> np.ndarray:
    if values.ndim != 2 or values.shape[1] != width:
        raise ValueError(f"{name} must have shape (T, {width}), got {values.shape}")
    return values
