"""Clips of one person: films, motion beside recordings, or landmark tracks beside recordings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from emoface import checks
from emoface.animation import Animation
from emoface.audio.features import SAMPLE_RATE
from emoface.face.layout import EXPRESSION_NAMES, FPS, MOTION_SIZE
from emoface.reading import Arrays

from ..corpus.adapters.signals import find_recording, read_wave
from ..corpus.skipped import Unusable

FILMS = (".mp4", ".mov", ".webm", ".mkv", ".avi", ".m4v")
MOTIONS = (".npz", ".csv")
TRACKS = "faces.npz"
SLACK = 0.25
"""Seconds by which sound and motion may differ."""
STILL = 1e-4
"""Spread of a channel, over all clips, below which nobody captured it."""
SHORTEST = 1.0
"""Seconds of the shortest clip that is used."""
ENOUGH = 8
"""Clips from which whole clips are held out; of fewer, their ends are."""
EACH = 8
"""One of so many clips, or such a share of each, stops the training, and another is held out."""


@dataclass(frozen=True, eq=False)
class PersonClip:
    """A recording with captured motion.

    Attributes:
        name: of the clip. samples: (N,) float32 at 16 kHz.
        motion: (T, 56) float64 at 25 fps, NaN where it is not known.
    """

    name: str
    samples: np.ndarray
    motion: np.ndarray

    def part(self, first: int, stop: int) -> PersonClip:
        """Frames first..stop with their sound."""
        step = SAMPLE_RATE // FPS
        return PersonClip(self.name, self.samples[first * step : stop * step], self.motion[first:stop])


@dataclass(frozen=True)
class Split:
    """What is trained on, what stops the training, and what is held out of both."""

    training: tuple[PersonClip, ...]
    stopping: tuple[PersonClip, ...]
    held_out: tuple[PersonClip, ...]


@dataclass
class Person:
    """The clips of a folder.

    Attributes:
        clips: those that can be used, in the order of their names. left_out: name -> why.
    """

    clips: list[PersonClip] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Seconds of motion."""
        return sum(len(clip.motion) for clip in self.clips) / FPS

    def split(self) -> Split:
        """Every eighth clip stops the training and every eighth is held out; of few clips, an eighth of each."""
        if len(self.clips) >= ENOUGH:
            parts = ([], [], [])  # type: tuple[list[PersonClip], list[PersonClip], list[PersonClip]]
            for number, clip in enumerate(self.clips):
                parts[{EACH // 2 - 1: 1, EACH - 1: 2}.get(number % EACH, 0)].append(clip)
            return Split(*map(tuple, parts))
        train, stop, held = [], [], []
        for clip in self.clips:
            frames = len(clip.motion)
            first, second = frames - 2 * (frames // EACH), frames - frames // EACH
            train.append(clip.part(0, first))
            stop.append(clip.part(first, second))
            held.append(clip.part(second, frames))
        return Split(tuple(train), tuple(stop), tuple(held))


def read_person(
    folder: str | os.PathLike[str], model: Any = None, progress: Callable[[str], None] | None = None,
    chosen: Callable[[str], bool] = lambda name: True, most: int | None = None,
) -> Person:  # fmt: skip
    """Read what a folder holds of a person.

    ``faces.npz`` are landmark tracks, of which motion is made; ``.npz`` and Live Link ``.csv`` are motion; both stand
    beside recordings of the same names, in the folder or in ``audio/``. Films are captured, which needs the extra
    ``capture``. Channels that move in no clip count as not captured.

    Args:
        folder: of the clips. model: landmark net for films, see :func:`emoface.capture_video`.
        progress: called with the name of each clip before it is read. chosen: whether a clip of that name is read.
        most: so many clips, evenly over all; None for all.

    Returns:
        The clips, and those that cannot be used.

    Raises:
        TypeError: no path. FileNotFoundError: no such folder. ValueError: nothing in it can be used.
    """
    place = checks.path("clips", folder, "path of a folder")
    if not place.is_dir():
        raise FileNotFoundError(f"clips {place} is not a folder")
    person = Person()
    if (place / TRACKS).is_file():
        found = _tracked(place, person, chosen, most)
    else:
        found = _taken(place, person, model, progress, chosen, most)
    for name, samples, motion in found:
        try:
            person.clips.append(_checked(name, samples, motion))
        except Unusable as error:
            person.left_out[name] = str(error)
    if not person.clips:
        why = next(iter(person.left_out.items()), None)
        told = f"; {why[0]}: {why[1]}" if why else f": no film, no motion ({', '.join(MOTIONS)}) and no {TRACKS}"
        raise ValueError(f"clips {place} holds no clip that can be used{told}")
    _forget_still(person)
    return person


Read = Iterator[tuple[str, np.ndarray, np.ndarray]]
"""Name, sound and motion of clips."""


def _evenly(names: list[Any], most: int | None) -> list[Any]:
    return names if most is None else names[:: max(len(names) // most, 1)][:most]


def _tracked(folder: Path, person: Person, chosen: Callable[[str], bool], most: int | None) -> Read:
    """Clips of landmark tracks."""
    from emoface.capture import fit, read_tracks

    tracks = []
    sounds = {}
    with Arrays(folder / TRACKS) as file:
        names = [str(name) for name in file["clips"].ravel()] if "clips" in file else []
    for one in read_tracks(folder / TRACKS, _evenly([name for name in names if chosen(name)], most)):
        sound = find_recording(folder / f"{one.name}.npz", folder)
        if sound is None:
            person.left_out[one.name] = "it has no recording"
        elif not one.seen.any():
            person.left_out[one.name] = "no face was found"
        else:
            tracks.append(one)
            sounds[one.name] = sound
    for one, capture in zip(tracks, fit(tracks) if tracks else []):
        motion = np.array(capture.motion.motion, np.float64)
        motion[capture.confidence <= 0] = np.nan
        motion[:, ~capture.known] = np.nan
        try:
            yield one.name, read_wave(sounds[one.name]), motion
        except Unusable as error:
            person.left_out[one.name] = str(error)


def _taken(
    folder: Path, person: Person, model: Any, progress: Callable[[str], None] | None, chosen: Callable[[str], bool],
    most: int | None,
) -> Read:  # fmt: skip
    """Clips of motion files and films."""
    paths = [path for path in sorted(folder.iterdir()) if path.is_file() and chosen(path.stem)]
    for path in _evenly([path for path in paths if path.suffix.lower() in (*FILMS, *MOTIONS)], most):
        suffix = path.suffix.lower()
        if progress is not None:
            progress(path.name)
        try:
            if suffix in FILMS:
                yield path.stem, *_filmed(path, model)
                continue
            take = Animation.load(path)
            sound = find_recording(path, folder)
            if sound is None:
                raise Unusable("no sound", "it has no recording beside it")
            if take.expression_names != EXPRESSION_NAMES:
                raise Unusable("other face", f"it is motion of {take.flame_version}, not of the open head")
            yield path.stem, read_wave(sound), _with_gaps(take)
        except (Unusable, ValueError, TypeError, OSError) as error:
            person.left_out[path.name] = str(error)


def _filmed(path: Path, model: Any) -> tuple[np.ndarray, np.ndarray]:
    """Sound and motion of a film."""
    from emoface.capture.video import capture

    found = capture(path, model=model)
    if found.animation.audio is None:
        raise Unusable("no sound", "it has no sound")
    motion = _with_gaps(found.animation)
    motion[found.confidence <= 0] = np.nan
    motion[:, ~found.known] = np.nan
    return found.animation.audio.waveform().numpy(), motion


def _with_gaps(take: Animation) -> np.ndarray:
    """Motion (T, 56) at 25 fps, NaN in the gaps that its metadata name."""
    motion = np.array(take.resample(FPS).motion, np.float64)
    gaps = take.metadata.get("gaps")
    for gap in gaps if isinstance(gaps, list) else []:
        start, stop = float(gap[0]), float(gap[1])
        motion[max(round(start * FPS), 0) : max(round(stop * FPS), 0)] = np.nan
    return motion


def _checked(name: str, samples: np.ndarray, motion: np.ndarray) -> PersonClip:
    """A clip whose sound and motion are of one length.

    Raises:
        Unusable: they are not, or the clip is too short, silent or without motion.
    """
    seconds = len(samples) / SAMPLE_RATE
    if abs(seconds - len(motion) / FPS) > SLACK:
        raise Unusable("other length", f"{seconds:.2f} s of sound, {len(motion) / FPS:.2f} s of motion")
    if motion.shape[1] != MOTION_SIZE or not np.isfinite(samples).all():
        raise Unusable("not finite", "its sound or motion is not finite")
    frames = min(len(motion), round(seconds * FPS))
    if frames < SHORTEST * FPS:
        raise Unusable("short", f"it lasts {frames / FPS:.2f} s, less than {SHORTEST:g} s")
    if not np.isfinite(motion[:frames]).any():
        raise Unusable("no motion", "it shows no face")
    if not np.abs(samples).max() > 0:
        raise Unusable("silent", "it is silent")
    return PersonClip(name, samples.astype(np.float32), motion[:frames])


def _forget_still(person: Person) -> None:
    """Mark channels that move in no clip as not known."""
    together = np.concatenate([clip.motion for clip in person.clips])
    seen = np.isfinite(together)
    count = np.maximum(seen.sum(0), 1)
    mean = np.where(seen, together, 0).sum(0) / count
    spread = np.sqrt((np.where(seen, together - mean, 0) ** 2).sum(0) / count)
    for clip in person.clips:
        clip.motion[:, spread < STILL] = np.nan
