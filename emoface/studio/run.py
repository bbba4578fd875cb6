"""Begin a studio and end it in order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from emoface.audio.load import open_audio
from emoface.direct.direction import Direction
from emoface.face.face import Identity, as_face
from emoface.serve.limits import Limits
from emoface.serve.run import Doors, check_installed, open_doors, run_app

if TYPE_CHECKING:
    from emoface.pipeline import Pipeline


def run(
    load: Callable[[], Pipeline], doors: Doors, limits: Limits, audio: Path | None = None,
    direction: Path | None = None, ready: Callable[[str], None] = lambda line: None,
    identity: Identity | None = None,
) -> None:  # fmt: skip
    """Serve the studio until the process is told to end by SIGINT or SIGTERM.

    Args:
        load: gives the pipeline, once the port is had. doors: where, and for whom. limits: of what is uploaded.
        audio, direction: files that the page begins with.
        ready: called with the page's address. identity: of the open head, as in :func:`emoface.face.face.as_face`.

    Raises:
        ImportError: the extra ``serve`` is not installed. OSError: the port is taken, or a file cannot be read.
        TypeError, ValueError: a file that is no recording or no direction, no such identity, a token or an
            address of a wrong form.
    """
    check_installed()
    from .app import Studio, build_app
    from .desk import Desk

    as_face(None, identity)  # refuses what is none before the checkpoint is read
    script = None if direction is None else Direction.load(direction)
    recording = None if audio is None else open_audio(audio)
    with open_doors(doors, limits) as (listening, access):
        desk = Desk(load(), limits.file_seconds)
        voice = None if recording is None else desk.put(recording)
        run_app(build_app(Studio(desk, limits, access, voice, script, identity)), listening, doors, limits, ready)
