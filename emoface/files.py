"""Write a file completely or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # no locks on this system: what a killed program left there stays
    fcntl = None  # type: ignore[assignment]

_LONGEST_SUFFIX = 16


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary name that takes the place of ``path`` when the block ends and is removed if it fails.

    A symbolic link is followed: the file that it names is replaced. A replaced file keeps its mode; a new one gets that
    of the process's umask. The temporary file is named ``.emoface-<target>-<chance><suffix>`` and locked while it is
    written, so that the next call for the same target can remove what a killed program left.

    Args:
        path: the file to write. An existing one is replaced only at the very end.

    Yields:
        The name to write to, with the same suffix; the file exists and is empty.

    Raises:
        FileNotFoundError: the folder does not exist. IsADirectoryError: ``path`` is a folder.
        PermissionError: the folder cannot be written to. OSError: another reason, such as a name that is too long.
    """
    shown, target, mode = _target(path)
    beginning = f".emoface-{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]}-"
    _remove_stale(target.parent, beginning)
    suffix = target.suffix if len(os.fsencode(target.suffix)) <= _LONGEST_SUFFIX else ""
    temporary, handle = _create(shown, target.parent, beginning, suffix)
    try:
        if mode is not None:  # nobody shall read meanwhile who may not read the file itself
            os.chmod(temporary, mode | stat.S_IRUSR | stat.S_IWUSR)
        yield temporary
        if mode is not None:
            os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder to write files into, and those that it lies in, unless it is there.

    Args:
        path: the folder.

    Returns:
        The path.

    Raises:
        NotADirectoryError: it is a file. PermissionError: it cannot be written to. OSError: it cannot be made for
            another reason.
    """
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"folder {folder} is no folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise type(error)(f"folder {folder} cannot be made: {error.strerror}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"folder {folder} cannot be written to")
    return folder


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write UTF-8 text, completely or not at all; lines end with one line feed on every system.

    Args:
        path: the file. text: its content.

    Raises:
        OSError: as :func:`atomic_path`.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def _target(path: str | os.PathLike[str]) -> tuple[Path, Path, int | None]:
    """The path as given, the file that it leads to, and that file's mode, None where there is no file yet."""
    shown = Path(path)
    try:
        target = Path(os.path.realpath(shown))
        if not target.parent.is_dir():
            missing = target.parent if shown.is_symlink() else shown.parent
            raise NotADirectoryError(errno.ENOTDIR, f"there is no folder {missing}")
        facts = os.stat(target)
    except NotADirectoryError as error:
        raise FileNotFoundError(f"path {shown} cannot be written: {error.strerror}") from None
    except FileNotFoundError:
        return shown, target, None
    except OSError as error:
        raise type(error)(f"path {shown} cannot be written: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"path {str(shown)!r} cannot be written: {error}") from error
    if stat.S_ISDIR(facts.st_mode):
        raise IsADirectoryError(f"path {shown} cannot be written: it is a folder")
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(f"path {shown} cannot be written: it is not a regular file")
    return shown, target, stat.S_IMODE(facts.st_mode)


def _create(shown: Path, folder: Path, beginning: str, suffix: str) -> tuple[Path, int]:
    """A new empty file of a name of its own, and the handle that holds its lock."""
    while True:
        temporary = folder / f"{beginning}{secrets.token_hex(4)}{suffix}"
        try:
            handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            continue
        except OSError as error:
            raise type(error)(f"path {shown} cannot be written: {error.strerror}") from error
        if _lock(handle) and temporary.exists():  # another call may have taken it for a leftover just before
            return temporary, handle
        os.close(handle)
        temporary.unlink(missing_ok=True)


def _lock(handle: int) -> bool:
    """Take the lock of an open file; False if another process writes to it."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _remove_stale(folder: Path, beginning: str) -> None:
    """Remove temporary files of this target that nobody writes to any more."""
    if fcntl is None:
        return
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if not name.startswith(beginning):
                continue
            with contextlib.suppress(OSError):
                handle = os.open(folder / name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    (folder / name).unlink()
                finally:
                    os.close(handle)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise what :func:`atomic_path` would, without writing anything that stays."""
    with contextlib.suppress(_OnlyTried), atomic_path(path):
        raise _OnlyTried


class _OnlyTried(Exception):
    """Makes atomic_path remove its temporary file again."""
