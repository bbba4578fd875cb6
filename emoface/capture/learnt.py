"""What a fit means: a face's motion and what lasts in it, learnt from faces whose motion is known.

Landmarks tell rounded lips, lowered brows and the level of a jaw only together with the rest of the face, with other
frames, with the turn of the head and with what people look like. Two small networks read a fit again. One tells from
the fitted weights and the landmarks of nine frames, all about their means over a take, what all channels and the neck
do about theirs; the other, from what is fitted over a whole film or picture, from the feeling that was found and from
the landmarks, the means of all channels and the emotion. Each is a linear map beside one hidden layer,

    y = A x + B tanh(C x + c) + b,

tells what is to be added to the fit, so that motion beyond all that it was taught stays, and is asked for the face and
for its mirror image. Written by ``authoring.capture_learnt``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from emoface.face.layout import EXPRESSION_NAMES, EXPRESSION_SIZE

from .tracker import tracker

FILE = Path(__file__).with_name("learnt.npz")
FACE_CHANNELS = (*EXPRESSION_NAMES, "jaw_pose_x", "jaw_pose_y", "jaw_pose_z")
LEARNT = (
    "mouthPucker", "mouthFunnel", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft",
    "browOuterUpRight", "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "eyeBlinkLeft",
    "eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight", "mouthClose", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthUpperUpLeft", "mouthUpperUpRight", "mouthFrownLeft", "mouthFrownRight", "mouthPressLeft", "mouthPressRight",
    "mouthShrugLower", "noseSneerLeft", "noseSneerRight", "jaw_pose_x",
)  # fmt: skip
"""Channels whose motion is read again."""
FEELINGS = ("neutral", "happy", "sad", "surprised", "fear", "disgusted", "angry", "contempt")
REACH = 4  # frames on each side
LOW, HIGH = 0.1, 0.9  # quantiles of a film's weights
FURTHEST = 4.0  # standard deviations of what was learnt from, beyond which nothing is believed
TURN_UNIT = np.array([0.5, 0.5, 0.5])  # radians of a turn that count like a unit of a shape
LEAST_LIKELY = 1e-3  # of a feeling that was not found
SWAY_UNIT = 0.2  # the same of a turn about its mean


@dataclass(frozen=True, eq=False)
class Net:
    """A linear map beside one hidden layer.

    Attributes:
        mean, size: (F,) of the features. direct: (F, C). hidden: (F, H). hidden_bias: (H,). out: (H, C). bias: (C,).
    """

    mean: np.ndarray
    size: np.ndarray
    direct: np.ndarray
    hidden: np.ndarray
    hidden_bias: np.ndarray
    out: np.ndarray
    bias: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """(N, C) for features (N, F)."""
        x = ((features - self.mean) / self.size).clip(-FURTHEST, FURTHEST)
        return x @ self.direct + np.tanh(x @ self.hidden + self.hidden_bias) @ self.out + self.bias


NET_PARTS = tuple(Net.__dataclass_fields__)


@dataclass(frozen=True, eq=False)
class Learnt:
    """Both networks and what they need.

    Attributes:
        motion, level: the networks. errors: (C,) standard deviation of the channels of ``LEARNT`` about what the first
            tells. modes: (M, 2 L) by which motion of landmarks is told in M numbers. shapes: (N, 4 L) and shapes_mean
            (4 L,), by which landmarks of people are told in N numbers. mirror: (L,) the landmarks' counterparts.
    """

    motion: Net
    level: Net
    errors: np.ndarray
    modes: np.ndarray
    shapes: np.ndarray
    shapes_mean: np.ndarray
    mirror: np.ndarray


@lru_cache(maxsize=1)
def learnt() -> Learnt:
    """The networks, read once."""
    with np.load(FILE, allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    motion, level = (
        Net(*(stored[f"{net}_{part}"].astype(np.float64) for part in NET_PARTS)) for net in ("motion", "level")
    )
    errors, modes, shapes, shapes_mean = (
        stored[name].astype(np.float64) for name in ("errors", "modes", "shapes", "shapes_mean")
    )
    return Learnt(motion, level, errors, modes, shapes, shapes_mean, stored["mirror"].astype(np.int64))


def other_side(name: str) -> str:
    """The name of a channel's counterpart."""
    for side, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(side):
            return name[: -len(side)] + other
    return name


@lru_cache(maxsize=1)
def _counterparts() -> list[int]:
    return [FACE_CHANNELS.index(other_side(name)) for name in FACE_CHANNELS]


def turned_over(weights: np.ndarray) -> np.ndarray:
    """Weights (..., 53) of the same face in a mirror."""
    other = weights[..., _counterparts()]
    other[..., EXPRESSION_SIZE + 1 :] *= -1
    return other


def turned_back(turn: np.ndarray) -> np.ndarray:
    """Turns (..., 3) of the same head in a mirror."""
    return turn * [1, -1, -1]


def around(curves: np.ndarray) -> np.ndarray:
    """Curves (T, F) of each frame, and means of those one to ``REACH`` frames beside it; the ends are held.

    Returns:
        (T, (1 + REACH) F).
    """
    place, last = np.arange(len(curves)), len(curves) - 1
    beside = [(curves[(place - k).clip(0)] + curves[(place + k).clip(0, last)]) / 2 for k in range(1, REACH + 1)]
    return np.concatenate([curves, *beside], 1)


