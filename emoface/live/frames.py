"""Frames that a stream gives."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from emoface.face.layout import FACE_SIZE, FPS, MOTION_INDEX, MOTION_SIZE, motion_to_arkit
from emoface.face.life import FULL_LOOK
from emoface.face_motion import FaceMotion

_LOOKS = [
    [MOTION_INDEX[f"eyeLook{way}{side}"] for way in ways]
    for side, ways in (("Left", ("Out", "In", "Up", "Down")), ("Right", ("In", "Out", "Up", "Down")))
]
"""Per eye the shapes that turn it to the speaker's left, to the right, up and down."""


@dataclass(frozen=True, eq=False)
class Frames:
    """The next frames of a stream, perhaps none; frame k of a stream is centred at (k + 0.5) / fps seconds.

    Attributes:
        start: index of the first frame. fps: frames per second.
        motion: (n, 56) float32 motion vectors in the order of ``MOTION_NAMES``, blinks, gaze and head included.
    """

    start: int = 0
    fps: float = FPS
    motion: np.ndarray = field(default_factory=lambda: np.zeros((0, MOTION_SIZE), np.float32), repr=False)

    def __len__(self) -> int:
        return len(self.motion)

    @property
    def stop(self) -> int:
        """Index of the frame that follows."""
        return self.start + len(self)

    @property
    def times(self) -> np.ndarray:
        """Centres of the frames, (n,) float64 seconds from the start of the stream."""
        return (np.arange(self.start, self.stop) + 0.5) / self.fps

    def arkit(self) -> np.ndarray:
        """ARKit-52 weights (n, 52) float32, 0..1, in the order of ``ARKIT_NAMES``."""
        return motion_to_arkit(self.motion)

    @property
    def head(self) -> np.ndarray:
        """Rotation of the head (n, 3) float32, axis-angle in radians, as ``FaceMotion.neck_pose``."""
        return self.motion[:, FACE_SIZE:]

    @property
    def eyes(self) -> np.ndarray:
        """Turns of the left and the right eye (n, 2, 2) float32: radians to the speaker's left, and up."""
        left, right, up, down = np.moveaxis(self.motion[:, _LOOKS], -1, 0)  # (n, 2) each
        return np.radians(FULL_LOOK) * np.stack([left - right, up - down], -1)

    def face_motion(self) -> FaceMotion:
        """The frames as a motion of their own.

        Raises:
            ValueError: there is none.
        """
        if not len(self):
            raise ValueError("face_motion() needs at least one frame, and these are none")
        return FaceMotion.from_motion(self.motion, self.fps)
