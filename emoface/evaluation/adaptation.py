"""What an adapter is worth: a person's held-out lips with it against those of the checkpoint alone.

Two people, each with clips that the adapter never sees: GRID speaker 1, filmed and tracked, who was among the
checkpoint's own training data, and the speaker of the FACEGOOD curves, of whom its style "artist" learnt. Speakers that
nothing was trained on tell what an adapter costs others.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from emoface.audio.features import SAMPLE_RATE
from emoface.capture import fit
from emoface.capture import read_tracks as read_landmarks
from emoface.face.layout import ARKIT_NAMES, FPS, JAW_SHAPES, MOTION_INDEX, MOTION_SIZE, arkit_to_motion
from emoface.pipeline import Pipeline

from ..training.adapt import Adapted, PersonClip, Split, adapt
from ..training.adapt.figures import FIGURES, measure
from ..training.corpus.adapters.signals import find_recording, read_wave
from .material import Captured, captured
from .report import Row, not_measured
from .strangers import HELD_OUT, LOOKED_AT, SPEAKER
from .tracks import TRACKS

TRAINING, STOPPING, TEST = 88, 12, 50
"""Clips of the GRID speaker that teach, that stop the training, and that are held out."""
LESSONS = ("1114_2_01", "1114_2_02", "1114_2_03")
TESTED = "1114_2_05"
STOPPED = 0.15
"""Share of each FACEGOOD recording, its end, that stops the training."""
NEARER, OTHERS, MINUTES = 0.10, -0.02, 10.0
NAMES = ["adapter, GRID s1: lips nearer", "adapter, FACEGOOD: lips nearer"]
DEFINITION = "1 - lips MAE with the adapter / lips MAE of the checkpoint; " + "; ".join(
    f"{name}: {told}" for name, (told, _) in FIGURES.items()
)


def adaptation_rows(pipeline: Pipeline, folder: Path | None, quick: bool) -> list[Row]:
    """Figures of both people's adapters; not measured in a quick evaluation, which has no minutes for training."""
    if quick or folder is None:
        return not_measured(NAMES, "left out of a quick evaluation" if quick else "no assets folder was named")
    rows: list[Row] = []
    others = [clip for name in LOOKED_AT for clip in tracked(folder / name)]
    if (folder / SPEAKER / TRACKS).is_file():
        about = f"{TRAINING} + {STOPPING} clips of GRID s1, {TEST} held out; s1 was in the checkpoint's training too"
        rows += _person(pipeline, "GRID s1", grid_split(folder / SPEAKER), others, about)
    else:
        rows += not_measured(NAMES[:1], f"there is no {SPEAKER}/ in {folder.name}")
    if (folder / "facegood").is_dir():
        about = "FACEGOOD 2_01 to 2_03, 2_05 held out; curves of the mouth alone, of which style artist learnt"
        rows += _person(pipeline, "FACEGOOD", facegood_split(folder), others, about)
    else:
        rows += not_measured(NAMES[1:], f"there is no facegood/ in {folder.name}")
    return rows


def _person(pipeline: Pipeline, who: str, split: Split, others: Sequence[PersonClip], about: str) -> list[Row]:
    """Figures of one person."""
    found: Adapted = adapt(pipeline, split)
    figures = found.comparison.figures
    rows = []
    for name, (told, _) in FIGURES.items():
        after = figures["adapted"][name]
        if after is not None:
            floors = {
                method: value for method, row in figures.items() if method != "adapted"
                for value in (row[name],) if value is not None
            }  # fmt: skip
            rows.append(Row(f"adapter, {who}: {name}", after, definition=told, split=about, floors=floors, unit="1"))
    named = _takes(pipeline, split.held_out, style="artist") if "artist" in pipeline.styles else None
    note = "" if named is None else f"lips MAE of style artist {measure(named, split.held_out)['lips MAE']:.4f}"
    lips = Row(f"adapter, {who}: lips nearer", found.comparison.gain, low=NEARER, definition=DEFINITION, split=about,
               unit="1", note=note)  # fmt: skip
    rows = [lips, *rows, Row(f"adapter, {who}: minutes of training", found.seconds / 60, high=MINUTES, unit="min",
                             definition="of this machine, busy or not", split=about)]  # fmt: skip
    if others:
        plain, adapted = (
            measure(_takes(pipeline, others, style=style), others) for style in (None, found.adapter)
        )
        artist = None if named is None else measure(_takes(pipeline, others, "artist"), others)
        for name in ("jaw r", "gap r"):
            if plain[name] is not None and adapted[name] is not None:
                lost = float(adapted[name]) - float(plain[name])  # type: ignore[arg-type]
                note = f"{plain[name]:.3f} without"
                if artist is not None and artist[name] is not None:
                    note += f", {artist[name]:.3f} in style artist"
                rows.append(Row(
                    f"adapter, {who}: strangers' {name}, with less without", lost, low=OTHERS, unit="1", note=note,
                    definition=FIGURES[name][0], split=f"{len(others)} strangers, looked at while settings were chosen",
                ))  # fmt: skip
    return rows


