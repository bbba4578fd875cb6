"""Takes of ARKit weights beside recordings: BEAT's JSON files and Live Link Face CSV files.

Recording and take are taken to start together. The app's weights of a relaxed face are not zero; they are
left as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from emoface.export.live_link import read_live_link
from emoface.face.layout import (
    ARKIT_INDEX,
    ARKIT_NAMES,
    EXPRESSION_NAMES,
    MOTION_INDEX,
    MOTION_SIZE,
    NECK,
    arkit_to_motion,
)
from emoface.reading import read_json

from ..clips import Clip
from ..skipped import Skipped, Unusable
from .signals import find_recording, speaker_of, with_recording

BEAT_FPS = 60.0
MOST_MISSING = 4
"""Shapes that a BEAT file may lack (it has no tongueOut)."""

_LOWER = {name.lower(): i for name, i in ARKIT_INDEX.items()}


def read_takes(folder: Path, dataset: str, skipped: Skipped) -> Iterator[Clip]:
    """Clips of every ``.json`` (BEAT) and ``.csv`` (Live Link Face) take under a folder that has a recording.

    The recording has the take's name, beside it or in ``audio/``, ``wav/``, ``wavs/`` or ``wave16k/``.
    """
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".json", ".csv"))
    yield from skipped.readable(paths, partial(_clip, folder=folder, dataset=dataset))


def _clip(path: Path, folder: Path, dataset: str) -> Clip:
    recording = find_recording(path, folder)
    if recording is None:
        raise Unusable("without recording", f"{path} has no recording of the same name")
    if path.suffix.lower() == ".csv":
        animation = read_live_link(path)
        motion, fps, given = animation.motion, animation.fps, np.ones(len(ARKIT_NAMES), bool)
    else:
        weights, fps, given = load_beat(path)
        motion = arkit_to_motion(weights)
    lips, mel = with_recording(path, motion, fps, recording)
    name = path.relative_to(folder).with_suffix("")
    speaker = speaker_of(Path(dataset, name.name))
    known = known_channels(given)
    known[list(NECK)] = motion[:, list(NECK)].any()  # the app writes zeros where it did not track the head
    return Clip(f"{dataset}/{name.as_posix()}", "captured", speaker, "", None, mel, lips=lips, known=known)


def known_channels(given: np.ndarray) -> np.ndarray:
    """Motion channels (56,) that ARKit weights with the shapes ``given`` (52,) tell; tongueUp, jaw roll and
    the neck never.
    """
    known = np.zeros(MOTION_SIZE, bool)
    for name in EXPRESSION_NAMES:
        known[MOTION_INDEX[name]] = name in ARKIT_INDEX and given[ARKIT_INDEX[name]]
    known[MOTION_INDEX["jaw_pose_x"]] = given[ARKIT_INDEX["jawOpen"]]
    known[MOTION_INDEX["jaw_pose_y"]] = given[ARKIT_INDEX["jawLeft"]] and given[ARKIT_INDEX["jawRight"]]
    return known


def load_beat(path: Path) -> tuple[np.ndarray, float, np.ndarray]:
    """One BEAT facial file: ``{"names": [...], "frames": [{"weights": [...], "time": s}, ...]}``, by name.

    Uneven times are put on an even grid by linear interpolation.

    Args:
        path: the ``.json`` file.

    Returns:
        ARKit-52 weights (N, 52) float32 in 0..1, frames per second, and which of the shapes the file has
        (52,).

    Raises:
        ValueError: another structure, unknown shapes, or times that do not increase.
    """
    try:
        stored = read_json(path)
        columns = [_LOWER[str(name).lower()] for name in stored["names"]]
        values = np.array([frame["weights"] for frame in stored["frames"]], np.float32)
        times = np.array([frame.get("time", i / BEAT_FPS) for i, frame in enumerate(stored["frames"])], float)
    except KeyError as error:
        raise ValueError(f"{path} is not a BEAT facial file: {error} is unknown or missing") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not a BEAT facial file: {error}") from error
    given = np.zeros(len(ARKIT_NAMES), bool)
    given[columns] = True
    if values.ndim != 2 or values.shape[1] != len(columns) or not np.isfinite(values).all():
        raise ValueError(f"{path} must hold {len(columns)} finite weights in every frame, got shape {values.shape}")
    if (~given).sum() > MOST_MISSING:
        missing = [name for name, there in zip(ARKIT_NAMES, given) if not there]
        raise ValueError(f"{path} must name the ARKit shapes, but lacks {missing}")
    if (np.diff(times) <= 0).any():
        raise ValueError(f"{path} must have increasing times")
    fps = BEAT_FPS if len(times) < 2 else float(1 / np.median(np.diff(times)))
    even = times[0] + np.arange(round((times[-1] - times[0]) * fps) + 1) / fps
    weights = np.zeros((len(even), len(ARKIT_NAMES)), np.float32)
    for column, curve in zip(columns, values.T):
        weights[:, column] = np.interp(even, times, curve)
    return weights.clip(0, 1), fps, given
