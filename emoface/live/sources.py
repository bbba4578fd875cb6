"""Where the voice comes from: recordings and raw samples, let out no faster than they are spoken."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import BinaryIO, Protocol

import numpy as np

from emoface import checks
from emoface.audio.load import MAX_RATE, MIN_RATE, open_audio

BLOCK = 0.02
"""Seconds of sound that are let out at a time."""


class Source(Protocol):
    """A voice that arrives.

    Attributes:
        name: for people. sample_rate: Hz.
    """

    name: str
    sample_rate: float

    def __iter__(self) -> Iterator[np.ndarray]:
        """Blocks of samples (n,) or (n, channels), each as soon as it was spoken; floats or 16-bit integers."""
        ...

    def close(self) -> None:
        """Let go of the device; a block that is waited for is the last."""
        ...


class FileSource:
    """A recording as if it were spoken now."""

    def __init__(
        self,
        audio: object,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open and check it.

        Args:
            audio: as :func:`emoface.animate` takes it. clock, sleep: seconds that rise, and waiting for some.

        Raises:
            OSError, ValueError, TypeError: it cannot be read, see :func:`emoface.audio.load.open_audio`.
        """
        self._recording = open_audio(audio)
        self.name, self.sample_rate = self._recording.name, self._recording.sample_rate
        self._clock, self._sleep = clock, sleep
        self._closed = False

    def __iter__(self) -> Iterator[np.ndarray]:
        size = max(round(BLOCK * self.sample_rate), 1)
        blocks = (
            block[start : start + size] for block in self._recording.source() for start in range(0, len(block), size)
        )
        return _paced(blocks, self.sample_rate, self._clock, self._sleep, lambda: self._closed)

    def close(self) -> None:
        """Let out no more."""
        self._closed = True


class RawSource:
    """16-bit little-endian samples of one channel from a pipe, such as ``ffmpeg -f s16le -ac 1 -ar 16000 -`` writes."""

    def __init__(
        self,
        stream: BinaryIO,
        sample_rate: float = 16000,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take a pipe.

        Args:
            stream: binary; what it gives is passed on at once, unless it comes faster than it is spoken.
            sample_rate: Hz. clock, sleep: seconds that rise, and waiting for some.

        Raises:
            TypeError, ValueError: the rate is no number, or out of range.
        """
        self.name = "standard input"
        self.sample_rate = checks.number("sample_rate", sample_rate, MIN_RATE, MAX_RATE, note="Hz")
        self._stream, self._clock, self._sleep = stream, clock, sleep
        self._closed = False

    def __iter__(self) -> Iterator[np.ndarray]:
        return _paced(self._blocks(), self.sample_rate, self._clock, self._sleep, lambda: self._closed)

    def _blocks(self) -> Iterator[np.ndarray]:
        size = 2 * max(round(BLOCK * self.sample_rate), 1)
        read = getattr(self._stream, "read1", self._stream.read)  # what is there, without waiting for a whole block
        left = b""
        while data := read(size):
            data = left + data
            whole = len(data) - len(data) % 2
            left = data[whole:]
            if whole:
                yield np.frombuffer(data[:whole], "<i2").astype(np.int16)

    def close(self) -> None:
        """Let out no more."""
        self._closed = True


def _paced(
    blocks: Iterator[np.ndarray],
    rate: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    closed: Callable[[], bool],
) -> Iterator[np.ndarray]:
    """Blocks, each when its last sample would have been spoken; one that comes later moves those after it."""
    due = clock()
    for block in blocks:
        due += len(block) / rate
        while (left := due - clock()) > 0 and not closed():
            sleep(min(left, 0.1))
        if closed():
            return
        due = max(due, clock() - BLOCK)
        yield block
