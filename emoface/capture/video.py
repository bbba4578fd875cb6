"""A film of a face becomes motion: read, followed, fitted, with its sound, and checked side by side."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from emoface import checks
from emoface.animation import Animation
from emoface.audio.features import SAMPLE_RATE
from emoface.audio.load import Recording, open_audio
from emoface.face.layout import EXPRESSION_SIZE, FACE_SIZE, FPS, MOTION_SIZE
from emoface.host import own_settings

from .felt import Felt
from .fitting import Capture, Gap, Rest, bridged, fit
from .following import Follower, Shot, follow, shot_tracks
from .landmarker import Landmarker, as_landmarker
from .neutral import find_neutral
from .pictures import VideoInfo, read_picture, video_frames, video_info
from .tracker import tracker
from .tracks import Tracks

LONGEST = 1800.0
"""Seconds that are captured at a time."""
COVERED = 0.15
"""Confidence below which the lips are not where a face can have them, as behind a hand."""
SETTLED = 0.1  # a share of the progress is left for the fit
Model: TypeAlias = "str | os.PathLike[str] | Landmarker"
PathLike: TypeAlias = "str | os.PathLike[str]"


@dataclass(frozen=True, eq=False)
class VideoCapture:
    """What was captured of a video.

    Attributes:
        animation: at 25 fps with the video's sound; its metadata name ``gaps`` and ``cuts`` in seconds, the
            ``identity`` and the mean ``confidence``.
        confidence: (T,) float32, 0..1; 0 in gaps.
        known: (56,) bool, the channels that were captured; the others are zero or guesses.
        gaps: frames whose motion is filled in, and why: no face, a face in profile, covered lips, no picture.
        cuts: frames that begin a new shot.
        identity: of the open head that is most like the person.
        felt: what the face holds all through.
    """

    animation: Animation
    confidence: np.ndarray
    known: np.ndarray
    gaps: tuple[Gap, ...]
    cuts: tuple[int, ...]
    identity: dict[str, float]
    felt: Felt


@own_settings()
def capture_video(
    path: PathLike, *, face: int | None = None, neutral: PathLike | None = None, start: float = 0.0,
    stop: float | None = None, model: Model | None = None, progress: Callable[[float], None] | None = None,
) -> Animation:  # fmt: skip
    """The motion of a face that was filmed, with the film's sound.

    Films of phones are turned as their tags say, frames may come at any rate, cuts are found, and where the face is
    not seen, turned to profile or covered the motion is filled in and named in ``metadata["gaps"]``. Needs the extra
    ``capture`` and the landmark net, see :mod:`emoface.capture.landmarker`.

    Args:
        path: of the video (mp4, mov, webm, mkv, avi, gif and more).
        face: whose, counted from the picture's left, from 0; None: the largest.
        neutral: a picture, or a video, of the person at rest with the mouth shut: what the face does is then measured
            from there. None: the calmest frames are compared with other people's faces, which tells a feeling that
            lasts all through less surely.
        start, stop: seconds of the video between which to capture; stop None: to its end.
        model: path of ``face_landmarker.task``, or a :class:`~emoface.capture.landmarker.Landmarker`.
        progress: called with the share of the work that is done, 0..1.

    Returns:
        The motion of the open head at 25 fps. ``metadata["identity"]`` makes the open head most like the person.

    Raises:
        TypeError, ValueError: a bad argument, no video, a longer one than half an hour at a time, or no face in it.
        OSError: a file cannot be read. ImportError: an extra is not installed.
    """
    return capture(
        path, face=face, neutral=neutral, start=start, stop=stop, model=model, progress=progress
    ).animation  # fmt: skip


@own_settings()
def capture(
    path: PathLike, *, face: int | None = None, neutral: PathLike | None = None, start: float = 0.0,
    stop: float | None = None, model: Model | None = None, progress: Callable[[float], None] | None = None,
) -> VideoCapture:  # fmt: skip
    """The same as :func:`capture_video`, with what is known of how sure it is."""
    face, start, stop = _checked(face, start, stop)
    info = video_info(path)
    length = _length(info, start, stop)
    net = as_landmarker(model)
    rest: Rest = "felt" if neutral is None else rest_of(neutral, net)
    sound = _sound(info, start, stop)
    show = progress or (lambda _: None)
    follower = Follower(net, face)
    follower.forget()
    shots: list[Shot] = []
    for shot, frame in follow(video_frames(info, start, stop), follower):
        if not shots or shots[-1] is not shot:
            shots.append(shot)
        if frame.stop - start > LONGEST:
            raise ValueError(_too_long(info))
        if length:
            show(min(1.0, (frame.stop - start) / length) * (1 - SETTLED))
    if not shots:
        raise ValueError(f"path {info.path} shows no picture between {start:g} s and its end or stop")
    found = _assemble(info, shots, start, sound, rest, face, follower.most)
    show(1.0)
    return found


def _checked(face: int | None, start: float, stop: float | None) -> tuple[int | None, float, float | None]:
    face = None if face is None else checks.whole("face", face, 0)
    start = checks.number("start", start, 0, note="seconds")
    stop = None if stop is None else checks.number("stop", stop, above=start, note="seconds")
    return face, start, stop


def _too_long(info: VideoInfo) -> str:
    return (
        f"path {info.path} is longer than the {LONGEST / 60:g} minutes that are captured at a time; give start and "
        "stop for a part of it"
    )


def _length(info: VideoInfo, start: float, stop: float | None) -> float | None:
    """Seconds to capture, if they are known."""
    if info.seconds is None:
        return None if stop is None else stop - start
    if start >= info.seconds:
        raise ValueError(f"start must be before the video's end at {info.seconds:.2f} s, got {start:g}")
    length = min(info.seconds, stop or info.seconds) - start
    if length > LONGEST:
        raise ValueError(_too_long(info))
    return length


def _sound(info: VideoInfo, start: float, stop: float | None) -> Recording | None:
    """The sound between two times; None where the video has none."""
    if not info.has_sound:
        return None
    whole = open_audio(info.path)
    if start == 0 and stop is None:
        return whole
    samples = whole.waveform()[int(start * SAMPLE_RATE) : None if stop is None else int(stop * SAMPLE_RATE)]
    return open_audio(samples, SAMPLE_RATE) if len(samples) else None


@own_settings()
def rest_of(path: PathLike, model: Model | None = None) -> np.ndarray:
    """Landmarks (214, 3) of a person at rest, from a picture or a video of it.

    Raises:
        ValueError: no face in it. OSError, ImportError: it cannot be read.
    """
    place = checks.path("neutral", path, "path of a picture or a video")
    net = as_landmarker(model)
    net.forget()
    try:
        picture = read_picture(place)
    except ValueError:
        seen = [
            points
            for shot in {id(shot): shot for shot, _ in follow(video_frames(video_info(place)), Follower(net))}.values()
            for points in shot.points
            if points is not None
        ]
    else:
        found = Follower(net).see(picture, 0.0)
        seen = [] if found is None else [found.points[tracker().index]]
    if not seen:
        raise ValueError(f"neutral {place} shows no face")
    return find_neutral([np.array(seen, np.float64)])[0]


def _assemble(
    info: VideoInfo, shots: Sequence[Shot], start: float, sound: Recording | None, rest: Rest, face: int | None,
    most: int,
) -> VideoCapture:  # fmt: skip
    """Fit the shots that show the face, and put them one after another."""
    frames = max(1, round((shots[-1].stop - start) * FPS), sound.frames(FPS) if sound else 0)
    edges = [0, *(round((shot.start - start) * FPS) for shot in shots[1:]), frames]
    spans = [(max(0, edge), min(frames, after)) for edge, after in pairwise(edges)]
    takes: list[tuple[int, Tracks]] = []
    for shot, (first, stop) in zip(shots, spans):
        if stop > first:
            moved = _since(shot, start)
            seen = shot_tracks(moved, first, stop, info.path.name)
            if seen is not None:
                takes.append((first, seen))
    if not takes:
        at_most = f"; at most {most} at a time" if face is not None and most else ""
        which = "face" if face is None else f"face {face}"
        raise ValueError(f"path {info.path} shows no {which}{at_most}")
    fitted = _fit(takes, rest)
    motion, confidence = np.full((frames, MOTION_SIZE), np.nan), np.zeros(frames, np.float32)
    gaps: list[Gap] = []
    for (first, _), one in fitted:
        part = slice(first, first + len(one.motion))
        motion[part], confidence[part] = one.motion.motion, one.confidence
        gaps += [Gap(first + gap.start, first + gap.stop, gap.reason) for gap in one.gaps]
    covered = (confidence > 0) & (confidence < COVERED)
    gaps += [Gap(start, stop, "covered") for start, stop in _stretches(covered)]
    motion[covered], confidence[covered] = np.nan, 0
    for first, stop in _stretches(np.isnan(motion[:, 0])):
        if not covered[first:stop].any():
            gaps.append(Gap(first, stop, "no face" if stop <= round((shots[-1].stop - start) * FPS) else "no picture"))
    good = np.isfinite(motion[:, 0])
    if not good.any():
        raise ValueError(f"path {info.path} shows a face whose lips are covered all the time")
    motion = bridged(motion, good)
    gaps.sort(key=lambda gap: (gap.start, gap.stop))
    cuts = tuple(first for first, _ in spans[1:])
    identity, felt = fitted[0][1].identity, fitted[0][1].felt
    assert felt is not None  # a film is never fitted about its calmest frames alone
    metadata = {
        "captured": info.path.name, "confidence": round(float(confidence.mean()), 3), "identity": identity,
        "gaps": [[round(gap.start / FPS, 2), round(gap.stop / FPS, 2), gap.reason] for gap in gaps],
        "cuts": [round(cut / FPS, 2) for cut in cuts],
    }  # fmt: skip
    values = motion.astype(np.float32)
    animation = Animation(
        values[:, :EXPRESSION_SIZE], values[:, EXPRESSION_SIZE:FACE_SIZE], FPS, sound, metadata=metadata,
        neck_pose=values[:, FACE_SIZE:],
    )  # fmt: skip
    known = np.logical_and.reduce([one.known for _, one in fitted])
    return VideoCapture(animation, confidence, known, tuple(gaps), cuts, identity, felt)


def _since(shot: Shot, start: float) -> Shot:
    """The shot with its times counted from ``start``."""
    return Shot(
        shot.start - start, shot.stop - start, [time - start for time in shot.times], shot.points, shot.scores
    )  # fmt: skip


def _fit(takes: list[tuple[int, Tracks]], rest: Rest) -> list[tuple[tuple[int, Tracks], Capture]]:
    """Captures of the takes that show the face from the front; of all together, for they show one person."""
    try:
        return list(zip(takes, fit([take for _, take in takes], rest=rest)))
    except ValueError as error:
        if len(takes) == 1 or "from the front" not in str(error):
            raise
    good = []
    for take in takes:  # shots in profile alone are gaps
        try:
            fit(take[1])
        except ValueError:
            continue
        good.append(take)
    return list(zip(good, fit([take for _, take in good], rest=rest))) if good else []


def _stretches(mask: np.ndarray) -> list[tuple[int, int]]:
    """Begin and end of the unbroken stretches of a mask (T,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return [(int(begin), int(end)) for begin, end in zip(edges[::2], edges[1::2])]


@own_settings()
def capture_picture(
    path: PathLike, *, face: int | None = None, neutral: PathLike | None = None, model: Model | None = None
) -> Capture:
    """The expression of a face in a picture, as a motion of one frame.

    Args:
        path: of the picture; turned as its EXIF tag says. face, neutral, model: as in :func:`capture_video`.

    Returns:
        What was captured, one frame, looking ahead.

    Raises:
        TypeError, ValueError: a bad argument, no picture, or no face in it. OSError: a file cannot be read.
        ImportError: an extra is not installed.
    """
    face = None if face is None else checks.whole("face", face, 0)
    picture = read_picture(path)
    net = as_landmarker(model)
    rest: Rest = "felt" if neutral is None else rest_of(neutral, net)
    follower = Follower(net, face)
    follower.forget()
    found = follower.see(picture, 0.0)
    if found is None:
        which = "face" if face is None else f"face {face}"
        raise ValueError(f"path {path} shows no {which}" + (f"; it shows {follower.most}" if follower.most else ""))
    name = os.path.basename(os.fspath(path))
    return fit(Tracks(found.points[tracker().index][None], FPS, name=name), rest=rest)
