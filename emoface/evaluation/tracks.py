"""Captured people as landmark tracks, and what of the mouth is measured on them and on our mesh alike.

Jaw drop, lip gap and lip width are distances between the same anatomical points on a tracked face and on the open head.
Distances do not depend on how the head is turned or where it is, so both sides need no alignment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from emoface.animation import Animation
from emoface.audio.features import SAMPLE_RATE
from emoface.face.layout import FPS, MOTION_NAMES
from emoface.face.open_head import open_head_model
from emoface.metrics.sequences import MILLIMETRES
from emoface.reading import Arrays

from ..training.corpus.adapters.signals import read_wave, to_motion_rate
from ..training.corpus.skipped import Unusable

TRACKS = "faces.npz"
MEASURES = ("jaw", "gap", "width")
DEFINITION = (
    "jaw = |chin - nose tip|, gap = mean over three facing pairs of |upper - lower inner lip|, width = |left - right "
    "corner of the mouth|; each over the median of |left - right outer eye corner|, times that of the open head in mm"
)
POINTS: dict[str, tuple[int, int]] = {
    "nose": (4, 30), "chin": (152, 8), "eye_right": (33, 36), "eye_left": (263, 45),
    "corner_right": (61, 48), "corner_left": (291, 54),
    "upper_right": (82, 61), "upper": (13, 62), "upper_left": (312, 63),
    "lower_right": (87, 67), "lower": (14, 66), "lower_left": (317, 65),
}  # fmt: skip
"""Point -> its number among the 478 of a face mesh tracker and among the usual 68 landmarks."""
FACING = (("upper_right", "lower_right"), ("upper", "lower"), ("upper_left", "lower_left"))
LENGTH_SLACK = 0.2  # seconds by which sound and track may differ
LEAST_SEEN = 0.5  # share of the frames in which the face must have been found


@dataclass(eq=False)
class Tracked:
    """A recording of a person whose face was tracked.

    Attributes:
        name: of the clip. speaker: who speaks. samples: (N,) float32 at 16 kHz.
        measures: (T, 3) millimetres at 25 fps in the order of ``MEASURES``, NaN where the face was not found.
        fitted: (T, C) motion at 25 fps fitted to the track, NaN where it is not known; None without a fit.
        names: of the channels of ``fitted``.
    """

    name: str
    speaker: str
    samples: np.ndarray
    measures: np.ndarray
    fitted: np.ndarray | None = None
    names: tuple[str, ...] = MOTION_NAMES


@dataclass
class Tracks:
    """The clips of a folder, and those that cannot be used.

    Attributes:
        clips: usable ones. left_out: name -> why.
    """

    clips: list[Tracked] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """What was left out, in words; empty if nothing was."""
        names = ", ".join(f"{name} ({why})" for name, why in list(self.left_out.items())[:3])
        return f"{len(self.left_out)} left out: {names}" if self.left_out else ""


def mouth_measures(points: Mapping[str, np.ndarray]) -> np.ndarray:
    """Jaw drop, lip gap and lip width over the size of the face.

    ``s = median_t |eye_left - eye_right|``; ``jaw = |chin - nose| / s``; ``gap = mean over the three facing pairs of
    |upper - lower| / s``; ``width = |corner_left - corner_right| / s``.

    Args:
        points: (T, 3) of each name in ``POINTS``, in any one unit; NaN where unknown.

    Returns:
        (T, 3) float64 in the order of ``MEASURES``.

    Raises:
        ValueError: no frame shows both eyes.
    """

    def distance(a: str, b: str) -> np.ndarray:
        return np.linalg.norm(np.asarray(points[a], np.float64) - np.asarray(points[b], np.float64), axis=-1)

    eyes = distance("eye_left", "eye_right")
    if not np.isfinite(eyes).any():
        raise ValueError("points must show both eyes in some frame, got none")
    gap = np.mean([distance(*pair) for pair in FACING], 0)
    measures = [distance("chin", "nose"), gap, distance("corner_left", "corner_right")]
    return np.stack(measures, -1) / np.nanmedian(eyes)  # (T, 3)


@lru_cache(maxsize=1)
def head_size() -> float:
    """Distance between the outer corners of the open head's eyes, in millimetres."""
    model = open_head_model()
    points = model.landmarks(model.template[None])[0].double().numpy()
    return MILLIMETRES * float(np.linalg.norm(points[POINTS["eye_left"][1]] - points[POINTS["eye_right"][1]]))


def mesh_measures(animation: Animation) -> np.ndarray:
    """The measures (T, 3) in millimetres on the vertices of an animation of the open head."""
    vertices = torch.from_numpy(animation.vertices())
    marks = open_head_model().landmarks(vertices).numpy()  # (T, 68, 3)
    return head_size() * mouth_measures({name: marks[:, place] for name, (_, place) in POINTS.items()})


def track_measures(landmarks: np.ndarray, index: np.ndarray, image: tuple[float, float]) -> np.ndarray:
    """The measures (T, 3) in millimetres, on a face as large as the open head, of a landmark track.

    Args:
        landmarks: (T, L, 3) normalised to the image, z in units of its width; NaN where no face was found.
        index: (L,) which of the 478 points each is. image: width and height in pixels.

    Raises:
        ValueError: a point is missing from the track, or the face was never found.
    """
    place = {int(number): i for i, number in enumerate(index)}
    missing = [number for number, _ in POINTS.values() if number not in place]
    if missing:
        raise ValueError(f"landmark_index must hold the points {missing} of the face mesh")
    pixels = np.asarray(landmarks, np.float64) * [image[0], image[1], image[0]]
    return head_size() * mouth_measures({name: pixels[:, place[number]] for name, (number, _) in POINTS.items()})


