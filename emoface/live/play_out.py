"""Frames that wait to be shown: they come in bursts, and are shown one a tick."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from emoface import checks

from .pose import Pose, poses_of

if TYPE_CHECKING:
    from .frames import Frames

RESERVE = 0.04
"""Seconds that the first frames wait, so that a burst that comes a little late finds the face still moving."""
MOST = 1.0
"""Seconds of frames that wait at most."""


class PlayOut:
    """A queue between the thread that listens and the one that shows.

    While nothing waits, the last face is held. The sound card's clock and this machine's run apart by some parts in a
    million; so if more than the reserve waited all through a second, one frame is left out.

    Attributes:
        fps: ticks per second, which is the frames' rate too.
        held: ticks at which a frame was due and none waited. skipped: frames that were never shown.
        last: index in the stream of the last frame that was shown; one before the first as long as none was.
    """

    def __init__(self, fps: float, reserve: float = RESERVE) -> None:
        """An empty queue and a face at rest.

        Args:
            fps: frames per second. reserve: seconds that the first frames wait.

        Raises:
            TypeError, ValueError: a number of the wrong kind, or out of range.
        """
        self.fps = checks.number("fps", fps, 1, 240)
        self._reserve = round(checks.number("reserve", reserve, 0, MOST / 2, note="seconds") * self.fps)
        self._lock = threading.Lock()
        self._waiting: deque[Pose] = deque()
        self._still_to_wait = self._reserve
        self._shown = Pose.rest(0, self.fps)
        self._tick = -1
        self._playing = False
        self._lowest, self._since = 0, 0
        self.held = self.skipped = 0
        self.last = -1

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, frames: Frames) -> None:
        """Let frames wait behind those that do; beyond a second, the oldest are left out."""
        with self._lock:
            self._waiting.extend(poses_of(frames))
            self._leave_out(max(len(self._waiting) - int(MOST * self.fps), 0))

    def replace(self, frames: Frames) -> None:
        """Drop what was not shown, and show these frames from the next tick on."""
        with self._lock:
            self.skipped += len(self._waiting)
            self._waiting = deque(poses_of(frames))
            self._still_to_wait = 0
            self._playing = True

    def show(self, periods: int = 1) -> Pose:
        """The face of the next tick.

        Args:
            periods: ticks since the last call; the frames of those in between are left out.

        Returns:
            The pose.
        """
        with self._lock:
            self._tick += periods
            if self._waiting and self._still_to_wait > 0:
                self._still_to_wait -= 1
                return self._hold()
            late = min(periods, len(self._waiting)) - 1
            if late < 0:
                self.held += self._playing
                self._playing = False
                self._still_to_wait = self._reserve
                return self._hold()
            self._playing = True
            self._leave_out(late)
            self._leave_out(self._excess())
            pose = self._waiting.popleft()
            self.last = pose.index
            self._shown = replace(pose, index=self._tick)
            return self._shown

    def _leave_out(self, count: int) -> None:
        """Drop the oldest frames that wait."""
        for _ in range(count):
            self._waiting.popleft()
        self.skipped += count

    def _hold(self) -> Pose:
        """The last face once more."""
        self._lowest, self._since = len(self._waiting), 0
        self._shown = replace(self._shown, index=self._tick)
        return self._shown

    def _excess(self) -> int:
        """1 if more than the reserve waited all through the last second, 0 otherwise."""
        self._lowest = min(self._lowest, len(self._waiting) - 1)
        self._since += 1
        if self._since < self.fps:
            return 0
        excess = int(self._lowest > self._reserve + 1)
        self._lowest, self._since = len(self._waiting), 0
        return excess
