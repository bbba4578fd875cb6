"""Applications that run in a thread of the test."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from emoface.serve.limits import Limits
from emoface.serve.run import Doors, _serve, _settings, bind


def skip_without_extra() -> None:
    """Skip the test where the extra ``serve`` is not installed."""
    for package in ("uvicorn", "starlette", "prometheus_client", "websockets"):
        pytest.importorskip(package)


@contextlib.contextmanager
def bound(limits: Limits) -> Iterator[socket.socket]:
    """A socket that listens at a free port of this machine."""
    listening = bind("127.0.0.1", 0, limits.idle_seconds)
    try:
        yield listening
    finally:
        listening.close()


@contextlib.contextmanager
def serving(
    app: Any, listening: socket.socket, limits: Limits, service: Any = None, grpc_port: int | None = None
) -> Iterator[list[str]]:
    """Serve an application; what it says to its user."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, **_settings(limits)))
    lines: list[str] = []
    doors = Doors(port=listening.getsockname()[1], grpc_port=grpc_port)
    thread = threading.Thread(target=lambda: asyncio.run(_serve(server, listening, service, doors, lines.append)))
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            threading.Event().wait(0.01)
        yield lines
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()
