"""Frames at 25 a second brought to the rate of a stream while they come."""

from __future__ import annotations

import math

import numpy as np

from emoface.face.layout import FPS, MOTION_SIZE


class RateChange:
    """Straight lines between the two latest frames; at 25 fps the frames themselves.

    Weights stay in range, closed lips stay closed and mouthClose goes no further beyond jawOpen than it did. At
    another rate a frame waits for the next one at 25 fps.

    Args:
        fps: frames per second, at least 25.
    """

    def __init__(self, fps: float) -> None:
        self.fps = fps
        self.index = 0
        """Of the next frame that is given."""
        self.before = np.zeros((0, MOTION_SIZE), np.float32)  # the latest frame that came
        self.came = 0  # frames that came

    def place(self, index: int) -> float:
        """Where a frame is among those at 25 fps, in frames."""
        return max((index + 0.5) * FPS / self.fps - 0.5, 0.0)

    def push(self, motion: np.ndarray, until: int | None = None) -> np.ndarray:
        """Take in the next frames (k, 56) at 25 fps, and give those (n, 56) that they complete.

        Args:
            motion: the frames. until: give all up to this index, the last frame being held; None while more come.
        """
        first = self.came - len(self.before)
        known = np.concatenate([self.before, motion])
        self.came += len(motion)
        if not len(known):
            return known
        last, places = self.came - 1, []
        while (self.place(self.index) <= last) if until is None else (self.index < until):
            places.append(self.place(self.index))
            self.index += 1
        self.before = known[-1:].copy()
        at = np.minimum(np.array(places), last) - first  # (n,)
        low = np.floor(at).astype(int)
        share = (at - low).astype(np.float32)[:, None]
        after = np.minimum(low + 1, len(known) - 1)
        return np.where(share > 0, (1 - share) * known[low] + share * known[after], known[low])

    def restart(self, index: int, shown: np.ndarray) -> int:
        """Give another frame ``index`` next, after ``shown`` (56,).

        Returns:
            The frame at 25 fps that must come next.
        """
        self.index = index
        self.came = math.floor(self.place(index))
        self.before = shown[None].astype(np.float32) if self.came else self.before[:0]
        return self.came

    @property
    def lookahead(self) -> float:
        """Seconds that frames wait for the next one at 25 fps, at most."""
        if self.fps == FPS:
            return 0.0
        steps = {round(index * FPS / self.fps % 1, 6) for index in range(round(self.fps * 40))}
        return max(self._wait(index) for index in range(min(len(steps) * 2, 4800)))

    def _wait(self, index: int) -> float:
        """Seconds between the end of a frame and that of the last one at 25 fps that it needs."""
        return (math.ceil(self.place(index)) + 1) / FPS - (index + 1) / self.fps
