"""Bind, serve, and end in order."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emoface import checks

from .access import Access, is_loopback, read_token
from .limits import Limits

if TYPE_CHECKING:
    from emoface.pipeline import Pipeline

MOST_WORKERS = 256
REQUEST_SECONDS = 10
"""Seconds within which a new connection must have sent a whole request."""
PING_SECONDS = 20.0
SEND_BYTES = 1 << 16
"""What the system keeps for a client that does not read: more would only grow old there."""
ENDING_SECONDS = 3
"""Seconds that open streams have to end when the service stops."""


@dataclass(frozen=True, kw_only=True)
class Doors:
    """Where the service listens and whom it lets in.

    Attributes:
        host, port: of HTTP and WebSocket; port 0 takes a free one. grpc_port: of gRPC, None for none.
        token_file: holds what clients must tell. origins: of further pages that may call.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    grpc_port: int | None = None
    token_file: Path | None = None
    origins: Sequence[str] = ()

    def __post_init__(self) -> None:
        checks.text("host", self.host)
        checks.whole("port", self.port, 0, 65535)
        if self.grpc_port is not None:
            checks.whole("grpc_port", self.grpc_port, 0, 65535)


def bind(host: str, port: int, idle_seconds: float) -> socket.socket:
    """A socket that listens; the system ends its connections whose other side neither reads nor answers any more.

    Raises:
        OSError: the address cannot be had, for one because the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(1000 * idle_seconds))
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise OSError(f"port {port} of {host} is taken; --port names another one") from error
        raise OSError(f"host {host}, port {port} cannot be listened at: {error.strerror or error}") from error
    return listening


def serve(
    load: Callable[[], Pipeline], doors: Doors, limits: Limits, ready: Callable[[str], None] = lambda line: None,
    workers: int = 1,
) -> None:  # fmt: skip
    """Serve until the process is told to end by SIGINT or SIGTERM.

    Args:
        load: gives the pipeline, once the ports are had. doors: where, and for whom. limits: for clients.
        ready: called with a line for the user for each address. workers: processes that step streams; 1: a thread of
            this one.

    Raises:
        ImportError: an extra is not installed. OSError: a port is taken. RuntimeError: a process of streams did not
            start. TypeError, ValueError: workers that are no number from 1 to 256, a token or an origin of a wrong
            form, or an address that others reach without a token.
    """
    check_installed()
    checks.whole("workers", workers, 1, MOST_WORKERS)
    if doors.grpc_port is not None:
        from . import audio2face

        audio2face.check_installed()
    with open_doors(doors, limits) as (listening, access):
        pipeline = load()
        from .app import build_app
        from .crew import warm_up
        from .service import Service

        if workers == 1:
            warm_up(pipeline)
        service = Service(pipeline, limits, access, workers=workers)
        run_app(build_app(service), listening, doors, limits, ready, service)


def check_installed() -> None:
    """Raise ImportError, which says what to install, unless the extra ``serve`` is there."""
    try:
        import prometheus_client  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
        import websockets  # noqa: F401
    except ImportError as error:
        raise ImportError(f"the service needs {error.name}: pip install 'emoface[serve]'") from error


@contextlib.contextmanager
def open_doors(doors: Doors, limits: Limits) -> Iterator[tuple[socket.socket, Access]]:
    """The socket that listens, closed in the end, and who may come in.

    Raises:
        OSError: a port is taken. ValueError: a token or an origin of a wrong form, or an address that others reach
            without a token.
    """
    token = read_token(doors.token_file)
    if token is None and not is_loopback(doors.host):
        raise ValueError(f"--host {doors.host} can be reached by others: give --token-file, or EMOFACE_TOKEN")
    listening = bind(doors.host, doors.port, limits.idle_seconds)
    try:
        yield listening, Access(token, doors.host, listening.getsockname()[1], doors.origins)
    finally:
        listening.close()


def run_app(
    app: Any, listening: socket.socket, doors: Doors, limits: Limits, ready: Callable[[str], None], service: Any = None
) -> None:
    """Serve an ASGI application until the process is told to end; ``service`` is what gRPC speaks to."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, **_settings(limits)))
    with contextlib.suppress(KeyboardInterrupt):  # raised again by uvicorn after an orderly end
        asyncio.run(_serve(server, listening, service, doors, ready))


def _settings(limits: Limits) -> dict[str, Any]:
    """How uvicorn runs."""
    from .protocol import PromptHTTP

    return {
        "http": PromptHTTP, "ws": "websockets-sansio", "ws_max_size": limits.message_bytes,
        "ws_per_message_deflate": False, "ws_ping_interval": PING_SECONDS, "ws_ping_timeout": PING_SECONDS,
        "timeout_keep_alive": REQUEST_SECONDS, "timeout_graceful_shutdown": ENDING_SECONDS, "lifespan": "on",
        "log_level": logging.WARNING, "access_log": False, "server_header": False, "proxy_headers": False,
    }  # fmt: skip


async def _serve(
    server: Any, listening: socket.socket, service: Any, doors: Doors, ready: Callable[[str], None]
) -> None:
    """Open the doors, and close them when the server ends."""
    async with contextlib.AsyncExitStack() as stack:
        if doors.grpc_port is not None:
            from .audio2face.server import open_door

            address = await stack.enter_async_context(open_door(service, doors.host, doors.grpc_port))
            ready(f"gRPC (Audio2Face-3D): {address}")
        host = f"[{doors.host}]" if ":" in doors.host else doors.host
        ready(f"http://{host}:{listening.getsockname()[1]}/")
        await server.serve(sockets=[listening])
