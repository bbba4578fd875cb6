"""Whole files: a recording is uploaded, animated in a process of its own, and its motion is sent back as a file."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response

from emoface import checks
from emoface.options import AnimateOptions, options_of
from emoface.reading import parse_json

from .limits import Limits, OverLimit
from .requests import refusal, save_body

if TYPE_CHECKING:
    from .service import Service
    from .telemetry import Telemetry

SUFFIXES = {
    "json": "application/json", "csv": "text/csv", "npz": "application/octet-stream", "glb": "model/gltf-binary",
    "usda": "text/plain", "html": "text/html", "vrma": "model/gltf-binary",
}  # fmt: skip
"""Formats that are sent, with their media types; those that render pictures take too long for a request."""
NICENESS = 10
"""Files give way to streams."""
RETRY_SECONDS = "5"

_pipeline: Any = None


def _keep(pipeline: Any) -> None:
    """Keep the pipeline of the process of files."""
    global _pipeline
    _pipeline = pipeline
    os.nice(NICENESS)


def _animate(folder: str, options: AnimateOptions, suffix: str, most_seconds: float) -> str:
    """Animate the recording in a folder, and name the file that was written beside it."""
    from emoface.audio.load import open_audio

    path = Path(folder, "recording")
    seconds = open_audio(path).duration
    if seconds > most_seconds:
        raise ValueError(f"the recording must be at most {most_seconds:g} s long, got {seconds:.0f} s")
    take = _pipeline.animate(path, options)
    return str(take.save(Path(folder, f"motion.{suffix}")))


class Uploads:
    """Animates files one after the other, in a process that is started with the first of them."""

    def __init__(self, pipeline: Any, limits: Limits, telemetry: Telemetry) -> None:
        self._pipeline, self._limits, self._telemetry = pipeline, limits, telemetry
        self._pool: ProcessPoolExecutor | None = None
        self._waiting = 0
        telemetry.watch("files_waiting", "Files that are animated or wait for it", lambda: self._waiting)

    def stop(self) -> None:
        """End the process; a file that is being animated is left."""
        if self._pool is not None:
            processes = list((self._pool._processes or {}).values())
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()

    async def animate(self, request: Request) -> Response:
        """Answer one upload."""
        try:
            options, suffix = wishes(request.query_params)
        except (TypeError, ValueError) as error:
            return self._refuse(400, "bad_options", str(error))
        if self._waiting >= self._limits.files:
            self._telemetry.refused.labels("files").inc()
            answer = self._refuse(429, "files", f"{self._limits.files} files wait already")
            answer.headers["Retry-After"] = RETRY_SECONDS
            return answer
        self._waiting += 1
        folder = Path(tempfile.mkdtemp(prefix="emoface-upload-"))
        done = False
        try:
            await save_body(request, folder / "recording", self._limits.file_bytes, self._limits.idle_seconds)
            path = await self._run(str(folder), options, suffix)
            done = True
            self._telemetry.files.labels("done").inc()
            clean = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
            return FileResponse(path, media_type=SUFFIXES[suffix], filename=f"motion.{suffix}", background=clean)
        except OverLimit as over:
            self._telemetry.refused.labels(over.limit).inc()
            return self._refuse(408 if over.limit == "idle_seconds" else 413, over.limit, str(over))
        except ClientDisconnect:
            return self._refuse(400, "gone", "the upload ended early")
        except BrokenProcessPool:
            self._pool = None
            return self._refuse(500, "internal", "the process of files ended; the next file starts another one")
        except (TypeError, ValueError, OSError, ImportError) as error:
            return self._refuse(400, "bad_file", str(error).replace(str(folder), "upload"))
        finally:
            self._waiting -= 1
            if not done:
                shutil.rmtree(folder, ignore_errors=True)

    async def _run(self, folder: str, options: AnimateOptions, suffix: str) -> str:
        """Animate in the other process."""
        if self._pool is None:
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, spawn, initializer=_keep, initargs=(self._pipeline,))
        job = self._pool.submit(_animate, folder, options, suffix, self._limits.file_seconds)
        return await asyncio.wrap_future(job)

    def _refuse(self, status: int, code: str, message: str) -> JSONResponse:
        self._telemetry.files.labels(code).inc()
        return JSONResponse({"error": message, "code": code}, status)


def wishes(query: Mapping[str, str]) -> tuple[AnimateOptions, str]:
    """Options and format of the query of a request, such as ``emotion=happy&fps=30&format=csv``.

    Values that are JSON are read as such, others are text; ``options`` holds several as a JSON object.

    Raises:
        TypeError, ValueError: an unknown name, or a bad value.
    """
    values: dict[str, Any] = {}
    suffix = "json"
    for name, text in query.items():
        if name == "format":
            suffix = checks.choice("format", text, SUFFIXES)
        elif name == "options":
            several = parse_json(text, standard=True)
            checks.keys("options", several, options_of(AnimateOptions))
            values |= several
        else:
            with contextlib.suppress(ValueError):
                text = parse_json(text, standard=True)
            values[name] = text
    options = AnimateOptions.from_json(values)
    if options.num_samples != 1:
        raise ValueError(f"num_samples must be 1 here, got {options.num_samples}")
    return options, suffix


async def animate(request: Request) -> Response:
    """The endpoint ``POST /animate``."""
    service: Service = request.app.state.service
    return refusal(request, service.access) or await service.uploads.animate(request)
