"""A studio that runs, with the toy checkpoint."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from serving import bound, serving, skip_without_extra

from emoface import Direction, Pipeline
from emoface.audio.load import open_audio
from emoface.demo import demo_path
from emoface.pipeline import load
from emoface.serve.access import Access
from emoface.serve.limits import Limits


@dataclass
class Running:
    """A studio that runs: its ``port`` and its parts."""

    port: int
    studio: Any


@pytest.fixture(scope="session")
def pipeline(tiny_checkpoint: Path) -> Pipeline:
    """The toy pipeline."""
    return load(tiny_checkpoint)


@contextlib.contextmanager
def running(
    pipeline: Pipeline, voice: Path | None = None, direction: Direction | None = None, token: str | None = None,
    **limits: Any,
) -> Iterator[Running]:  # fmt: skip
    """A studio in a thread."""
    skip_without_extra()
    from emoface.studio.app import Studio, build_app
    from emoface.studio.desk import Desk

    checked = Limits(**limits)
    with bound(checked) as listening:
        port = listening.getsockname()[1]
        desk = Desk(pipeline, checked.file_seconds)
        opened = None if voice is None else desk.put(open_audio(voice))
        studio = Studio(desk, checked, Access(token, "127.0.0.1", port), opened, direction)
        with serving(build_app(studio), listening, checked):
            yield Running(port, studio)
        assert not studio.folder.exists()


@pytest.fixture(scope="session")
def run_studio(pipeline: Pipeline) -> Callable[..., contextlib.AbstractContextManager[Running]]:
    """Starts a studio: ``with run_studio(voice=path) as running:``."""
    return lambda **options: running(pipeline, **options)


@pytest.fixture(scope="module")
def shared(run_studio: Callable[..., Any]) -> Iterator[Running]:
    """One studio with the bundled clip for tests that leave it as it is."""
    with run_studio(voice=demo_path()) as found:
        yield found
