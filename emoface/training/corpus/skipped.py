"""Files that a corpus or a training run leaves out: named when met, counted at the end."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

Read = TypeVar("Read")
FAULTS = (
    ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, OSError, EOFError, MemoryError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What reading a damaged file can raise."""


class Unusable(ValueError):
    """A file that cannot be used, with the kind of its fault in a word or two: ``"silent"``, ``"no emotion"``."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Skipped:
    """Counts of files left out, by kind of fault."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, path: Path, error: Exception) -> None:
        """Name a file and count it; what is no :class:`Unusable` counts as damaged."""
        self.counts[error.kind if isinstance(error, Unusable) else "damaged"] += 1
        reason = str(error) or type(error).__name__
        told = reason if str(path) in reason else f"{path}: {reason}"
        warnings.warn(f"left out: {told}", stacklevel=3)

    def __str__(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.counts.items()))
        return f"{self.counts.total()} files left out" + (f": {kinds}" if kinds else "")

    def readable(self, paths: Iterable[Path], read: Callable[[Path], Read]) -> Iterator[Read]:
        """What ``read`` makes of each path; files that it refuses are left out."""
        for path in paths:
            try:
                found = read(path)
            except FAULTS as error:
                self.add(path, error)
            else:
                yield found
