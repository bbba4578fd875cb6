"""What endpoints over HTTP share: who is let in, and bodies that are written to files within the limits."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse

from .access import Access
from .limits import OverLimit


def refusal(request: Request, access: Access) -> JSONResponse | None:
    """The answer to a request of a page of another origin, or without the right token; None if it may come in."""
    if not access.comes_from_a_known_page(request.headers):
        return JSONResponse({"error": "this page may not call the service"}, 403)
    if not access.knows(request.headers):
        return JSONResponse({"error": "the token is missing or wrong"}, 401, {"WWW-Authenticate": "Bearer"})
    return None


async def save_body(request: Request, path: Path, most_bytes: int, idle_seconds: float) -> None:
    """Write the body of a request to a file.

    Args:
        request: whose body has not been read. path: the file.
        most_bytes: what it may have. idle_seconds: for which nothing may come.

    Raises:
        OverLimit: it is too large, or nothing comes any more. ClientDisconnect: the client left.
        ValueError: the file is wrapped in a form.
    """
    if (kind := request.headers.get("content-type", "")).startswith("multipart/"):
        raise ValueError(f"the file must be the body itself, as curl --data-binary sends it, got {kind.split(';')[0]}")
    too_much = OverLimit("file_bytes", f"a file may have {most_bytes} bytes")
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told[:20]) > most_bytes:
        raise too_much
    size, parts = 0, request.stream()
    with open(path, "wb") as file:
        while True:
            try:
                part = await asyncio.wait_for(parts.__anext__(), idle_seconds)
            except StopAsyncIteration:
                return
            except (TimeoutError, asyncio.TimeoutError):
                raise OverLimit("idle_seconds", f"nothing came for {idle_seconds:g} s") from None
            size += len(part)
            if size > most_bytes:
                raise too_much
            file.write(part)