def _takes(pipeline: Pipeline, clips: Sequence[PersonClip], style: Any) -> list[np.ndarray]:
    return [
        pipeline.animate(clip.samples, sample_rate=SAMPLE_RATE, emotion="neutral", style=style).motion for clip in clips
    ]


def tracked(folder: Path, names: Sequence[str] | None = None) -> list[PersonClip]:
    """Clips of a folder of landmark tracks; those of strangers, who are several people, are fitted one by one.

    Args:
        folder: with ``faces.npz`` and recordings. names: of clips of one person; None: each is of its own.
    """
    if not (folder / TRACKS).is_file():
        return []
    tracks = read_landmarks(folder / TRACKS, names)
    clips = []
    for one, capture in zip(tracks, [fit(track) for track in tracks] if names is None else fit(tracks)):
        motion = np.array(capture.motion.motion, np.float64)
        motion[capture.confidence <= 0] = np.nan
        motion[:, ~capture.known] = np.nan
        place = find_recording(folder / f"{one.name}.npz", folder)
        if place is not None:
            samples = read_wave(place)
            clips.append(PersonClip(one.name, samples, motion[: round(len(samples) / SAMPLE_RATE * FPS)]))
    return clips


def grid_split(folder: Path) -> Split:
    """Clips of the GRID speaker: those whose name ends in "a" are held out."""
    with np.load(folder / TRACKS, allow_pickle=False) as file:
        names = [str(name) for name in file["clips"]]
    held = [name for name in names if name.endswith(HELD_OUT)]
    seen = [name for name in names if not name.endswith(HELD_OUT)]
    count = TRAINING + STOPPING
    seen, held = seen[:: max(len(seen) // count, 1)][:count], held[:: max(len(held) // TEST, 1)][:TEST]
    clips = {clip.name: clip for clip in tracked(folder, [*seen, *held])}
    parts = (seen[:TRAINING], seen[TRAINING:], held)
    return Split(*(tuple(clips[name] for name in part if name in clips) for part in parts))


def facegood_split(assets: Path) -> Split:
    """The FACEGOOD recordings: three teach, their ends stop the training, 2_05 is held out."""
    lessons = [_measured(captured(assets, name=name), name) for name in LESSONS]
    ends = [round((1 - STOPPED) * len(clip.motion)) for clip in lessons]
    return Split(
        tuple(clip.part(0, end) for clip, end in zip(lessons, ends)),
        tuple(clip.part(end, len(clip.motion)) for clip, end in zip(lessons, ends)),
        (_measured(captured(assets, name=TESTED), TESTED),),
    )


def _measured(clip: Captured, name: str) -> PersonClip:
    """A clip with the curves that were measured, NaN in the others."""
    motion = arkit_to_motion(clip.weights).astype(np.float64)
    names = [ARKIT_NAMES[i] for i in clip.shapes]
    known = [MOTION_INDEX[one] for one in names if one not in JAW_SHAPES]
    known += [MOTION_INDEX["jaw_pose_x"]] if "jawOpen" in names else []
    known += [MOTION_INDEX["jaw_pose_y"]] if "jawLeft" in names else []
    kept = np.full((len(motion), MOTION_SIZE), np.nan)
    kept[:, known] = motion[:, known]
    return PersonClip(name, clip.samples, kept)
