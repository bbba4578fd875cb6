"""Recordings of faces that were filmed and tracked, and the motion that is fitted to the tracks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emoface.audio.features import SAMPLE_RATE, frame_count
from emoface.capture import fit
from emoface.capture import read_tracks as read_landmarks
from emoface.face.layout import FPS, MOTION_SIZE

from ..clips import Clip
from ..skipped import Skipped, Unusable
from .signals import mel_of, read_wave, with_suffix

TRACKS = "faces.npz"
LEAST_CONFIDENCE = 0.5
"""Frames with less are not learnt from."""


def read_tracks(folder: Path, dataset: str, skipped: Skipped, motion: str = "", language: str = "") -> Iterator[Clip]:
    """Clips of a folder of recordings, or of its folder ``audio``, with the motion of the faces that spoke.

    Args:
        folder: with one recording per clip, named like it, and ``faces.npz``, tracks of one person as
            :func:`emoface.capture.read_tracks` reads them, to which the motion is fitted.
        dataset: its name. skipped: takes what cannot be used.
        motion: file of motion that was fitted before, instead of tracks, relative to the folder or absolute: ``clips``
            (C,) names, ``frames`` (C,), ``motion`` (N, 56) of all clips in turn, ``confidence`` (N,) 0..1, ``known``
            (56,) bool, ``fps``.
        language: of the speech.

    Yields:
        Captured clips of style ``"person"``; frames below a confidence of 0.5 are NaN.

    Raises:
        ValueError: the file of tracks or of motion is damaged or has another layout.
    """
    takes, known = _fitted(folder / motion) if motion else _fit(folder / TRACKS)

    def clip(name: Path) -> Clip:
        recording = with_suffix(folder / "audio" / name) or with_suffix(folder / name)
        if recording is None:
            raise Unusable("without recording", f"{folder} has no recording of {name}")
        samples = read_wave(recording)
        lips = takes[str(name)][: frame_count(len(samples), SAMPLE_RATE, FPS)]
        return Clip(
            f"{dataset}/{name}", "captured", dataset, language, None, mel_of(samples, len(lips)), lips=lips,
            known=known, style="person",
        )  # fmt: skip

    yield from skipped.readable([Path(name) for name in takes], clip)


def _fit(path: Path) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Motion (T, 56) float16 of each take of one person, and which of its channels are known (56,)."""
    tracks = read_landmarks(path)
    captures = fit(tracks)
    takes = {take.name: _confident(c.motion.motion, c.confidence) for take, c in zip(tracks, captures, strict=True)}
    return takes, captures[0].known


def _fitted(path: Path) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The same from a file of fitted motion."""
    with np.load(path, allow_pickle=False) as data:
        names, frames, fps = [str(name) for name in data["clips"]], data["frames"], float(data["fps"])
        rows, confidence, known = data["motion"], data["confidence"], data["known"]
    if fps != FPS or rows.ndim != 2 or rows.shape[1] < MOTION_SIZE or frames.sum() != len(rows):
        raise ValueError(f"{path} must hold {MOTION_SIZE} channels at {FPS} fps, got shape {rows.shape} at {fps:g} fps")
    ends = np.cumsum(frames)
    spans = [slice(end - count, end) for end, count in zip(ends, frames, strict=True)]
    takes = {
        name: _confident(rows[span, :MOTION_SIZE], confidence[span]) for name, span in zip(names, spans, strict=True)
    }
    return takes, known[:MOTION_SIZE]


def _confident(motion: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Motion (T, 56) as float16, NaN in frames that are not to be learnt from."""
    lips = motion.astype(np.float16)
    lips[confidence < LEAST_CONFIDENCE] = np.nan
    return lips
