"""What clients may ask of the service: each limit stands here once, with its default and its meaning."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from emoface import checks

TRY_LATER = 1013
"""Close code of a WebSocket for every limit: the client may try again later."""
BURST_SECONDS = 10.0
"""What a client may send at once, in seconds of the allowed bytes per second."""


class OverLimit(Exception):
    """A client asks for more than the service allows; ``limit`` is the limit's name, the message is for the client."""

    def __init__(self, limit: str, message: str) -> None:
        super().__init__(message)
        self.limit = limit


def _limit(default: float, low: float, high: float, meaning: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "meaning": meaning})


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of the service; the command line has a flag for each.

    Raises:
        TypeError, ValueError: a value of a wrong kind, or out of its range.
    """

    connections: int = _limit(16, 1, 100_000, "streams at once")
    message_bytes: int = _limit(1 << 20, 1024, 1 << 30, "bytes of one message of a stream")
    queue_seconds: float = _limit(30.0, 0.1, 3600, (
        "seconds of audio of a stream that may wait to be heard, and of frames that may wait to be read"))  # fmt: skip
    idle_seconds: float = _limit(60.0, 0.1, 86_400, "seconds without a message after which a stream ends")
    bytes_per_second: int = _limit(400_000, 1000, 1 << 30, (
        f"bytes that a stream may send each second; {BURST_SECONDS:g} times as many at once"))  # fmt: skip
    busy_share: float = _limit(0.9, 0.05, 1.0, (
        "share of the time that streams may take; one more that would exceed it is refused; 1: no bound"))  # fmt: skip
    files: int = _limit(4, 1, 1000, "files that are animated or wait for it")
    file_bytes: int = _limit(64 << 20, 1024, 1 << 34, "bytes of an uploaded file")
    file_seconds: float = _limit(600.0, 0.1, 86_400, "seconds of the recording in an uploaded file")

    def __post_init__(self) -> None:
        for one in fields(self):
            check = checks.whole if isinstance(one.default, int) else checks.number
            value = check(one.name, getattr(self, one.name), one.metadata["low"], one.metadata["high"])
            object.__setattr__(self, one.name, value)


class Allowance:
    """How many bytes a client may still send: a bucket that fills at a steady rate and is full at the start."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        """A full bucket of ``BURST_SECONDS`` of ``rate`` bytes per second."""
        self.rate = rate
        self._most = self._left = rate * BURST_SECONDS
        self._clock = clock
        self._seen = clock()

    def take(self, count: int) -> None:
        """Count bytes that came.

        Raises:
            OverLimit: they are more than the bucket holds.
        """
        now = self._clock()
        self._left = min(self._left + (now - self._seen) * self.rate, self._most) - count
        self._seen = now
        if self._left < 0:
            raise OverLimit("bytes_per_second", f"more than {self.rate:g} bytes per second came")
