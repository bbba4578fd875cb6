"""What reading one file may cost, decided in one place and checked before memory is taken.

A file claims sizes: the shape of an array, the length of a take, the content of a compressed member. Each claim is
compared with what the file can hold, and all claims of a file together with a budget. Reading a file needs up to about
three times its budget at the peak, since arrays are converted and checked.

The budget is :class:`Budget`'s default, or what the environment variable ``EMOFACE_BUDGET`` says (``2G``, ``512M`` or
bytes), or what :func:`use_budget` sets for a block of code.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from . import checks

VARIABLE = "EMOFACE_BUDGET"
UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
BYTES_OF_JSON = 32
"""Bytes that one byte of JSON text can take as Python objects: ``{},`` makes a dictionary and a place in a list."""
BYTES_OF_OBJECT = 4096
"""Bytes that one opcode of a pickle counts for: making the class for a name takes the most, and time is bounded too."""


@dataclass(frozen=True)
class Budget:
    """Limits of what one file may cost.

    Attributes:
        memory: bytes that the content of one file may take once it is unpacked, at least 1 MiB.
        nesting: containers within containers, in JSON and in pickles.
    """

    memory: int = 512 * 2**20
    nesting: int = 64

    def __post_init__(self) -> None:
        object.__setattr__(self, "memory", checks.whole("memory", self.memory, 2**20))

    @property
    def json(self) -> int:
        """Bytes of JSON text that fit."""
        return self.memory // BYTES_OF_JSON

    @property
    def objects(self) -> int:
        """Opcodes of a pickle that fit."""
        return self.memory // BYTES_OF_OBJECT


_chosen: ContextVar[Budget | None] = ContextVar("emoface_budget", default=None)


def budget() -> Budget:
    """The budget that holds here.

    Raises:
        ValueError: the environment variable does not hold a size.
    """
    chosen = _chosen.get()
    if chosen is not None:
        return chosen
    text = os.environ.get(VARIABLE, "")
    return Budget(parse_size(text)) if text else Budget()


@contextmanager
def use_budget(memory: int | str) -> Iterator[Budget]:
    """Let every file that is read inside the block cost at most this much.

    Args:
        memory: bytes, or text such as ``"2G"``.

    Yields:
        The budget.

    Raises:
        TypeError, ValueError: not a size of at least 1 MiB.
    """
    chosen = Budget(parse_size(memory) if isinstance(memory, str) else memory)
    token = _chosen.set(chosen)
    try:
        yield chosen
    finally:
        _chosen.reset(token)


def parse_size(text: str) -> int:
    """Bytes of a size such as ``512M``, ``2G`` or ``1000000``.

    Raises:
        ValueError: another form.
    """
    match = re.fullmatch(r"(\d{1,15})([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if match is None:
        raise ValueError(f"a budget must be a number of bytes such as 512M or 2G, got {text!r:.60} ({VARIABLE})")
    return int(match[1]) * UNITS[match[2].upper()]


def size_text(size: int) -> str:
    """A number of bytes for a reader, such as ``2.9 GB``."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= scale:
            return f"{size // scale:,} {unit}" if size >= 100 * scale else f"{size / scale:.2g} {unit}"
    return f"{size} bytes"


class UnreadableFile(ValueError):
    """A file that is not what it should be; the message names its path."""


class OverBudget(UnreadableFile):
    """A file claims more than it can hold, or more than the budget allows."""


class Account:
    """What has been claimed by one file so far."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Start at zero; ``path`` is named in errors."""
        self.path = Path(path)
        self.budget = budget()
        self.spent = 0

    def claim(self, what: str, size: int, held: int | None = None) -> None:
        """Count bytes that are about to be taken.

        Args:
            what: what claims them, for the error. size: how many. held: the most that the file can hold of it, or None
                where that is not known.

        Raises:
            OverBudget: the claim is more than the file can hold, or all claims together exceed the budget; the message
                names the path, the claim and the limit.
        """
        if size < 0:
            raise OverBudget(f"path {self.path}: {what} claims a negative size")
        if held is not None and size > held:
            most = size_text(held)
            raise OverBudget(f"path {self.path}: {what} claims {size_text(size)}, but the file can hold {most}")
        self.spent += size
        if self.spent > self.budget.memory:
            raise OverBudget(
                f"path {self.path}: {what} brings its content to {size_text(self.spent)}, the budget is "
                f"{size_text(self.budget.memory)} ({VARIABLE})"
            )
