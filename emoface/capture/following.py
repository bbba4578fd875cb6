"""One face through the pictures of a video: which one it is, where the film is cut, and the landmarks of each shot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from emoface.face.layout import FPS

from .landmarker import Landmarker, SeenFace
from .pictures import Frame
from .tracker import tracker
from .tracks import SCORES, Tracks

THUMBNAIL = 32  # pixels a side in which cuts are looked for
CUT, CUT_OVER_USUAL = 22.0, 5.0
"""Mean change of a thumbnail's brightness, 0..255, at a cut, and how many times the change just before it is."""
NEAR = 0.7  # sizes of a face by which it moves from picture to picture at most
LOST = 0.5  # seconds after which a face that was lost may be another
HOLE = 0.2  # seconds between pictures over which a motion is not guessed


@dataclass
class Shot:
    """What was seen between two cuts.

    Attributes:
        start, stop: seconds.
        times: of the pictures. points: (214, 3) float32 of each, None where the face is not seen. scores: (8,) of each.
    """

    start: float
    stop: float
    times: list[float] = field(default_factory=list)
    points: list[np.ndarray | None] = field(default_factory=list)
    scores: list[np.ndarray | None] = field(default_factory=list)


def choose(faces: Sequence[SeenFace], face: int | None) -> SeenFace | None:
    """The largest face, or the one of a number counted from the left of the picture; None where it is not there."""
    if face is None:
        return max(faces, key=lambda one: float(np.prod(one.box[2:] - one.box[:2])), default=None)
    ordered = sorted(faces, key=lambda one: float(one.box[0] + one.box[2]))
    return ordered[face] if face < len(ordered) else None


class Follower:
    """Finds a face in picture after picture, and goes on with the one that it chose."""

    def __init__(self, landmarker: Landmarker, face: int | None = None) -> None:
        """Start with no face chosen.

        Args:
            landmarker: of one video. face: number from the picture's left, from 0; None: the largest.
        """
        self._landmarker, self._face = landmarker, face
        self._box: np.ndarray | None = None
        self._seen_at = 0.0
        self._last_ms = -1
        self.most = 0
        """Faces that were seen at a time, at most."""

    def forget(self) -> None:
        """Choose anew, as after a cut."""
        self._landmarker.forget()
        self._box, self._last_ms = None, -1

    def see(self, picture: np.ndarray, seconds: float) -> SeenFace | None:
        """The face in the next picture, if it is seen."""
        self._last_ms = max(self._last_ms + 1, round(1000 * seconds))
        faces = self._landmarker.faces(picture, self._last_ms)
        self.most = max(self.most, len(faces))
        if self._box is None or seconds - self._seen_at > LOST:
            found = choose(faces, self._face)
        else:
            found = self._nearest(faces)
        if found is not None:
            self._box, self._seen_at = found.box, seconds
        return found

    def _nearest(self, faces: Sequence[SeenFace]) -> SeenFace | None:
        """The face that is where the last one was."""
        box = self._box
        assert box is not None
        size = float((box[2:] - box[:2]).max())
        middle = (box[:2] + box[2:]) / 2
        away = [float(np.abs((one.box[:2] + one.box[2:]) / 2 - middle).max()) for one in faces]
        return faces[int(np.argmin(away))] if away and min(away) < NEAR * size else None


class Cuts:
    """Tells pictures that begin a new shot."""

    def __init__(self) -> None:
        self._before: np.ndarray | None = None
        self._usual = 0.0

    def begins(self, picture: np.ndarray) -> bool:
        """Whether the next picture is another scene than the one before."""
        height, width = picture.shape[:2]
        rows, columns = (np.linspace(0, side - 1, THUMBNAIL).astype(int) for side in (height, width))
        small = picture[rows[:, None], columns].mean(2)
        before, self._before = self._before, small
        if before is None:
            return False
        change = float(np.abs(small - before).mean())
        cut = change > CUT and change > CUT_OVER_USUAL * self._usual
        self._usual = 0.0 if cut else 0.7 * self._usual + 0.3 * change
        return cut


def follow(frames: Iterable[Frame], follower: Follower) -> Iterator[tuple[Shot, Frame]]:
    """Look at the frames of a video.

    Args:
        frames: in their order. follower: of the face.

    Yields:
        The shot that each frame belongs to, whose last entry is that frame's; a cut begins a new one.
    """
    places = tracker().index
    cuts, shot = Cuts(), None
    for frame in frames:
        cut = cuts.begins(frame.picture)
        if shot is None or cut:
            if cut:
                follower.forget()
            shot = Shot(frame.start, frame.stop)
        face = follower.see(frame.picture, frame.start)
        shot.stop = frame.stop
        shot.times.append(frame.middle)
        shot.points.append(None if face is None else face.points[places].astype(np.float32))
        told = None if face is None else [face.scores.get(name, np.nan) for name in SCORES]
        shot.scores.append(None if told is None else np.array(told, np.float32))
        yield shot, frame


def shot_tracks(shot: Shot, first: int, stop: int, name: str) -> Tracks | None:
    """The tracks of a shot in frames ``first .. stop`` at 25 fps, whatever the times of its pictures.

    Between pictures the landmarks go on a cubic; where the face is not seen on both sides, or pictures are more than
    ``HOLE`` seconds apart, they are unknown. None if the face is nowhere seen.
    """
    places = len(tracker().index)
    rows = np.full((len(shot.times), 3 * places + len(SCORES)), np.nan)
    for row, points, scores in zip(rows, shot.points, shot.scores):
        if points is not None and scores is not None:
            row[: 3 * places], row[3 * places :] = points.ravel(), scores
    seconds = (np.arange(first, stop) + 0.5) / FPS
    values = at_times(rows, np.array(shot.times), seconds)
    landmarks = values[:, : 3 * places].reshape(-1, places, 3)
    if not np.isfinite(landmarks).all((1, 2)).any():
        return None
    told = values[:, 3 * places :]
    known = np.isfinite(told).all(1) | ~np.isfinite(landmarks).all((1, 2))
    return Tracks(landmarks, FPS, name=name, scores=told if known.all() else None, smoothed=False)


def at_times(rows: np.ndarray, times: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Rows (T, n) at rising times (T,) read at other times (m,), by a cubic through the two around each.

    A wanted time that is one of the times takes its row as it is. NaN beside a row that is NaN, and in a hole.
    """
    last = len(times) - 1
    place = np.interp(wanted, times, np.arange(last + 1))
    exact = np.round(place).astype(int)
    on = np.abs(place - exact) < 0.02
    before = np.where(on, exact, np.floor(place).astype(int))
    after = np.where(on, exact, np.minimum(before + 1, last))
    share = np.where(on, 0.0, place - before)[:, None]
    step = (times[after] - times[before])[:, None]
    hole = step[:, 0] > HOLE
    hole |= (wanted < times[0] - HOLE / 2) | (wanted > times[-1] + HOLE / 2)
    slopes = np.zeros_like(rows)
    if last > 0:
        around = np.maximum(np.arange(last + 1) - 1, 0), np.minimum(np.arange(last + 1) + 1, last)
        slopes = (rows[around[1]] - rows[around[0]]) / (times[around[1]] - times[around[0]])[:, None]
    start, end = rows[before], rows[after]
    slope_start, slope_end = (np.where(np.isfinite(slopes[at]), slopes[at], 0.0) * step for at in (before, after))
    found = start + (end - start) * share**2 * (3 - 2 * share)
    found += slope_start * share * (1 - share) ** 2 - slope_end * share**2 * (1 - share)
    found[hole] = np.nan
    return found
