"""Tracks of landmarks: what a landmark net saw of a face, frame by frame, and the file that holds them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emoface import checks
from emoface.rates import frame_rate
from emoface.reading import Arrays

from .tracker import tracker

BLINKS = ("eyeBlinkLeft", "eyeBlinkRight")
GLANCES = ("eyeLookOutLeft", "eyeLookOutRight", "eyeLookInLeft", "eyeLookInRight")
ROUNDED = ("mouthFunnel", "mouthPucker")
SCORES = (*BLINKS, *GLANCES, *ROUNDED)
"""The scores of the landmark net that are read: those of lids, of eyes that turn sideways and of rounded lips."""


@dataclass(frozen=True, eq=False)
class Tracks:
    """Landmarks of one take of one person.

    Attributes:
        landmarks: (T, 214, 3) float64, the points of :func:`emoface.capture.tracker.tracker` in any unit that is the
            same along x (to the picture's right), y (down) and z (away from the camera), such as pixels. A frame
            without a face is NaN.
        fps: frames per second.
        name: of the take, for errors.
        scores: (T, 8) float64, the net's own scores 0..1 of ``SCORES``; None if they are not known. NaN where there
            is no face.
        smoothed: the net smoothed the landmarks in time, as MediaPipe's does where it looks for one face alone; False:
            each picture was read by itself, as :class:`emoface.capture.landmarker.FaceLandmarker` does.
    """

    landmarks: np.ndarray
    fps: float = 25.0
    name: str = field(default="tracks", kw_only=True)
    scores: np.ndarray | None = field(default=None, kw_only=True, repr=False)
    smoothed: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        checks.text("name", self.name)
        checks.switch("smoothed", self.smoothed)
        landmarks = _numbers(f"landmarks of {self.name}", self.landmarks)
        count = len(tracker().index)
        if landmarks.ndim != 3 or landmarks.shape[1:] != (count, 3) or len(landmarks) == 0:
            expected = f"(T, {count}, 3) with T at least 1"
            raise ValueError(f"landmarks of {self.name} must have shape {expected}, got {landmarks.shape}")
        if self.scores is not None:
            scores = _numbers(f"scores of {self.name}", self.scores)
            if scores.shape != (len(landmarks), len(SCORES)):
                expected = f"({len(landmarks)}, {len(SCORES)}) like landmarks"
                raise ValueError(f"scores of {self.name} must have shape {expected}, got {scores.shape}")
            object.__setattr__(self, "scores", scores)
        object.__setattr__(self, "landmarks", landmarks)
        object.__setattr__(self, "fps", frame_rate(self.fps))

    def __len__(self) -> int:
        return len(self.landmarks)

    @property
    def seen(self) -> np.ndarray:
        """(T,) bool: frames in which every landmark is known."""
        return np.isfinite(self.landmarks).all((1, 2))


def read_tracks(path: str | os.PathLike[str], clips: Sequence[str] | None = None) -> list[Tracks]:
    """Read a file of tracks.

    The file is an ``.npz`` archive of takes one after another: ``clips`` (C,) names, ``frames`` (C,) their lengths,
    ``landmarks`` (sum of frames, 214, 3) divided by the picture's width (x, z) and height (y), ``image`` (2,) width and
    height in pixels, ``landmark_index`` (214,) which points of the 478-point mesh these are, ``fps``, and if they are
    known ``arkit`` (sum of frames, N), the net's scores, with their names ``arkit_names`` (N,). ``smoothed``, one bool,
    says whether the net smoothed them in time; it did where nothing is said.

    Args:
        path: of the file.
        clips: names of the takes to read; None: all.

    Returns:
        The takes in the order of the file, or in that of ``clips``.

    Raises:
        OSError: the file cannot be read. ValueError: it is not such a file, holds other landmarks, its lengths do not
            agree, or it has no take of a name.
    """
    with Arrays(path) as file:
        missing = [
            name for name in ("clips", "frames", "landmarks", "image", "landmark_index", "fps") if name not in file
        ]
        if missing:
            raise ValueError(f"path {file.path} holds no tracks: it has no {', '.join(missing)}")
        names, lengths = [str(name) for name in file["clips"].ravel()], file["frames"].ravel()
        landmarks, image, fps = file["landmarks"], file["image"].ravel(), file["fps"].ravel()
        index = file["landmark_index"].ravel()
        scores = _scores(file["arkit"], file["arkit_names"]) if "arkit" in file and "arkit_names" in file else None
        smoothed = file["smoothed"].ravel() if "smoothed" in file else np.ones(1, bool)
        shown = file.path
    if not np.array_equal(index, tracker().index):
        raise ValueError(f"path {shown} holds other landmarks than the {len(tracker().index)} that a fit reads")
    if lengths.dtype.kind not in "iu" or len(lengths) != len(names) or (lengths < 1).any():
        raise ValueError(f"path {shown}: frames must be {len(names)} lengths of at least 1")
    total = int(lengths.sum())
    if landmarks.ndim != 3 or len(landmarks) != total or (scores is not None and len(scores) != total):
        raise ValueError(f"path {shown}: takes of {total} frames in all, but landmarks of shape {landmarks.shape}")
    if image.shape != (2,) or image.dtype.kind not in "iuf" or not (image > 0).all() or fps.shape != (1,):
        raise ValueError(f"path {shown}: image must be width and height, and fps one number")
    if smoothed.shape != (1,) or smoothed.dtype != bool:
        raise ValueError(f"path {shown}: smoothed must be one bool, got {smoothed.dtype} of shape {smoothed.shape}")
    unit = np.array([image[0], image[1], image[0]], np.float64)
    ends = np.cumsum(lengths)
    places = {name: slice(int(end - length), int(end)) for name, length, end in zip(names, lengths, ends)}
    wanted = list(places) if clips is None else list(clips)
    if unknown := [name for name in wanted if name not in places]:
        raise ValueError(f"path {shown} has no take {unknown[0]!r:.60}; {checks.nearest(unknown[0], places)}")
    return [
        Tracks(
            landmarks[places[name]].astype(np.float64) * unit, float(fps[0]), name=name,
            scores=None if scores is None else scores[places[name]], smoothed=bool(smoothed[0]),
        )
        for name in wanted
    ]  # fmt: skip


def _scores(values: np.ndarray, names: np.ndarray) -> np.ndarray | None:
    """(T, 8) scores in the order of ``SCORES``; None where one of them is missing."""
    known = [str(name) for name in names.ravel()]
    if values.ndim != 2 or values.shape[1] != len(known) or not set(SCORES) <= set(known):
        return None
    return values[:, [known.index(name) for name in SCORES]].astype(np.float64)


def _numbers(name: str, values: Any) -> np.ndarray:
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iuf":
        kind = values.dtype if isinstance(values, np.ndarray) else type(values).__name__
        raise TypeError(f"{name} must be a numeric numpy array, got {kind}")
    return values.astype(np.float64)
