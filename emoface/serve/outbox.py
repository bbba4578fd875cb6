"""What waits to be sent to one client: bounded, and the oldest frames give way."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from .limits import OverLimit
from .worker import Event, Interrupted, Made, Opened

if TYPE_CHECKING:
    from .telemetry import Telemetry

MOST_MESSAGES = 256
"""Messages other than frames that may wait."""


class Outbox:
    """Events of a stream in their order, for the event loop alone.

    A client that reads too slowly loses its oldest frames, which are counted; numbers of frames show the gap.
    """

    def __init__(self, seconds: float, telemetry: Telemetry) -> None:
        """Hold at most ``seconds`` of frames."""
        self._seconds, self._telemetry = seconds, telemetry
        self._fps = 0.0
        self._events: deque[Event] = deque()
        self._frames = 0
        self._held = False
        self.sent = -1
        """Number of the last frame that was taken out."""
        self._filled = asyncio.Event()
        self._over: OverLimit | None = None

    def put(self, event: Event) -> None:
        """Add an event, at the cost of older frames if there are too many."""
        if isinstance(event, Opened):
            self._fps = event.fps
        elif isinstance(event, Interrupted):
            self._held = False
        elif isinstance(event, Made):
            if self._held:
                self._telemetry.dropped.labels("interrupted").inc(event.frames)
                return
            self._frames += event.frames
        self._events.append(event)
        most = max(self._seconds * self._fps, event.frames if isinstance(event, Made) else 0)
        if self._frames > most:
            self._drop(self._frames - most, "slow_reader")
        if len(self._events) > MOST_MESSAGES and not isinstance(event, Made):
            self._over = OverLimit("queue_seconds", "the answers are not read")
        self._filled.set()

    def hold(self) -> None:
        """Drop all frames that wait and those that still come, until the stream was interrupted."""
        self._drop(self._frames, "interrupted")
        self._held = True

    def _drop(self, frames: float, reason: str) -> None:
        """Remove the oldest messages of frames, until so many frames are gone."""
        kept: deque[Event] = deque()
        gone = 0
        while self._events and gone < frames:
            event = self._events.popleft()
            if isinstance(event, Made):
                gone += event.frames
            else:
                kept.append(event)
        self._events.extendleft(reversed(kept))
        self._frames -= gone
        if gone:
            self._telemetry.dropped.labels(reason).inc(gone)

    async def get(self) -> Event:
        """The next event, when there is one.

        Raises:
            OverLimit: too many messages other than frames wait.
        """
        while not self._events:
            self._filled.clear()
            await self._filled.wait()
        if self._over is not None:
            raise self._over
        event = self._events.popleft()
        if isinstance(event, Made):
            self._frames -= event.frames
            self.sent = event.start + event.frames - 1
        return event
