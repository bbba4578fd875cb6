"""What all doors of the service share: the worker, the limits, who may come in, and the counters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from .access import Access
from .crew import Crew
from .limits import Limits
from .telemetry import Telemetry
from .uploads import Uploads
from .worker import Event, Voice, Worker


class Service:
    """The parts of one running service.

    Attributes:
        limits, access: as given. telemetry: its counters. worker: steps the streams. uploads: animates files.
    """

    def __init__(
        self, pipeline: Any, limits: Limits, access: Access, streams: Any = None, workers: int = 1
    ) -> None:
        """Make the parts; ``start()`` on the event loop begins.

        Args:
            pipeline: an :class:`emoface.Pipeline`. limits: what clients may ask. access: who may.
            streams: what steps streams, :class:`emoface.live.Streams` of the pipeline if None.
            workers: processes that step them; 1: a thread of this one.

        Raises:
            RuntimeError: a process did not start.
        """
        self.limits, self.access = limits, access
        self.telemetry = Telemetry()
        self.worker: Worker | Crew
        if workers > 1:
            self.worker = Crew(pipeline, limits.connections, workers, self.telemetry, self._post)
        else:
            if streams is None:
                from emoface.live import Streams

                streams = Streams(pipeline, limits.connections)
            self.worker = Worker(streams, self.telemetry, self._post)
        self.uploads = Uploads(pipeline, limits, self.telemetry)
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin; events are delivered on the loop that runs."""
        self._loop = asyncio.get_running_loop()
        self.worker.start()

    def stop(self) -> None:
        """End the thread and the process of files."""
        self.worker.stop()
        self.uploads.stop()

    def open(self, voice: Voice) -> None:
        """Begin a stream within the limits.

        Raises:
            OverLimit: there is no room for it.
        """
        self.worker.open(voice, self.limits.connections, self.limits.busy_share)

    def why_not_ready(self) -> str:
        """Why no other stream would be served now; empty if one would."""
        if not self.worker.is_alive():
            return "the worker has ended"
        if self.worker.streams >= self.limits.connections:
            return f"all {self.limits.connections} streams are taken"
        return ""

    def _post(self, deliver: Callable[[Event], None], event: Event) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(deliver, event)
