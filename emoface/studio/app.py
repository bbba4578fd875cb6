"""The routes of the studio: voices and directions in; takes, their motion and files of every format out."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from emoface import checks
from emoface.audio.load import open_audio
from emoface.direct.direction import Direction
from emoface.export.formats import FORMATS
from emoface.export.html import loudness_peaks
from emoface.export.sound import sound_bytes
from emoface.face.face import Identity, as_face
from emoface.options import AnimateOptions
from emoface.reading import parse_json
from emoface.serve.access import Access
from emoface.serve.limits import Limits, OverLimit
from emoface.serve.requests import refusal, save_body

from . import page
from .desk import Desk, Gone, Voice
from .motion import packed_motion

AT_ONCE = 8
"""Takes of a request at most."""
DIRECTION_BYTES = 4 << 20
MOST_NAME = 200
"""Bytes of an uploaded file's name that are kept, of the 255 that file systems take."""
PEAKS_PER_SECOND, MOST_PEAKS = 100, 20_000
SCRIPTS = (".json", ".srt", ".vtt", ".txt")
"""Suffixes of directions that can be uploaded."""

Result = TypeVar("Result")
Endpoint = Callable[["Studio", Request], Awaitable[Response]]


class Studio:
    """One running studio.

    Attributes:
        desk: its voices and takes. limits, access: what may be asked, and by whom.
        voice, direction: what the page begins with. face: the person of the open head that is directed.
    """

    def __init__(
        self, desk: Desk, limits: Limits, access: Access, voice: Voice | None = None,
        direction: Direction | None = None, identity: Identity | None = None,
    ) -> None:  # fmt: skip
        """A studio with what is on its desk."""
        self.desk, self.limits, self.access = desk, limits, access
        self.voice, self.direction, self.face = voice, direction, as_face(None, identity)
        self.folder = Path(tempfile.mkdtemp(prefix="emoface-studio-"))
        self._stage, self._files = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self._waiting = 0

    def stop(self) -> None:
        """Forget what was uploaded; a file that is being written is finished first."""
        for pool in (self._stage, self._files):
            pool.shutdown(wait=False, cancel_futures=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    async def on_stage(self, work: Callable[[], Result]) -> Result:
        """Do something that answers soon, one after the other."""
        return await asyncio.get_running_loop().run_in_executor(self._stage, work)

    async def beside(self, work: Callable[[], Result]) -> Result:
        """Do something that may take minutes, such as drawing a film, while the stage goes on.

        Raises:
            OverLimit: too many wait already.
        """
        if self._waiting >= self.limits.files:
            raise OverLimit("files", f"{self.limits.files} files are being made already")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._files, work)
        finally:
            self._waiting -= 1


def build_app(studio: Studio) -> Starlette:
    """The ASGI application of a studio, which ends with it."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            studio.stop()

    async def show(request: Request) -> Response:
        if not studio.access.is_meant(request.headers):
            return _fault("this address is not the studio's", "host", 403)
        drawn = await studio.on_stage(lambda: page.studio_page(studio.face))
        return Response(drawn, media_type="text/html", headers=page.HEADERS)

    endpoints: list[tuple[str, str, Endpoint]] = [
        ("GET", "/start", _start), ("POST", "/voice", _voice), ("GET", "/voice/{id}/sound", _sound),
        ("POST", "/direction", _direction), ("POST", "/perform", _perform), ("GET", "/take/{id}/motion", _motion),
        ("GET", "/take/{id}/file", _file),
    ]  # fmt: skip
    routes = [Route(path, _guarded(studio, endpoint), methods=[method]) for method, path, endpoint in endpoints]
    return Starlette(routes=[Route("/", show), *routes], lifespan=lifespan)


def _guarded(studio: Studio, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for those who may come in, which says what is wrong with a request."""

    async def answer(request: Request) -> Response:
        if not studio.access.is_meant(request.headers):
            return _fault("this address is not the studio's", "host", 403)
        refused = refusal(request, studio.access)
        if refused is not None:
            return refused
        try:
            return await endpoint(studio, request)
        except OverLimit as over:
            return _fault(str(over), over.limit, {"idle_seconds": 408, "files": 429}.get(over.limit, 413))
        except Gone as error:
            return _fault(str(error), "gone", 404)
        except ClientDisconnect:
            return _fault("the upload ended early", "gone", 400)
        except (TypeError, ValueError, OSError, ImportError, RuntimeError) as error:
            uploads = re.escape(str(studio.folder)) + r"/[^/]+/"
            return _fault(re.sub(uploads, "", str(error)), "bad_request", 400)

    return answer


def _fault(message: str, code: str, status: int) -> JSONResponse:
    """What was wrong; where it is in a direction, the place too, such as ``$.tracks[3].start``."""
    told: dict[str, Any] = {"error": message, "code": code}
    place = re.search(r"\$\.tracks\[(\d+)\](?:\.(\w+))?", message)
    if place:
        told |= {"place": place[0], "track": int(place[1]), "field": place[2]}
    return JSONResponse(told, status)


