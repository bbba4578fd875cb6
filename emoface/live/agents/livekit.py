"""An audio output of LiveKit Agents that shows a face beside the sound, by the extra ``livekit``.

    face = FaceOutput(emoface.load().stream(fps=30, latency="live"), session.output.audio, to_room(ctx.room))
    session.output.audio = face
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

try:
    from livekit.agents.voice.io import AudioOutput, AudioOutputCapabilities, PlaybackFinishedEvent
except ImportError as error:
    raise ImportError("this output needs LiveKit Agents: pip install 'emoface[livekit]'") from error

from .utterances import TYPE, Utterances

if TYPE_CHECKING:
    from livekit import rtc

    from ..stream import Stream

logger = logging.getLogger(__name__)
Publish = Callable[[dict[str, Any]], Awaitable[None]]
"""Takes messages, see :func:`emoface.live.agents.utterances.message_of`."""


class FaceOutput(AudioOutput):
    """Passes the sound on at once, and publishes the face that goes with it as soon as it is made.

    When the sound is cleared, by an interruption, the mouth closes from where the next output says that it stopped.

    Attributes:
        dropped: messages that could not be made or published; the log says why.
    """

    def __init__(self, stream: Stream, next_in_chain: AudioOutput, publish: Publish) -> None:
        """Stand before another output.

        Args:
            stream: from :meth:`emoface.Pipeline.stream`; nobody else uses it. next_in_chain: what plays the sound.
            publish: is awaited with each message, such as what :func:`to_room` gives.
        """
        super().__init__(
            label="emoface", capabilities=AudioOutputCapabilities(pause=True), next_in_chain=next_in_chain,
            sample_rate=next_in_chain.sample_rate,
        )  # fmt: skip
        self._utterances, self._publish = Utterances(stream), publish
        self.dropped = 0
        self._work: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None
        self.on("playback_finished", self._playback_finished)

    @property
    def _next(self) -> AudioOutput:
        assert self.next_in_chain is not None  # it was given
        return self.next_in_chain

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Take a frame of sound."""
        await super().capture_frame(frame)
        self._do("hear", (bytes(frame.data), frame.sample_rate, frame.num_channels))
        await self._next.capture_frame(frame)

    def flush(self) -> None:
        """Take the end of an utterance."""
        super().flush()
        self._do("end", ())
        self._next.flush()

    def clear_buffer(self) -> None:
        """Drop what was not played; the mouth closes once the next output says how far it came."""
        while not self._work.empty():
            self._work.get_nowait()
            self._work.task_done()
        self._next.clear_buffer()

    async def aclose(self) -> None:
        """Publish what is made, and stop."""
        if self._worker is not None:
            await self._work.join()
            self._worker.cancel()
        self._utterances.close()

    def _playback_finished(self, event: PlaybackFinishedEvent) -> None:
        if event.interrupted:
            self._do("interrupt", (event.playback_position,))

    def _do(self, what: str, arguments: tuple[Any, ...]) -> None:
        """Let something be done after what was asked for before."""
        self._work.put_nowait((what, arguments))
        if self._worker is None:
            self._worker = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while True:
            what, arguments = await self._work.get()
            try:
                message = await getattr(self._utterances, what)(*arguments)
                if message is not None:
                    await self._publish(message)
            except Exception:  # the agent speaks on without its face
                self.dropped += 1
                logger.exception("a message of the face was not published")
            finally:
                self._work.task_done()


def to_room(room: rtc.Room, topic: str = TYPE) -> Publish:
    """What publishes messages as JSON in a room's data channel.

    Args:
        room: that the agent has joined. topic: of the data.

    Returns:
        For ``publish`` of :class:`FaceOutput`.
    """

    async def publish(message: dict[str, Any]) -> None:
        await room.local_participant.publish_data(json.dumps(message), reliable=True, topic=topic)

    return publish
