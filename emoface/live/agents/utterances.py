"""A stream that is fed with the speech of an agent: utterance after utterance, faster than it is heard, interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..stream import SHOWN_SECONDS

if TYPE_CHECKING:
    from ..frames import Frames
    from ..stream import Stream

DECIMALS = 4
TYPE = "emoface"
"""``type`` of the messages."""


def message_of(frames: Frames, begin: int) -> dict[str, Any]:
    """Frames as JSON knows them: ``{type, start, time, fps, weights, rotation}``.

    Args:
        frames: some. begin: index of the first frame of the utterance.

    Returns:
        ``start`` is the index of the first frame in all that the agent says, ``time`` where its centre lies in the
        sound of the utterance, in seconds; ``weights`` are rows of 52 in the order of ``ARKIT_NAMES``, ``rotation``
        rows of 3, axis-angle in radians.
    """
    return {
        "type": TYPE, "start": frames.start, "time": round((frames.start - begin + 0.5) / frames.fps, 6),
        "fps": frames.fps, "weights": frames.arkit().astype(float).round(DECIMALS).tolist(),
        "rotation": (frames.head.astype(float).round(DECIMALS) + 0.0).tolist(),
    }  # fmt: skip


class Utterances:
    """Works in a thread of its own, one thing after the other, so that the agent's event loop never waits for it.

    The index of frames rises through all utterances; between two of them the mouth is closed.
    """

    def __init__(self, stream: Stream) -> None:
        """Take a stream.

        Args:
            stream: from :meth:`emoface.Pipeline.stream`; nobody else uses it.
        """
        self._stream = stream
        self._thread = ThreadPoolExecutor(1, "emoface utterances")
        self._begin = stream.index
        self._speaking = False

    async def hear(self, audio: bytes, sample_rate: int, channels: int) -> dict[str, Any] | None:
        """The frames that the next samples complete, as a message; None if there are none.

        Args:
            audio: 16-bit samples in this machine's order, channels side by side. sample_rate: Hz. channels: number.
        """
        return await self._run(self._hear, audio, sample_rate, channels)

    async def end(self) -> dict[str, Any] | None:
        """The frames that are left of the utterance, and those that close the mouth."""
        return await self._run(self._end)

    async def interrupt(self, heard: float) -> dict[str, Any] | None:
        """The frames that close the mouth in the middle of an utterance.

        They take the place of those from their ``start`` on.

        Args:
            heard: seconds of the utterance that were played.
        """
        return await self._run(self._interrupt, heard)

    def close(self) -> None:
        """Take in no more; what was taken in is still worked on."""
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[..., Frames | None], *arguments: Any) -> dict[str, Any] | None:
        def message() -> dict[str, Any] | None:
            begin = self._begin
            frames = work(*arguments)
            return message_of(frames, begin) if frames is not None and len(frames) else None

        # a caller that is cancelled leaves the thread at work, and what comes next waits for it
        return await asyncio.get_running_loop().run_in_executor(self._thread, message)

    def _hear(self, audio: bytes, sample_rate: int, channels: int) -> Frames:
        self._speaking = True
        samples = np.frombuffer(audio[: len(audio) // (2 * channels) * 2 * channels], np.int16)
        return self._stream.feed(samples.reshape(-1, channels), sample_rate)

    def _end(self) -> Frames | None:
        if not self._speaking:
            return None
        last = self._stream.flush()
        return self._close(last)

    def _interrupt(self, heard: float) -> Frames | None:
        if not self._speaking:
            return None
        stream = self._stream
        oldest = max(self._begin - 1, stream.index - 1 - int((SHOWN_SECONDS - 1) * stream.fps))
        shown = max(min(self._begin + int(heard * stream.fps) - 1, stream.index - 1), oldest)
        return self._close(None, shown)

    def _close(self, last: Frames | None, shown: int | None = None) -> Frames:
        """Frames with those that close the mouth behind them; another utterance may begin then."""
        closing = self._stream.interrupt(shown)
        self._begin, self._speaking = self._stream.index, False
        if last is None:
            return closing
        return replace(last, motion=np.concatenate([last.motion, closing.motion]))