async def _start(studio: Studio, _: Request) -> Response:
    voice = studio.voice
    about = None if voice is None else await studio.on_stage(lambda: _about(voice))
    return JSONResponse({"voice": about, "direction": studio.direction and studio.direction.to_dict()})


def _about(voice: Voice) -> dict[str, Any]:
    """What the page shows of a voice."""
    sound = voice.recording
    count = int(min(max(PEAKS_PER_SECOND * sound.duration, 1), MOST_PEAKS))
    peaks = loudness_peaks(sound, count).tolist()
    return {"id": voice.id, "name": sound.name, "duration": sound.duration, "peaks": peaks}


async def _voice(studio: Studio, request: Request) -> Response:
    """A recording is put on the desk."""
    folder = Path(tempfile.mkdtemp(dir=studio.folder))
    path = folder / _plain(request.query_params.get("name", ""), "voice")
    try:
        await save_body(request, path, studio.limits.file_bytes, studio.limits.idle_seconds)
        return JSONResponse(await studio.on_stage(lambda: _about(studio.desk.put(open_audio(path), folder))))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _plain(name: str, otherwise: str) -> str:
    """A file's name without what could lead elsewhere."""
    plain = re.sub(r"[^\w.() -]", "_", name).encode()[-MOST_NAME:].decode(errors="ignore")
    return plain.lstrip(". ") or otherwise


async def _sound(studio: Studio, request: Request) -> Response:
    voice = studio.desk.voice(request.path_params["id"])
    return Response(await studio.on_stage(lambda: sound_bytes(voice.recording)), media_type="audio/flac")


async def _direction(studio: Studio, request: Request) -> Response:
    """A file that directs, as the JSON of its direction and what was left out of it."""
    name = request.query_params.get("name", "")
    checks.choice("suffix of a direction", Path(name).suffix.lower(), SCRIPTS)
    body = await _body(studio, request)
    with tempfile.TemporaryDirectory(dir=studio.folder) as folder:
        path = Path(folder, _plain(name, "direction"))
        path.write_bytes(body)
        return JSONResponse(await studio.on_stage(lambda: _with_warnings(lambda: Direction.load(path).to_dict())))


async def _body(studio: Studio, request: Request) -> bytes:
    """A short body."""
    with tempfile.TemporaryDirectory(dir=studio.folder) as folder:
        path = Path(folder, "body")
        await save_body(request, path, DIRECTION_BYTES, studio.limits.idle_seconds)
        return path.read_bytes()


def _with_warnings(work: Callable[[], Any]) -> dict[str, Any]:
    """What some work gives, and of what it warned."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = work()
    told = dict.fromkeys(str(one.message) for one in caught if issubclass(one.category, UserWarning))
    return {"result": result, "warnings": list(told)}


async def _perform(studio: Studio, request: Request) -> Response:
    """Takes of a voice, each with its own options."""
    asked = parse_json(await _body(studio, request), standard=True)
    checks.keys("the request", asked, ("voice", "takes"))
    voice, takes = studio.desk.voice(checks.text("voice", asked.get("voice"))), asked.get("takes")
    if not isinstance(takes, list) or not 1 <= len(takes) <= AT_ONCE:
        raise ValueError(f"takes must be a list of 1 to {AT_ONCE} objects with options, got {takes!r:.60}")
    options = [AnimateOptions.from_json(_object(one)) for one in takes]

    def work() -> list[dict[str, Any]]:
        found = []
        for one in options:
            name, take = studio.desk.perform(voice, one)
            found.append({"id": name, "seed": one.seed, "frames": take.frames, "fps": take.fps})
        return found

    begun = time.monotonic()
    told = await studio.on_stage(lambda: _with_warnings(work))
    return JSONResponse({
        "takes": told["result"], "warnings": told["warnings"], "seconds": round(time.monotonic() - begun, 3),
    })  # fmt: skip


def _object(value: Any) -> Mapping[str, Any]:
    """One take's options; JSON texts within JSON are no options."""
    if not isinstance(value, Mapping):
        raise TypeError(f"options must be an object, got {type(value).__name__}")
    return value


async def _motion(studio: Studio, request: Request) -> Response:
    take = studio.desk.take(request.path_params["id"])
    return Response(await studio.on_stage(lambda: packed_motion(take)), media_type="application/octet-stream")


async def _file(studio: Studio, request: Request) -> Response:
    """A take as a file of any format."""
    take = studio.desk.take(request.path_params["id"])
    known = [suffix.removeprefix(".") for suffix in FORMATS]
    suffix = checks.choice("format", request.query_params.get("format", ""), known)
    row = FORMATS[f".{suffix}"]
    row.check()
    head = {"face": studio.face} if row.head else {}
    name = f"{Path(take.audio.name if take.audio else 'take').stem}.{suffix}"
    folder = Path(tempfile.mkdtemp(dir=studio.folder))
    try:
        path = await studio.beside(lambda: take.save(folder / name, **head))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    clean = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    return FileResponse(path, media_type="application/octet-stream", filename=name, background=clean)
