"""The routes of the service."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import cache
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from . import page, uploads, websocket
from .service import Service
from .telemetry import CONTENT_TYPE

if TYPE_CHECKING:
    from starlette.types import Lifespan


def build_app(service: Service) -> Starlette:
    """The ASGI application of a service, which starts and stops with it."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        service.start()
        try:
            yield
        finally:
            await asyncio.get_running_loop().run_in_executor(None, service.stop)

    return _app(service, lifespan)


def _app(service: Service, lifespan: Lifespan[Starlette]) -> Starlette:
    routes = [
        Route("/", _page),
        Route("/microphone.js", _microphone),
        Route("/animate", uploads.animate, methods=["POST"]),
        Route("/metrics", _metrics),
        WebSocketRoute("/stream", websocket.stream),
    ]
    for prefix in ("/health", "/v1/health"):  # the second is where clients of Audio2Face-3D look
        routes += [Route(f"{prefix}/live", _live), Route(f"{prefix}/ready", _ready)]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.service = service
    return app


async def _live(_: Request) -> Response:
    return JSONResponse({"live": True})


async def _ready(request: Request) -> Response:
    reason = request.app.state.service.why_not_ready()
    return JSONResponse({"ready": not reason, "reason": reason}, 503 if reason else 200)


async def _metrics(request: Request) -> Response:
    service: Service = request.app.state.service
    if not service.access.knows(request.headers):
        return JSONResponse({"error": "the token is missing or wrong"}, 401, {"WWW-Authenticate": "Bearer"})
    return Response(service.telemetry.text(), media_type=CONTENT_TYPE)


async def _page(_: Request) -> Response:
    text = await asyncio.get_running_loop().run_in_executor(None, _written)
    return Response(text, media_type="text/html", headers=page.HEADERS)


async def _microphone(_: Request) -> Response:
    return Response(page.part("microphone.js"), media_type="text/javascript", headers=page.HEADERS)


@cache
def _written() -> str:
    return page.live_page()
