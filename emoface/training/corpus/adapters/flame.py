"""Folders of FLAME coefficients beside recordings: fits of MEAD, BEAT2, VHAP tracks and files of published models.

FLAME's expression components have no names. Without a FLAME model such clips keep the layout ``"flame"``, beside the
edition that their file tells, and are not mixed with clips of the open head. With the model (``"model"`` and
``"landmarks"`` in the corpus config) they are fitted to the open head's named shapes, and train like captured curves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from emoface.binding.emotions import canonical_emotion, check_level
from emoface.export.npz import read_npz
from emoface.face.flame import FlameModel
from emoface.face.flame_files import load_flame
from emoface.face.layout import EXPRESSION_NAMES, EXPRESSION_SIZE
from emoface.face_motion import FaceMotion
from emoface.limits import Account
from emoface.reading import read_array, read_json

from ..clips import Clip
from ..skipped import Skipped, Unusable
from .mead import mead_recording, told_by_name
from .signals import find_recording, speaker_of, with_recording

MEAD_FPS = 25.0
MEAD_WIDTH, MEAD_SHAPE = 403, 300
"""Columns of a converted 3DMEAD row: 300 identity, 100 expression, 3 jaw."""
MEAD_EDITION = "FLAME 2020"
FRAMES = "flame_param"
"""Name of VHAP's folders of one file a frame."""


def read_flame(
    folder: Path,
    dataset: str,
    skipped: Skipped,
    labelled: bool = False,
    model: str | None = None,
    landmarks: str | None = None,
) -> Iterator[Clip]:
    """Clips of every take under a folder that has a recording.

    Takes are ``.npz`` in any layout that :func:`emoface.export.read` reads, ``.npy`` and ``.hdf5`` of 3DMEAD, and
    VHAP's folders ``flame_param/``. The recording has the take's name, beside it or in ``audio/``, ``wav/``,
    ``wavs/`` or ``wave16k/``, or lies where MEAD has it. Speaker, emotion, level and sentence are read from MEAD's
    names or from an optional ``name.json``, which also tells ``language`` and, for files that do not, ``fps``.

    Args:
        folder: of the takes. dataset: name of the data set. skipped: takes the files that cannot be used.
        labelled: leave out takes without an emotion.
        model: FLAME model file to which the coefficients belong. landmarks: its landmark embedding.
    """
    flame = None if model is None else FlameModel(load_flame(model, landmarks))
    clip = partial(_clip, folder=folder, dataset=dataset, labelled=labelled, flame=flame)
    yield from skipped.readable(takes(folder), clip)


def takes(folder: Path) -> list[Path]:
    """Files and frame folders of FLAME coefficients under a folder, in order of their names."""
    found = {
        path.parent if path.parent.name == FRAMES else path
        for path in folder.rglob("*")
        if path.suffix in (".npz", ".npy", ".hdf5") and path.name != "appearance.hdf5"
    }
    return sorted(found)


def _clip(path: Path, folder: Path, dataset: str, labelled: bool, flame: FlameModel | None) -> Clip:
    named = path.parent if path.name in (FRAMES, "shape_pose_cam.hdf5") else path  # what bears the take's name
    name = named.relative_to(folder).with_suffix("").as_posix()
    told = _told(named.relative_to(folder), named.with_suffix(".json"))
    if labelled and told["emotion"] is None:
        raise Unusable("without emotion", f"{path} tells no emotion, by its name or by {named.stem}.json")
    recording = find_recording(named, folder) or mead_recording(named, folder)
    if recording is None:
        raise Unusable("without recording", f"{path} has no recording of the same name")
    take = load_take(path)
    if "fps" in told:
        take = replace(take, fps=told.pop("fps"))
    if flame is not None:
        if take.flame_version == "unknown":
            take = replace(take, flame_version=flame.data.version)
        elif take.flame_version != flame.data.version:
            raise Unusable("other face", f"{path} is {take.flame_version}'s, the model {flame.data.version}")
        take = take.to_open_head(flame)
    if take.expression.shape[1] < EXPRESSION_SIZE:
        raise ValueError(f"{path} has {take.expression.shape[1]} expression coefficients, at least 50 are needed")
    motion = np.concatenate([take.expression[:, :EXPRESSION_SIZE], take.jaw_pose, take.neck_pose], 1)
    lips, mel = with_recording(path, motion, take.fps, recording)
    layout = "open_head" if take.expression_names == EXPRESSION_NAMES else "flame"
    told["speaker"] = told["speaker"] or speaker_of(Path(name))
    return Clip(f"{dataset}/{name}", "captured", mel=mel, lips=lips, layout=layout,
                flame_version=take.flame_version, **told)  # fmt: skip