class Followed(NamedTuple):
    """A take as it was fitted.

    Attributes:
        rows: (T, 53) weights. turn: (T, 3) of the head as the landmarks show it, axis-angle in radians. landmarks:
            (T, L, 2) mm from the face at rest.
    """

    rows: np.ndarray
    turn: np.ndarray
    landmarks: np.ndarray

    def mirrored(self, mirror: np.ndarray) -> Followed:
        """The same in a mirror, given the landmarks' counterparts."""
        return Followed(turned_over(self.rows), turned_back(self.turn), self.landmarks[:, mirror] * [-1, 1])

    def moved(self) -> np.ndarray:
        """(T, 2 L): the landmarks about their mean, mm."""
        points = self.landmarks.reshape(len(self.rows), -1)
        return points - points.mean(0)

    def features(self, modes: np.ndarray) -> np.ndarray:
        """What the first network looks at, (T, F)."""
        level, ahead = self.rows.mean(0), self.turn.mean(0)
        facing = ahead / TURN_UNIT
        lasting = np.concatenate([level, facing, np.abs(facing[1:2])])
        moving = np.concatenate([self.rows - level, (self.turn - ahead) / SWAY_UNIT, self.moved() @ modes.T], 1)
        return np.concatenate([around(moving), np.repeat(lasting[None], len(moving), 0)], 1)


class Moved(NamedTuple):
    """Weights (T, 53) about their mean over a take, and what is to be added to the turn (T, 3) of the neck."""

    weights: np.ndarray
    turn: np.ndarray


def motion_of(take: Followed) -> Moved:
    """What a face most likely does about its mean in a take, and what its neck does beyond what is seen of it."""
    read = learnt()
    seen, other = (read.motion(view.features(read.modes)) for view in (take, take.mirrored(read.mirror)))
    count = len(FACE_CHANNELS)
    weights = (seen[:, :count] + turned_over(other[:, :count])) / 2
    neck = (seen[:, count:] + turned_back(other[:, count:])) / 2
    weights = weights + take.rows
    return Moved(weights - weights.mean(0), neck - neck.mean(0))


@dataclass(frozen=True, eq=False)
class Glance:
    """What is seen of a film or picture as a whole.

    Attributes:
        rows: (T, 53) fitted weights of the frames that count. felt: (53,) of the feeling that was found. likely: how
            likely each feeling is. turn: (3,) mean of the head's. calm, usual: (L, 3) landmarks of the calmest frames
            and the median of all, in the place of the open head.
    """

    rows: np.ndarray
    felt: np.ndarray
    likely: Mapping[str, float]
    turn: np.ndarray
    calm: np.ndarray
    usual: np.ndarray

    def mirrored(self, mirror: np.ndarray) -> Glance:
        """The same in a mirror, given the landmarks' counterparts."""
        sides = [points[mirror] * [-1, 1, 1] for points in (self.calm, self.usual)]
        return Glance(turned_over(self.rows), turned_over(self.felt), self.likely, turned_back(self.turn), *sides)

    def forms(self) -> np.ndarray:
        """(4 L,): how the landmarks differ from those of the open head at rest, mm."""
        return np.concatenate([(points - tracker().neutral)[:, :2].ravel() for points in (self.calm, self.usual)])

    def features(self, shapes: np.ndarray, shapes_mean: np.ndarray) -> np.ndarray:
        """What the second network looks at, (F,)."""
        facing = self.turn / TURN_UNIT
        odds = [self.likely.get(name, 0.0) for name in FEELINGS]
        turned = [*facing, abs(facing[1]), facing[1] ** 2, facing[0] ** 2, float(len(self.rows) == 1)]
        spread = np.quantile(self.rows, (LOW, HIGH), axis=0)
        form = shapes @ (self.forms() - shapes_mean)
        return np.concatenate([self.rows.mean(0), *spread, self.felt, odds, turned, form])


class Lasting(NamedTuple):
    """Means (53,) of all channels over a film, and how likely each emotion is."""

    weights: np.ndarray
    likely: dict[str, float]


def level_of(glance: Glance) -> Lasting:
    """What most likely lasts in a film, or what a picture shows.

    The emotion's odds are those of the network times those of the feeling that was found: filmed people look more
    unlike each other than those it was taught by, and each of the two alone is too sure of some of them.
    """
    read = learnt()
    views = (glance, glance.mirrored(read.mirror))
    seen, other = read.level(np.stack([view.features(read.shapes, read.shapes_mean) for view in views]))
    count = len(FACE_CHANNELS)
    weights = glance.rows.mean(0) + (seen[:count] + turned_over(other[:count])) / 2
    odds = (seen[count:] + other[count:]) / 2
    odds = np.exp(odds - odds.max()) * [glance.likely.get(name, 0.0) + LEAST_LIKELY for name in FEELINGS]
    return Lasting(weights, dict(zip(FEELINGS, (odds / odds.sum()).tolist())))
