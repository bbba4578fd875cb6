"""Many streams at once, which step together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any, Protocol

import torch

from emoface import checks
from emoface.device import one_thread
from emoface.host import own_settings
from emoface.performer import Piece, Prepared, perform

from .frames import Frames
from .stream import Stream


class MakesStreams(Protocol):
    """A :class:`emoface.Pipeline`."""

    @property
    def threads(self) -> int:
        """CPU threads to work with."""

    @property
    def device(self) -> torch.device:
        """Where the networks run."""

    def stream(self, *options: Any, **changes: Any) -> Stream:
        """Make a stream."""


class Streams:
    """Up to ``capacity`` streams of one pipeline, each at its own time.

    What is ready steps as one batch, or on a CPU as one for each of the pipeline's threads; what is not, waits. On a
    CPU a stream gives the bits that it would give alone, and on a GPU those that it would give with any others beside.
    """

    def __init__(self, pipeline: MakesStreams, capacity: int) -> None:
        """Set up.

        Args:
            pipeline: of all streams. capacity: how many may be open at once.

        Raises:
            TypeError, ValueError: ``capacity`` is no whole number from 1 on.
        """
        self.pipeline, self.capacity = pipeline, checks.whole("capacity", capacity, 1)
        self._open: dict[int, Stream] = {}
        self._threads = pipeline.threads if pipeline.device.type == "cpu" else 1
        self._others = ThreadPoolExecutor(self._threads - 1, "emoface-streams") if self._threads > 1 else None

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Stream]:
        return iter(list(self._open.values()))

    def open(self, *options: Any, **changes: Any) -> Stream:
        """Open a stream; arguments as for :meth:`emoface.Pipeline.stream`.

        Returns:
            The stream. Give it samples by :meth:`Stream.push`, and take frames from :meth:`step`; whatever else a
            stream does, it does.

        Raises:
            RuntimeError: as many are open as there may be. TypeError, ValueError: a bad option.
        """
        if len(self._open) >= self.capacity:
            raise RuntimeError(f"capacity is {self.capacity} streams, and as many are open")
        stream = self.pipeline.stream(*options, **changes)
        self._open[id(stream)] = stream
        return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream.

        Raises:
            ValueError: it is not open here.
        """
        if self._open.pop(id(stream), None) is None:
            raise ValueError("stream must be one that is open here")

    @own_settings()
    @one_thread()
    def step(self) -> list[tuple[Stream, Frames]]:
        """Perform the next frames of every stream whose audio is there, one hop of each.

        Returns:
            The streams that stepped with their frames; none when nobody's audio is there.
        """
        ready = [stream for stream in self._open.values() if stream.ready]
        given: list[tuple[Stream, Frames]] = []
        with torch.inference_mode():
            for kind in {stream.kind for stream in ready}:
                alike = [stream for stream in ready if stream.kind == kind]
                pieces = self._performed([stream.prepare() for stream in alike])
                given += [(stream, stream.take_in(piece)) for stream, piece in zip(alike, pieces)]
        return given

    def _performed(self, prepared: Sequence[Prepared]) -> list[Piece]:
        """What :func:`perform` makes of windows, some of which another thread performs meanwhile."""
        if self._others is None or len(prepared) == 1:
            return perform(prepared)
        cuts = [len(prepared) * number // self._threads for number in range(1, self._threads)]
        own, *shares = [prepared[a:b] for a, b in zip([0, *cuts], [*cuts, len(prepared)]) if a < b]
        elsewhere = [self._others.submit(copy_context().run, _perform, share) for share in shares]
        try:
            pieces = perform(own)
        finally:
            wait(elsewhere)
        return pieces + [piece for other in elsewhere for piece in other.result()]


@own_settings()
@torch.inference_mode()
def _perform(prepared: Sequence[Prepared]) -> list[Piece]:
    return perform(prepared)
