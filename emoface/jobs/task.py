"""One recording of a folder: what is to be made of it, by which settings, and what came of it."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import time
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emoface import __version__
from emoface.checkpoints import DEFAULT
from emoface.options import AnimateOptions, LoadOptions
from emoface.reading import open_file

if TYPE_CHECKING:
    from emoface.pipeline import Pipeline

HASHED = 1 << 20  # bytes that are hashed at a time


@dataclass(frozen=True)
class Task:
    """A recording to animate.

    Attributes:
        name: of the recording, below the folder. source: the recording. targets: the files to write.
        options, loading: how it is animated, and by what.
    """

    name: str
    source: Path
    targets: tuple[Path, ...]
    options: AnimateOptions
    loading: LoadOptions

    def key(self) -> str:
        """What the result depends on, as one hash: samples, settings, checkpoint, formats and version.

        Raises:
            OSError: the recording or the checkpoint cannot be read.
        """
        checkpoint = self.loading.checkpoint or DEFAULT
        facts = [
            __version__, digest(self.source), _settings(self.options), _checkpoint(checkpoint, _written(checkpoint)),
            self.loading.device, self.loading.dtype, [target.suffix for target in self.targets],
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What came of a recording.

    Attributes:
        name: of the recording, below the folder. key: what the result depends on, empty if that is not known.
        files: name of a written file beside its SHA-256. seconds: of the recording. error: why nothing was made, empty
            if all went well. took: seconds of work. worker: id of the process that did it.
    """

    name: str
    key: str
    files: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""
    took: float = 0.0
    worker: int = 0

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=True)


def perform(task: Task, key: str) -> Outcome:
    """Animate a recording and write its files; what is wrong with it becomes the outcome's error.

    Args:
        task: which. key: of the task, for the outcome.

    Returns:
        The outcome.
    """
    begun = time.perf_counter()
    facts: dict[str, Any] = {}
    try:
        animation = pipeline_of(task.loading).animate(task.source, task.options)
        takes = animation if isinstance(animation, list) else [animation]
        for number, take in enumerate(takes):
            for target in task.targets:
                path = target if len(takes) == 1 else target.with_name(f"{target.stem}_{number}{target.suffix}")
                path.parent.mkdir(parents=True, exist_ok=True)
                take.save(path)
                facts.setdefault("files", {})[path.name] = digest(path)
        facts["seconds"] = round(takes[0].duration, 3)
    except (ValueError, TypeError, OSError, ImportError, RuntimeError, MemoryError) as error:
        facts = {"error": " ".join(str(error).split())[:500] or type(error).__name__}
    return Outcome(task.name, key, took=round(time.perf_counter() - begun, 3), worker=os.getpid(), **facts)


@lru_cache(maxsize=1)
def pipeline_of(loading: LoadOptions) -> Pipeline:
    """The pipeline of this process, loaded once."""
    from emoface.pipeline import load

    return load(loading.checkpoint, loading.device, loading.dtype, loading.threads)


def digest(path: Path) -> str:
    """SHA-256 of a file.

    Raises:
        OSError: it cannot be read.
    """
    found = hashlib.sha256()
    with open_file(path) as file:
        while data := file.read(HASHED):
            found.update(data)
    return found.hexdigest()


def _settings(options: AnimateOptions) -> str:
    """Options as text that is the same for the same options; examples, which JSON cannot hold, by their samples."""
    try:
        return options.to_json()
    except TypeError:
        return hashlib.sha256(pickle.dumps(options, protocol=4)).hexdigest()


def _written(path: Path) -> int:
    return path.stat().st_mtime_ns


@lru_cache(maxsize=4)
def _checkpoint(path: Path, _written: int) -> str:
    """The hash of a checkpoint, computed again when the file was written anew."""
    return digest(path)