def _told(path: Path, sheet: Path) -> dict[str, Any]:
    """What a take's name and its sheet tell; the sheet knows better."""
    named = told_by_name(path)
    told: dict[str, Any] = {"speaker": "", "language": "", "emotion": None, "level": None, "sentence": ""}
    if named is not None:
        told |= {**vars(named), "level": float(named.level), "language": "en"}
    if not sheet.exists():
        return told
    try:
        written = read_json(sheet)
        told |= {key: str(written[key]) for key in ("speaker", "language", "sentence") if key in written}
        if written.get("emotion") is not None:
            told["emotion"] = canonical_emotion(written["emotion"])
        if written.get("level") is not None:
            told["level"] = check_level(written["level"])
        if "fps" in written:
            told["fps"] = float(written["fps"])
    except (ValueError, TypeError, AttributeError) as error:
        raise Unusable("damaged sheet", f"{sheet} is not a sheet of a take: {error}") from error
    return told


def load_take(path: Path) -> FaceMotion:
    """The coefficients of one take.

    ``.npz``: see :func:`emoface.export.npz.read_npz`. ``.npy``: (T, 403) or (1, T, 403) of 300 identity, 100
    expression and 3 jaw values (3DMEAD as ProbTalk3D converts it). ``.hdf5``: ``exp`` (1, T, 100) and ``jaw``
    (1, T, 3) (3DMEAD as published). A folder: one ``.npz`` of one frame each, in order of their names.

    Raises:
        ValueError: another layout, other shapes, values that are not finite, or more of them than the budget holds.
        ImportError: .hdf5 without h5py.
    """
    if path.suffix == ".npz":
        return read_npz(path)
    if path.is_dir():
        frames = [read_npz(frame) for frame in sorted(path.glob("*.npz"))]
        if any(len(frame) != 1 for frame in frames):
            raise ValueError(f"{path} must hold files of one frame each")
        expression, jaw = (np.concatenate([getattr(f, key) for f in frames]) for key in ("expression", "jaw_pose"))
        return _unnamed(path, expression, jaw, frames[0].fps, frames[0].flame_version)
    if path.suffix == ".hdf5":
        try:
            import h5py
        except ImportError as error:
            raise ImportError("3DMEAD's .hdf5 files need h5py: pip install 'emoface[train]'") from error
        account = Account(path)
        with h5py.File(path) as file:
            for key in ("exp", "jaw"):  # before any is unpacked
                account.claim(f"{key!r}", file[key].nbytes)
            expression, jaw = (_rows(path, key, file[key][()]) for key in ("exp", "jaw"))
    else:
        rows = _rows(path, "array", read_array(path))
        if rows.shape[1] != MEAD_WIDTH:
            raise ValueError(f"{path} must have shape (T, {MEAD_WIDTH}), got {rows.shape}")
        expression, jaw = rows[:, MEAD_SHAPE:-3], rows[:, -3:]
    return _unnamed(path, expression, jaw, MEAD_FPS, MEAD_EDITION)


def _rows(path: Path, key: str, values: np.ndarray) -> np.ndarray:
    """(T, n) out of (T, n) or (1, T, n)."""
    rows = values[0] if values.ndim == 3 and len(values) == 1 else values
    if rows.ndim != 2:
        raise ValueError(f"{path}: {key} must have shape (T, n) or (1, T, n), got {values.shape}")
    return rows


def _unnamed(path: Path, expression: np.ndarray, jaw: np.ndarray, fps: float, version: str) -> FaceMotion:
    names = tuple(f"exp_{i}" for i in range(expression.shape[1]))
    try:
        return FaceMotion(expression, jaw, fps, expression_names=names, flame_version=version)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path} does not hold motion: {error}") from error
