"""Write a file completely or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary name that takes the place of ``path`` when the block ends and is removed if it fails.

    Args:
        path: the file to write. An existing one is replaced only at the very end.

    Yields:
        The name to write to, with the same suffix; the file exists and is empty.

    Raises:
        FileNotFoundError: the folder does not exist. IsADirectoryError: ``path`` is a folder.
        PermissionError: the folder cannot be written to.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path {path} cannot be written: there is no folder {path.parent}")
    if path.is_dir():
        raise IsADirectoryError(f"path {path} cannot be written: it is a folder")
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise type(error)(f"path {path} cannot be written: {error.strerror}") from error
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise what :func:`atomic_path` would, without writing anything that stays."""
    with contextlib.suppress(_OnlyTried), atomic_path(path):
        raise _OnlyTried


class _OnlyTried(Exception):
    """Makes atomic_path remove its temporary file again."""
