"""A stream over a WebSocket: sound and JSON in, frames and JSON out."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from .access import SUBPROTOCOL
from .limits import TRY_LATER, Allowance, OverLimit
from .outbox import Outbox
from .wire import VERSION, Control, Start
from .worker import Ended, Event, Failed, Interrupted, Made, Opened, Voice

if TYPE_CHECKING:
    from .service import Service

DONE, WRONG, BROKEN = 1000, 1008, 1011
"""Close codes: after the end, after a wrong first message, after a fault of ours."""
MOST_REASON = 120
"""Bytes of the reason of a close; the protocol allows 123."""


async def stream(websocket: WebSocket) -> None:
    """The endpoint ``/stream``."""
    service: Service = websocket.app.state.service
    if not service.access.comes_from_a_known_page(websocket.headers):
        await websocket.send_denial_response(JSONResponse({"error": "this page may not call the service"}, 403))
        return
    offered = websocket.scope.get("subprotocols", [])
    if not service.access.knows(websocket.headers, offered):
        await websocket.send_denial_response(JSONResponse({"error": "the token is missing or wrong"}, 401))
        return
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
    await _Connection(websocket, service).run()


class _Connection:
    """One client from its first message to its close."""

    def __init__(self, websocket: WebSocket, service: Service) -> None:
        self.websocket, self.service = websocket, service
        self.outbox = Outbox(service.limits.queue_seconds, service.telemetry)
        self.allowance = Allowance(service.limits.bytes_per_second)
        self.voice: Voice | None = None
        self.ended = False

    async def run(self) -> None:
        """Serve the client; whatever goes wrong is told to it, counted, and ends here."""
        try:
            start = await self.begin()
            if start is not None:
                await self.serve(start)
        except OverLimit as over:
            self.service.telemetry.refused.labels(over.limit).inc()
            await self.leave(TRY_LATER, over.limit, str(over))
        except (WebSocketDisconnect, TimeoutError, asyncio.TimeoutError, OSError):
            pass  # the client is gone, or does not read
        finally:
            if self.voice is not None:
                self.service.worker.close(self.voice)

    async def begin(self) -> Start | None:
        """Read the first message and ask for a stream; None if the message was wrong."""
        message = await self.receive()
        try:
            if message.get("text") is None:
                raise ValueError('the first message must be JSON, {"type": "start", ...}')
            start = Start.parse(message["text"])
        except (TypeError, ValueError) as error:
            self.service.telemetry.errors.labels("bad_start").inc()
            await self.leave(WRONG, "bad_start", str(error))
            return None
        self.voice = Voice(start.options, start.sample_rate, start.pack, self.outbox.put)
        self.service.open(self.voice)
        return start

    async def serve(self, start: Start) -> None:
        """Read and write until one of both is over."""
        tasks = [asyncio.create_task(self.read(start)), asyncio.create_task(self.write(start))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def receive(self) -> Any:
        """The next message, counted; while sound still waits to be heard, a client may be silent.

        Raises:
            OverLimit: none came in time, or too many bytes. WebSocketDisconnect: the client left.
        """
        idle, message = self.service.limits.idle_seconds, None
        while message is None:
            try:
                message = await asyncio.wait_for(self.websocket.receive(), idle)
            except (TimeoutError, asyncio.TimeoutError):
                if not (self.ended or (self.voice and self.voice.waiting > 0)):
                    raise OverLimit("idle_seconds", f"no message came for {idle:g} s") from None
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", DONE))
        self.allowance.take(len(message.get("bytes") or message.get("text") or ""))
        return message

    async def read(self, start: Start) -> None:
        """Pass the client's sound and wishes on."""
        while True:
            message = await self.receive()
            try:
                self.take(message, start)
            except (TypeError, ValueError) as error:
                self.outbox.put(Failed("bad_message", str(error)))

    def take(self, message: Any, start: Start) -> None:
        """Pass one message on.

        Raises:
            TypeError, ValueError: it is wrong; the stream goes on unchanged. OverLimit: too much sound waits.
        """
        assert self.voice is not None
        worker, data = self.service.worker, message.get("bytes")
        control = None if data is not None else Control.parse(message["text"])
        if self.ended:
            raise ValueError("the stream was ended; open another one")
        if control is None:
            worker.hear(self.voice, start.samples(data), self.service.limits.queue_seconds)
        elif control.kind == "interrupt":
            self.outbox.hold()
            shown = self.outbox.sent if control.value is None else min(control.value, self.outbox.sent)
            worker.tell(self.voice, "interrupt", shown)
        else:
            worker.tell(self.voice, control.kind, control.value)
            self.ended = control.kind == "end"

    async def write(self, start: Start) -> None:
        """Send what the stream gives until its end."""
        while True:
            event = await self.outbox.get()
            await asyncio.wait_for(self.send(event, start), self.service.limits.idle_seconds)
            if isinstance(event, Ended) or (isinstance(event, Failed) and event.fatal):
                return

    async def send(self, event: Event, start: Start) -> None:
        """Send one event."""
        telemetry = self.service.telemetry
        if isinstance(event, Made):
            await self.websocket.send_bytes(event.message)
            telemetry.frames.labels("websocket").inc(event.frames)
        elif isinstance(event, Opened):
            await self.say(
                "ready", version=VERSION, fps=event.fps, lookahead=event.lookahead, output=start.output,
                names=start.columns, dtype=start.dtype, frame_bytes=start.record.itemsize,
            )  # fmt: skip
        elif isinstance(event, Interrupted):
            await self.say("interrupted", start=event.start)
        elif isinstance(event, Ended):
            await self.say("end", frames=event.frames)
            await self.websocket.close(DONE)
        else:
            telemetry.errors.labels(event.code).inc()
            if event.fatal:
                await self.leave(BROKEN if event.code == "internal" else WRONG, event.code, event.message)
            else:
                await self.say("error", code=event.code, message=event.message)

    async def say(self, kind: str, **values: Any) -> None:
        """Send a JSON message."""
        await self.websocket.send_text(json.dumps({"type": kind, **values}))

    async def leave(self, close: int, code: str, message: str) -> None:
        """Tell why, and close; a client that does not read is left without."""
        reason = f"{code}: {message}".encode()[:MOST_REASON].decode("utf-8", "ignore")
        try:
            await asyncio.wait_for(self.say("error", code=code, message=message), 1)
            await asyncio.wait_for(self.websocket.close(close, reason), 1)
        except (WebSocketDisconnect, TimeoutError, asyncio.TimeoutError, OSError, RuntimeError):
            pass
