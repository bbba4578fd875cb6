"""How the landmark net sees the open head: measured once on pictures of it, see ``authoring.capture``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("tracker.npz")
LIPS = ("lips_outer", "lips_inner")
INNER_PAIRS = ((13, 14), (82, 87), (312, 317), (81, 178), (311, 402))
"""Points of the inner lips above and below, from the middle outwards."""


@dataclass(frozen=True, eq=False)
class Tracker:
    """Where the net's landmarks lie on the open head, and what it makes of the head's motion.

    Lengths are millimetres of the open head, x to the picture's right, y down, z away from the camera.

    Attributes:
        index: (L,) int, which points of the 478-point mesh the landmarks are.
        groups: name -> slice of the landmarks: lips_outer, lips_inner, lips_rings, eye_right, ..., cheek_chin.
        faces: (L,) int32 triangle of the open head that each landmark follows. weights: (L, 3) barycentric.
        neutral: (L, 3) the landmarks of the head at rest.
        response: (53, L, 2) what a unit of each expression, and a radian of the jaw, moves the landmarks beyond what it
            moves their places on the mesh: the net under-reads form.
        noise: (2 L, 2 L) covariance in mm^2 of what the landmarks do beside that.
        taps: (2 R + 1,) filter over frames at 25 fps that undoes the net's own smoothing in time, where it smooths.
        pose: (10, L, 2) what a turned head moves the landmarks that were brought back, of the terms of
            :func:`emoface.capture.similarity.pose_terms`: the net's depths are guesses.
        people: (I, L, 2) what a unit of each identity component moves them beyond what it moves the mesh.
        strangers: (R, 2 L) mm, factors of the covariance of people at rest beside their identity.
        strangers_mean: (2 L,) mm, their mean less the neutral.
        feelings: (V, 53) expression and jaw of feelings at full strength. feeling_names: whose variants they are.
        gap_tracked, gap_mesh: (K,) opening of the inner lips as the landmarks show it, and that of the mesh.
    """

    index: np.ndarray
    groups: dict[str, slice]
    faces: np.ndarray
    weights: np.ndarray
    neutral: np.ndarray
    response: np.ndarray
    noise: np.ndarray
    taps: np.ndarray
    pose: np.ndarray
    people: np.ndarray
    strangers: np.ndarray
    strangers_mean: np.ndarray
    feelings: np.ndarray
    feeling_names: tuple[str, ...]
    gap_tracked: np.ndarray
    gap_mesh: np.ndarray

    def at(self, points: Iterable[int]) -> list[int]:
        """Places of points of the 478-point mesh among the landmarks."""
        places = {int(point): place for place, point in enumerate(self.index)}
        return [places[point] for point in points]

    def group(self, *names: str) -> np.ndarray:
        """Places (P,) of the landmarks of some groups."""
        return np.concatenate([np.arange(len(self.index))[self.groups[name]] for name in names])


@lru_cache(maxsize=1)
def tracker() -> Tracker:
    """The measured tracker, read once."""
    with np.load(FILE, allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    groups = {name: slice(int(first), int(last)) for name, first, last in (g.split(":") for g in stored["groups"])}
    factors = stored["noise_factors"].astype(np.float64)  # (R, 2 L)
    return Tracker(
        index=stored["index"].astype(np.int64),
        groups=groups,
        faces=stored["faces"].astype(np.int32),
        weights=stored["weights"].astype(np.float32),
        neutral=stored["neutral"].astype(np.float64),
        response=stored["response"].astype(np.float64),
        noise=factors.T @ factors + np.diag(stored["noise_rest"].astype(np.float64)),
        taps=stored["taps"].astype(np.float64),
        pose=stored["pose"].astype(np.float64),
        people=stored["people"].astype(np.float64),
        strangers=stored["strangers"].astype(np.float64),
        strangers_mean=stored["strangers_mean"].astype(np.float64),
        feelings=stored["feelings"].astype(np.float64),
        feeling_names=tuple(str(name) for name in stored["feeling_names"]),
        gap_tracked=stored["gap_tracked"].astype(np.float64),
        gap_mesh=stored["gap_mesh"].astype(np.float64),
    )
