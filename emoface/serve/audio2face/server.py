"""The gRPC server: one stream a call, on the event loop and with the limits of the rest of the service."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np

from emoface.options import AnimateOptions, options_of

from ..limits import OverLimit
from ..outbox import Outbox
from ..wire import samples
from ..worker import Ended, Event, Failed, Made, Voice
from .messages import METHOD, SERVICE, message
from .order import NAMES, PLACES, adjusted, mixture

if TYPE_CHECKING:
    from emoface.live import Frames

    from ..service import Service

FPS = 30.0
USUAL_STRENGTH = 0.6
"""The protocol's default strength of emotions, which is our intensity 1."""
SUCCESS, WARNING = 0, 2
PAUSE = 0.02
"""Seconds between looks whether a client that sends too quickly may go on."""


@contextlib.asynccontextmanager
async def open_door(service: Service, host: str, port: int) -> AsyncIterator[str]:
    """Serve while the block runs.

    Args:
        service: what answers. host, port: where to listen; port 0 takes a free one.

    Yields:
        The address.

    Raises:
        OSError: the port is taken.
    """
    limits = service.limits
    milliseconds = round(1000 * limits.idle_seconds)
    server = grpc.aio.server(options=[
        ("grpc.max_receive_message_length", limits.message_bytes), ("grpc.so_reuseport", 0),
        ("grpc.keepalive_time_ms", milliseconds), ("grpc.keepalive_timeout_ms", milliseconds),
    ])  # fmt: skip

    async def answer(_: Any, context: Any) -> None:
        await _answer(service, context)

    handler = grpc.stream_stream_rpc_method_handler(
        answer,
        request_deserializer=message("AudioStream").FromString,
        response_serializer=message("AnimationDataStream").SerializeToString,
    )
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler})])
    place = f"[{host}]" if ":" in host else host
    try:
        bound = server.add_insecure_port(f"{place}:{port}")
    except RuntimeError as error:
        raise OSError(f"gRPC port {port} of {host} cannot be had; --grpc-port names another one") from error
    await server.start()
    try:
        yield f"{place}:{bound}"
    finally:
        await server.stop(1)


async def _answer(service: Service, context: Any) -> None:
    """Serve one call."""
    if not service.access.knows(dict(context.invocation_metadata() or ())):
        await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the token is missing or wrong")
    call = _Call(service, context)
    try:
        await call.run()
    except OverLimit as over:
        service.telemetry.refused.labels(over.limit).inc()
        await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, f"{over.limit}: {over}")
    except (TypeError, ValueError) as error:
        service.telemetry.errors.labels("bad_message").inc()
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
    finally:
        if call.voice is not None:
            service.worker.close(call.voice)


