"""What a batch has finished, a line of JSON each, so that it can go on after a break."""

from __future__ import annotations

import json
import os
from pathlib import Path

from emoface.files import make_folder

from .task import Outcome, Task, digest

try:
    import fcntl
except ImportError:  # no locks on this system
    fcntl = None  # type: ignore[assignment]

NAME = "batch.jsonl"


class Ledger:
    """The file ``batch.jsonl`` in the folder of results; the last line about a recording counts."""

    def __init__(self, folder: Path) -> None:
        """Open it, and read what stands there; a line that was torn by a break is passed over.

        Args:
            folder: of the results, made if it is not there.

        Raises:
            OSError: it cannot be written, or another batch writes to it.
        """
        self.path = make_folder(folder) / NAME
        self._file = open(self.path, "a+", encoding="utf-8", errors="replace")
        if fcntl is not None:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._file.close()
                raise BlockingIOError(f"another batch writes to {folder}") from None
        self._finished: dict[str, Outcome] = {}
        self._file.seek(0)
        text = self._file.read()
        for line in text.splitlines():
            try:
                outcome = Outcome(**json.loads(line))
                self._finished[outcome.name] = outcome
            except (ValueError, TypeError):
                continue
        if text and not text.endswith("\n"):
            self._file.write("\n")

    def has(self, task: Task, key: str) -> bool:
        """Whether a recording was finished by these settings, and its files are still what they were then."""
        outcome = self._finished.get(task.name)
        if outcome is None or outcome.key != key or outcome.error or not outcome.files:
            return False
        folder = task.targets[0].parent
        try:
            return all(digest(folder / name) == value for name, value in outcome.files.items())
        except (OSError, ValueError):
            return False

    def add(self, outcome: Outcome) -> None:
        """Write an outcome down."""
        self._file.write(outcome.to_json() + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file, and let other batches have it."""
        self._file.close()
