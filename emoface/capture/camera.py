"""A face before a camera, frame by frame, for programs that show it at once."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from emoface import checks
from emoface.face.layout import FACE_SIZE, MOTION_SIZE
from emoface.shown import by_shape

from .fitting import POSE_GAIN, ROUNDED_MOVE, confidence_of, is_profile
from .following import Follower
from .landmarker import as_landmarker
from .neutral import find_identity, find_neutral
from .pictures import open_camera, upright
from .similarity import align, matrix_axis_angle, mean_rotation, of_head
from .solving import GAINS, Solver
from .tracker import tracker
from .tracks import ROUNDED, SCORES
from .video import Model, PathLike, rest_of

SETTLING = 2.0
"""Seconds in which a face that keeps still is learnt."""
STEADY = 5
"""Frames over which the head's pose is smoothed, the last one included."""
FADE = 0.25
"""Seconds in which a face that is lost goes back to rest."""


@dataclass(frozen=True, eq=False)
class LiveFace:
    """A face at one moment.

    Attributes:
        seconds: of the picture, since the first one.
        motion: (56,) float32 of the open head, in the order of ``MOTION_NAMES``.
        confidence: 0..1; 0 while the face is learnt or is not seen.
    """

    seconds: float
    motion: np.ndarray
    confidence: float

    __repr__ = by_shape


class LiveCapture:
    """Turns pictures into faces as they come; each answer depends on pictures up to its own alone.

    The first seconds teach it the person at rest, so they should be kept still and with the mouth shut, unless
    ``neutral`` shows that.
    """

    def __init__(self, *, face: int | None = None, neutral: PathLike | None = None, model: Model | None = None) -> None:
        """Load the net.

        Args:
            face, neutral, model: as in :func:`emoface.capture_video`.

        Raises:
            TypeError, ValueError, OSError, ImportError: as there.
        """
        face = None if face is None else checks.whole("face", face, 0)
        net = as_landmarker(model)
        self._rest = None if neutral is None else rest_of(neutral, net)
        self._follower = Follower(net, face)
        self._follower.forget()
        self._learnt: list[np.ndarray] = []
        self._told: list[np.ndarray] = []
        self._since: float | None = None
        self._solver: Solver | None = None
        self._ahead = np.eye(3)
        self._usual = np.zeros(len(SCORES))
        self._recent: list[np.ndarray] = []
        self._weights = np.zeros((1, FACE_SIZE))
        self._turn = np.zeros(3)
        self._last = 0.0

    def push(self, picture: np.ndarray, seconds: float) -> LiveFace:
        """The face in the next picture.

        Args:
            picture: (H, W, 3) uint8, sRGB, upright and not mirrored. seconds: its time, which only rises.

        Returns:
            The face; at rest while it is learnt, going back to rest while it is not seen.

        Raises:
            TypeError, ValueError: no such picture, or a bad time.
        """
        if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8:
            raise TypeError(f"picture must be a numpy array of uint8, got {type(picture).__name__}")
        if picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
            raise ValueError(f"picture must have shape (H, W, 3), got {picture.shape}")
        seconds = checks.number("seconds", seconds, self._last)
        passed, self._last = seconds - self._last, seconds
        found = self._follower.see(picture, seconds)
        if found is None or is_profile(found.points[tracker().index][None])[0]:
            keep = np.exp(-passed / FADE)
            self._weights, self._turn, self._recent = self._weights * keep, self._turn * keep, []
            return self._face(seconds, 0.0)
        points = found.points[tracker().index]
        told = np.array([found.scores.get(name, np.nan) for name in SCORES])
        if self._solver is None and not self._learn(points, told, seconds):
            return self._face(seconds, 0.0)
        return self._read(points, told, seconds)

    def _learn(self, points: np.ndarray, told: np.ndarray, seconds: float) -> bool:
        """Gather pictures of the face at rest; whether it is known now."""
        self._since = seconds if self._since is None else self._since
        self._learnt.append(points)
        self._told.append(told)
        if seconds - self._since < SETTLING:
            return False
        if self._rest is None:
            self._rest = find_neutral([np.array(self._learnt)])[0]
        still = align(np.array(self._learnt), self._rest)
        self._ahead = mean_rotation(of_head(still.rotation))
        self._usual = np.nan_to_num(np.nanmedian(np.array(self._told), axis=0)) if np.isfinite(told).all() else told
        self._solver = Solver(find_identity(self._rest))
        self._learnt, self._told = [], []
        return True

    def _read(self, points: np.ndarray, told: np.ndarray, seconds: float) -> LiveFace:
        assert self._solver is not None and self._rest is not None
        self._recent = [*self._recent[1 - STEADY :], points]
        one = align(np.array(self._recent), self._rest)
        moved = (one.points[-1:] - self._rest)[..., :2]
        told = told - self._usual
        told[np.isin(SCORES, ROUNDED) & (told < ROUNDED_MOVE)] = np.nan  # of some people the net does not read them
        self._weights = self._solver.next(moved, (told / GAINS)[None], self._weights)
        turned = of_head(one.rotation[-1:]) @ self._ahead.T
        self._turn = matrix_axis_angle(turned)[0] / POSE_GAIN
        residual = self._solver.residual_mm(moved, self._weights)
        return self._face(seconds, float(confidence_of(residual)[0]))

    def _face(self, seconds: float, confidence: float) -> LiveFace:
        motion = np.zeros(MOTION_SIZE, np.float32)
        motion[:FACE_SIZE], motion[FACE_SIZE:] = self._weights[0], self._turn
        return LiveFace(seconds, motion, confidence)


def capture_camera(
    camera: int | str | Iterable[np.ndarray] = 0, *, face: int | None = None, neutral: PathLike | None = None,
    model: Model | None = None, fps: int = 30,
) -> Iterator[LiveFace]:  # fmt: skip
    """The face before a camera, one answer a picture, until the camera ends or the iterator is closed.

    Args:
        camera: its number, the name that the system has for it, or pictures (H, W, 3) uint8 of another source, which
            are timed as they come.
        face, neutral, model: as in :func:`emoface.capture_video`. Without ``neutral`` keep still, mouth shut, for the
            first two seconds.
        fps: pictures a second that are asked of the camera.

    Yields:
        A :class:`LiveFace` for each picture.

    Raises:
        TypeError, ValueError: a bad argument. OSError: no such camera. ImportError: an extra is not installed.
    """
    fps = checks.whole("fps", fps, 1, 240)
    live = LiveCapture(face=face, neutral=neutral, model=model)
    pictures = camera_pictures(camera, fps) if isinstance(camera, (int, str)) else iter(camera)

    def faces() -> Iterator[LiveFace]:
        began = time.monotonic()
        for picture in pictures:
            yield live.push(picture, time.monotonic() - began)

    return faces()


def camera_pictures(camera: int | str, fps: int) -> Iterator[np.ndarray]:
    """The pictures (H, W, 3) of a camera, which is opened at once."""
    container: Any = open_camera(camera, fps, sys.platform)

    def pictures() -> Iterator[np.ndarray]:
        with container:
            for frame in container.decode(video=0):
                yield upright(frame)

    return pictures()