class _Call:
    """One clip of sound and its motion."""

    def __init__(self, service: Service, context: Any) -> None:
        self.service, self.context = service, context
        self.outbox = Outbox(float("inf"), service.telemetry)  # bounded by `read`, which waits
        self.voice: Voice | None = None
        self.header: Any = None
        self.sound = bytearray()  # what was heard and not yet sent back
        self.sent = 0.0  # seconds of sound sent back
        self.unread = 0  # frames that were made and not yet sent
        self.planned: list[tuple[float, dict[str, float]]] = []  # emotions and when they begin, in order
        self.passed = 0  # samples that were passed on

    async def run(self) -> None:
        """Read the header, then the clip, while its motion is sent."""
        first = await self.receive()
        if first is grpc.aio.EOF or first.WhichOneof("stream_part") != "audio_stream_header":
            raise ValueError("the first message must be audio_stream_header")
        self.header = first.audio_stream_header
        audio = _checked(self.header.audio_header)
        self.adjust = adjusted(self.header.blendshape_params)
        self.voice = Voice(_options(self.header), audio.samples_per_second, self.encode, self.take)
        self.service.open(self.voice)
        await self.send_header()
        tasks = [asyncio.create_task(self.read()), asyncio.create_task(self.write())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    def encode(self, frames: Frames) -> Any:
        """Weights in the order of the protocol, and their times; on the worker's thread."""
        return frames.start, self.adjust(frames.arkit()[:, PLACES])

    def take(self, event: Event) -> None:
        """An event of the worker."""
        if isinstance(event, Made):
            self.unread += event.frames
        self.outbox.put(event)

    async def receive(self) -> Any:
        """The next request; while sound still waits to be heard, a client may be silent.

        Raises:
            OverLimit: none came in time.
        """
        idle, reading = self.service.limits.idle_seconds, asyncio.ensure_future(self.context.read())
        try:
            while not reading.done():
                done, _ = await asyncio.wait([reading], timeout=idle)
                if not done and not (self.voice and self.voice.waiting > 0):
                    raise OverLimit("idle_seconds", f"no message came for {idle:g} s")
            return reading.result()
        finally:
            reading.cancel()

    async def read(self) -> None:
        """Pass the clip on, no faster than it can be heard and its motion is read."""
        assert self.voice is not None
        worker, limits, audio = self.service.worker, self.service.limits, self.header.audio_header
        whole = 2 * audio.channel_count
        rest = b""
        while True:
            request = await self.receive()
            part = None if request is grpc.aio.EOF else request.WhichOneof("stream_part")
            if part in (None, "end_of_audio"):
                worker.tell(self.voice, "end")
                return
            if part != "audio_with_emotion":
                raise ValueError("audio_stream_header must come once")
            await self.plan(request.audio_with_emotion.emotions)
            data = rest + request.audio_with_emotion.audio_buffer
            rest = data[len(data) - len(data) % whole :]
            sound = samples(data[: len(data) - len(rest)], "s16le", audio.channel_count)
            seconds = len(sound) / audio.samples_per_second
            if seconds > limits.queue_seconds:
                raise OverLimit("queue_seconds", f"a message may hold {limits.queue_seconds:g} s of sound")
            while self.voice.waiting + seconds > limits.queue_seconds or self.unread > limits.queue_seconds * FPS:
                await asyncio.sleep(PAUSE)
            self.sound += data[: len(data) - len(rest)]
            self.hear(sound)

    async def plan(self, emotions: Any) -> None:
        """Keep emotions for their times, unless the header says that the voice alone decides."""
        post = self.header.emotion_post_processing_params
        if post.HasField("enable_preferred_emotion") and not post.enable_preferred_emotion:
            return
        for keyframe in emotions:
            try:
                self.planned.append((keyframe.time_code, mixture(keyframe.emotion)))
            except ValueError as error:
                await self.say("status", code=WARNING, message=str(error))
        self.planned.sort(key=lambda one: one[0])

    def hear(self, sound: np.ndarray) -> None:
        """Pass sound on, cut where an emotion changes."""
        assert self.voice is not None
        worker, rate = self.service.worker, self.header.audio_header.samples_per_second
        begun = self.passed
        self.passed += len(sound)
        at = 0
        while self.planned and self.planned[0][0] * rate < self.passed:
            time_code, emotion = self.planned.pop(0)
            cut = min(max(round(time_code * rate) - begun, at), len(sound))
            if cut > at:
                worker.hear(self.voice, sound[at:cut], float("inf"))
            worker.tell(self.voice, "emotion", emotion)
            at = cut
        if at < len(sound):
            worker.hear(self.voice, sound[at:], float("inf"))

    async def write(self) -> None:
        """Send what the stream gives until its end."""
        while True:
            event = await self.outbox.get()
            if isinstance(event, Made):
                await self.send(*event.message)
                self.unread -= event.frames
                self.service.telemetry.frames.labels("grpc").inc(event.frames)
            elif isinstance(event, Failed):
                self.service.telemetry.errors.labels(event.code).inc()
                if event.fatal:
                    raise ValueError(f"{event.code}: {event.message}")
                await self.say("status", code=WARNING, message=event.message)
            elif isinstance(event, Ended):
                await self.say("event", event_type=0)  # END_OF_A2F_AUDIO_PROCESSING
                await self.say("status", code=SUCCESS, message="all sound was animated")
                return

    async def send_header(self) -> None:
        """Tell the names of the weights."""
        names = message("SkelAnimationHeader")(blend_shapes=NAMES)
        await self.say(
            "animation_data_stream_header", audio_header=self.header.audio_header, skel_animation_header=names,
            start_time_code_since_epoch=time.time(),
        )  # fmt: skip

    async def send(self, start: int, weights: np.ndarray) -> None:
        """Send frames, and the sound from where the last ones ended to where these do."""
        row = message("FloatArrayWithTimeCode")
        rows = [row(time_code=(start + n) / FPS, values=values) for n, values in enumerate(weights.tolist())]
        animation = message("SkelAnimation")(blend_shape_weights=rows)
        audio, end = self.header.audio_header, (start + len(rows)) / FPS
        whole = 2 * audio.channel_count
        count = max(round((end - self.sent) * audio.samples_per_second), 0) * whole
        sound = message("AudioWithTimeCode")(time_code=self.sent, audio_buffer=bytes(self.sound[:count]))
        self.sent += len(self.sound[:count]) / whole / audio.samples_per_second
        del self.sound[:count]
        await self.say("animation_data", skel_animation=animation, audio=sound)

    async def say(self, part: str, **values: Any) -> None:
        """Send one message.

        Raises:
            OverLimit: the client does not read.
        """
        response = message("AnimationDataStream")()
        field = getattr(response, part)
        field.SetInParent()
        field.MergeFrom(type(field)(**values))
        idle = self.service.limits.idle_seconds
        try:
            await asyncio.wait_for(self.context.write(response), idle)
        except (TimeoutError, asyncio.TimeoutError):
            raise OverLimit("idle_seconds", f"nothing was read for {idle:g} s") from None


def _checked(audio: Any) -> Any:
    """The header of the sound.

    Raises:
        ValueError: not PCM of 16 bits, or a rate or a number of channels that is not heard.
    """
    if audio.audio_format != 0 or audio.bits_per_sample != 16:
        raise ValueError(f"sound must be PCM of 16 bits, got {audio.bits_per_sample} bits")
    if not 4000 <= audio.samples_per_second <= 192_000 or not 1 <= audio.channel_count <= 8:
        told = f"{audio.samples_per_second} Hz, {audio.channel_count} channels"
        raise ValueError(f"sound must have 4000 to 192000 Hz and 1 to 8 channels, got {told}")
    return audio


def _options(header: Any) -> dict[str, Any]:
    """Options of the stream that a header asks for."""
    options: dict[str, Any] = {"fps": FPS, "latency": "live"}
    post = header.emotion_post_processing_params
    if post.HasField("emotion_strength"):
        low, high = options_of(AnimateOptions)["intensity"].range
        options["intensity"] = min(max(post.emotion_strength / USUAL_STRENGTH, low), high)
    return options
