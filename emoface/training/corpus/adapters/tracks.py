"""Recordings of faces that were filmed and tracked: sound files and the motion that was fitted to the tracks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emoface.audio.features import SAMPLE_RATE, frame_count
from emoface.face.layout import FPS, MOTION_SIZE

from ..clips import Clip
from ..skipped import Skipped, Unusable
from .signals import mel_of, read_wave, with_suffix

LEAST_CONFIDENCE = 0.5
"""Frames with less are not learnt from."""


def read_tracks(
    folder: Path, dataset: str, skipped: Skipped, motion: str = "motion.npz", language: str = ""
) -> Iterator[Clip]:
    """Clips of a folder of recordings, or of its folder ``audio``, with fitted motion.

    Args:
        folder: with one recording per clip, named like it.
        dataset: its name. skipped: takes what cannot be used.
        motion: file of fitted motion, relative to the folder or absolute: ``clips`` (C,) names, ``frames`` (C,),
            ``motion`` (N, 56) of all clips in turn, ``confidence`` (N,) 0..1, ``known`` (56,) bool, ``fps``.
        language: of the speech.

    Yields:
        Captured clips of style ``"person"``; frames below a confidence of 0.5 are NaN.

    Raises:
        ValueError: the file of motion is damaged or has another layout.
    """
    path = folder / motion
    with np.load(path, allow_pickle=False) as data:
        names, frames, fps = [str(name) for name in data["clips"]], data["frames"], float(data["fps"])
        rows, confidence, known = data["motion"], data["confidence"], data["known"]
    if fps != FPS or rows.ndim != 2 or rows.shape[1] < MOTION_SIZE or frames.sum() != len(rows):
        raise ValueError(f"{path} must hold {MOTION_SIZE} channels at {FPS} fps, got shape {rows.shape} at {fps:g} fps")
    ends = np.cumsum(frames)
    starts = dict(zip(names, ends - frames, strict=True))
    lengths = dict(zip(names, frames, strict=True))

    def clip(name: Path) -> Clip:
        recording = with_suffix(folder / "audio" / name) or with_suffix(folder / name)
        if recording is None:
            raise Unusable("without recording", f"{folder} has no recording of {name}")
        samples = read_wave(recording)
        start = starts[str(name)]
        count = min(frame_count(len(samples), SAMPLE_RATE, FPS), int(lengths[str(name)]))
        lips = rows[start : start + count, :MOTION_SIZE].astype(np.float16)
        lips[confidence[start : start + count] < LEAST_CONFIDENCE] = np.nan
        return Clip(
            f"{dataset}/{name}", "captured", dataset, language, None, mel_of(samples, count), lips=lips,
            known=known[:MOTION_SIZE], style="person",
        )  # fmt: skip

    yield from skipped.readable([Path(name) for name in names], clip)
