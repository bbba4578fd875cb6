"""A Pipecat processor between the speech synthesis and the transport, by the extra ``pipecat``.

    pipeline = Pipeline([..., tts, FaceProcessor(emoface.load().stream(fps=30, latency="live")), transport.output()])
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

try:
    from pipecat.frames.frames import (
        BotStartedSpeakingFrame,
        CancelFrame,
        EndFrame,
        Frame,
        InterruptionFrame,
        OutputTransportMessageFrame,
        TTSAudioRawFrame,
        TTSStoppedFrame,
    )
    from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
except ImportError as error:
    raise ImportError("this processor needs Pipecat: pip install 'emoface[pipecat]'") from error

from .utterances import Utterances

if TYPE_CHECKING:
    from ..stream import Stream


@dataclass
class FaceFrame(OutputTransportMessageFrame):
    """Frames of the face, which transports send as a message.

    Attributes:
        message: see :func:`emoface.live.agents.utterances.message_of`.
    """


class FaceProcessor(FrameProcessor):
    """Passes everything on, and adds a :class:`FaceFrame` behind the speech that it is made of.

    Speech comes faster than it is played, and so do the faces: a client shows each at its time in the sound. When the
    agent is interrupted, the mouth closes from where the sound was, which is told by the transport (it says when the
    bot begins to speak) or, without one that tells it, reckoned from when the speech came.
    """

    def __init__(self, stream: Stream, clock: Callable[[], float] = time.monotonic, **options: Any) -> None:
        """Take a stream.

        Args:
            stream: from :meth:`emoface.Pipeline.stream`; nobody else uses it. clock: gives seconds that only rise.
            **options: of ``FrameProcessor``.
        """
        super().__init__(**options)
        self._utterances, self._time = Utterances(stream), clock
        self._since: float | None = None  # when the utterance began to be heard

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Pass a frame on, and then what the face does at it."""
        await super().process_frame(frame, direction)
        await self.push_frame(frame, direction)
        if isinstance(frame, BotStartedSpeakingFrame):
            self._since = self._time()
        elif isinstance(frame, TTSAudioRawFrame):
            if self._since is None:
                self._since = self._time()
            await self._show(await self._utterances.hear(frame.audio, frame.sample_rate, frame.num_channels))
        elif isinstance(frame, TTSStoppedFrame):
            await self._show(await self._utterances.end())
            self._since = None
        elif isinstance(frame, InterruptionFrame):
            heard = 0.0 if self._since is None else self._time() - self._since
            self._since = None
            await self._show(await self._utterances.interrupt(heard))
        elif isinstance(frame, (EndFrame, CancelFrame)):
            self._utterances.close()

    async def _show(self, message: dict[str, Any] | None) -> None:
        if message is not None:
            await self.push_frame(FaceFrame(message))