def read_tracks(
    folder: Path, chosen: Callable[[str], bool] = lambda _: True, fits: Path | None = None, speaker: str | None = None
) -> Tracks:
    """The tracked clips of a folder with their recordings.

    Args:
        folder: with ``faces.npz`` and recordings named like the clips, in it or in ``audio/``.
        chosen: whether a clip of that name is read. fits: file of motion fitted to the same clips, or None.
        speaker: of all clips; None: every clip is of a speaker of its own.

    Returns:
        Clips in the file's order; those without a sound, with another length or hardly a face are left out by name.

    Raises:
        FileNotFoundError: no tracks. ValueError: the file does not hold what a track needs.
    """
    path = folder / TRACKS
    with Arrays(path) as file:
        lacking = {"clips", "frames", "landmarks", "landmark_index", "image"} - set(file)
        if lacking:
            raise ValueError(f"{path} must hold {sorted(lacking)}")
        stored = {name: file[name] for name in ("clips", "frames", "landmarks", "landmark_index", "image")}
        fps = float(file["fps"]) if "fps" in file else float(FPS)
    if int(stored["frames"].sum()) != len(stored["landmarks"]):
        raise ValueError(f"{path} names {int(stored['frames'].sum())} frames and holds {len(stored['landmarks'])}")
    motions, names = ({}, MOTION_NAMES) if fits is None else read_fits(fits)
    found = Tracks()
    starts = np.concatenate([[0], np.cumsum(stored["frames"])])
    width, height = (float(side) for side in stored["image"])
    for number, clip in enumerate(map(str, stored["clips"])):
        if not chosen(clip):
            continue
        rows = stored["landmarks"][starts[number] : starts[number + 1]]
        try:
            samples = _recording(folder, clip)
            seen = np.isfinite(rows).all((1, 2)).mean() if len(rows) else 0.0
            if seen < LEAST_SEEN:
                raise Unusable("no face", f"the face was found in {100 * seen:.0f} % of the frames")
            if abs(len(samples) / SAMPLE_RATE - len(rows) / fps) > LENGTH_SLACK:
                raise Unusable(
                    "other length", f"{len(samples) / SAMPLE_RATE:.2f} s of sound, {len(rows) / fps:.2f} s of frames"
                )
        except Unusable as error:
            found.left_out[clip] = str(error)
            continue
        measures = at_motion_rate(track_measures(rows, stored["landmark_index"], (width, height)), fps)
        found.clips.append(Tracked(clip, speaker or clip, samples, measures, motions.get(clip), names))
    return found


def read_fits(path: Path) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """Fitted motion by clip, at 25 fps, NaN in gaps and in channels that the video does not show.

    Args:
        path: with ``clips`` (C,), ``frames`` (C,), ``motion`` (F, M), ``confidence`` (F,), ``known`` (M,), ``fps``.

    Returns:
        Clip -> (T, M) float64, and the names of the M channels.

    Raises:
        ValueError: the file holds something else.
    """
    with Arrays(path) as file:
        lacking = {"clips", "frames", "motion", "confidence", "known", "fps"} - set(file)
        if lacking:
            raise ValueError(f"{path} must hold {sorted(lacking)}")
        clips, frames, fps = file["clips"], file["frames"], float(file["fps"])
        motion, known = file["motion"].astype(np.float64), file["known"].astype(bool)
        confidence = file["confidence"]
        names = tuple(map(str, file["names"])) if "names" in file else MOTION_NAMES[: motion.shape[1]]
    if not len(motion) == len(confidence) == int(frames.sum()) or not len(known) == len(names) == motion.shape[1]:
        raise ValueError(f"{path} must hold a row of motion and a confidence a frame, and a name and known a channel")
    motion[confidence <= 0] = np.nan
    motion[:, ~known] = np.nan
    rows = np.split(motion, np.cumsum(frames)[:-1])
    return {str(clip): at_motion_rate(part, fps) for clip, part in zip(clips, rows)}, names


def at_motion_rate(values: np.ndarray, fps: float) -> np.ndarray:
    """Curves (N, C) with gaps brought to 25 fps; a frame is known if those that it is made of are."""
    if fps == FPS:
        return values
    frames = round(len(values) / fps * FPS)
    known = np.isfinite(values)
    rows = np.arange(len(values))
    filled = [
        np.interp(rows, rows[seen], curve[seen]) if seen.any() else np.zeros(len(rows))
        for curve, seen in zip(values.T, known.T)
    ]
    moved = to_motion_rate(np.stack(filled, 1), fps, frames).astype(np.float64)
    return np.where(to_motion_rate(known, fps, frames) > 1 - 1e-6, moved, np.nan)


def _recording(folder: Path, clip: str) -> np.ndarray:
    for place in (folder / "audio", folder):
        for suffix in (".opus", ".wav", ".flac", ".ogg"):
            path = place / (clip + suffix)
            if path.is_file():
                return read_wave(path)
    raise Unusable("no sound", "it has no recording")
