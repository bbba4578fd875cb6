"""A face at one moment, as it is sent to programs that show it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emoface.face.layout import ARKIT_NAMES
from emoface.face.rotation import head_angles

from .frames import Frames


@dataclass(frozen=True, eq=False)
class Pose:
    """A face at one moment.

    Attributes:
        index: number of the tick that it is shown at, or of the frame in its stream. fps: ticks per second.
        arkit: (52,) float32 ARKit weights, 0..1, in the order of ``ARKIT_NAMES``.
        head: (3,) float32 turn of the head, axis-angle in radians, as :attr:`FaceMotion.neck_pose`.
        eyes: (2, 2) float32 turns of the left and the right eye, radians to the speaker's left and up; the shapes
            eyeLook in ``arkit`` tell the same.
    """

    index: int
    fps: float
    arkit: np.ndarray
    head: np.ndarray
    eyes: np.ndarray

    @classmethod
    def rest(cls, index: int, fps: float) -> Pose:
        """A face at rest that looks straight on."""
        return cls(index, fps, *(np.zeros(shape, np.float32) for shape in (len(ARKIT_NAMES), 3, (2, 2))))

    @property
    def seconds(self) -> float:
        """When it is shown, in seconds since the first tick."""
        return self.index / self.fps

    @property
    def angles(self) -> np.ndarray:
        """(3,) yaw, pitch and roll in radians, see :func:`emoface.face.rotation.head_angles`."""
        return head_angles(self.head)


def poses_of(frames: Frames) -> Iterator[Pose]:
    """The frames of a stream one by one, each with its index in the stream."""
    for index, values in enumerate(zip(frames.arkit(), frames.head, frames.eyes), frames.start):
        yield Pose(index, frames.fps, *values)
