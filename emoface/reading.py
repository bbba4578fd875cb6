"""Read files that may be damaged or hostile: claims are checked first (:mod:`emoface.limits`), errors name the path."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

from .limits import Account, OverBudget, UnreadableFile, budget, size_text

DEFLATE = 1032
"""Bytes that one byte of deflated data can hold."""
MOST_HEADER = 4 << 20
"""Bytes of names, shapes and config of a safetensors file at most; the default checkpoint has 40 kB."""
MEMBERS = 4096
"""Members of an archive that are looked at."""
_ENTRY = b"PK\x01\x02"  # begins an entry of an archive's directory, which takes 46 bytes or more
_ENTRY_SIZE = 46
_READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_NUMBERS_AND_TEXT = "biufUS"
BROKEN_ARCHIVE = (
    ValueError, TypeError, KeyError, IndexError, OverflowError, EOFError, MemoryError, RecursionError, SyntaxError,
    NotImplementedError, RuntimeError, OSError, zipfile.BadZipFile, zlib.error, tokenize.TokenError,
)  # fmt: skip
"""What zipfile and numpy raise on archives and headers that are damaged."""


class BoundedReader(io.BufferedReader):
    """A file that never takes memory for more bytes than it has."""

    def __init__(self, raw: io.FileIO, size: int) -> None:
        super().__init__(raw)
        self.size = size

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to ``size`` bytes, all that are left if it is negative or None."""
        left = max(self.size - self.tell(), 0)
        return super().read(left if size is None or size < 0 else min(size, left))


def open_file(path: str | os.PathLike[str], argument: str = "path") -> BoundedReader:
    """Open a regular file; a pipe or a device, which could keep the program waiting, is refused.

    Args:
        path: the file. argument: what the message calls it.

    Raises:
        FileNotFoundError, IsADirectoryError, PermissionError, OSError: the file cannot be read; the message names it.
        ValueError: a path that no file can have.
    """
    shown = Path(path)
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        raise FileNotFoundError(f"{argument} {shown} does not exist") from None
    except OSError as error:
        raise type(error)(f"{argument} {shown} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{argument} {str(shown)!r} cannot be read: {error}") from error
    try:
        facts = os.fstat(handle)
        if stat.S_ISDIR(facts.st_mode):
            raise IsADirectoryError(f"{argument} {shown} cannot be read: it is a folder")
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(f"{argument} {shown} cannot be read: it is not a regular file")
        return BoundedReader(io.FileIO(handle, "rb"), facts.st_size)
    except BaseException:
        os.close(handle)
        raise


def read_bytes(path: str | os.PathLike[str], most: int | None = None) -> bytes:
    """All bytes of a file.

    Args:
        path: the file. most: how many there may be, the budget's memory if None.

    Raises:
        OSError: as :func:`open_file`. ValueError: the file is larger than that.
    """
    most = budget().memory if most is None else most
    with open_file(path) as file:
        if file.size > most:
            raise OverBudget(f"path {Path(path)} has {size_text(file.size)}, at most {size_text(most)} are read")
        return file.read()


def read_text(path: str | os.PathLike[str], most: int | None = None) -> str:
    """All text of a UTF-8 file, with or without a byte order mark.

    Args:
        path: the file. most: bytes that there may be, the budget's memory if None.

    Raises:
        OSError: as :func:`open_file`. ValueError: the file is larger than that, or not UTF-8.
    """
    try:
        return read_bytes(path, most).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"path {Path(path)} is not UTF-8 text: {error}") from error


def parse_json(text: str | bytes, standard: bool = False) -> Any:
    """Parse JSON within the budget.

    Args:
        text: the JSON text. standard: refuse NaN and infinity, which Python reads though they are not JSON.

    Returns:
        Dictionaries, lists, strings, numbers, truth values and None.

    Raises:
        ValueError: not JSON, longer than the budget allows, or nested more deeply.
    """
    limits = budget()
    if len(text) > limits.json:
        raise OverBudget(f"JSON text of {size_text(len(text))}, at most {size_text(limits.json)} are read")
    try:
        value = json.loads(text, parse_constant=_refuse_constant if standard else None)
    except RecursionError:
        raise ValueError(f"JSON nested more than {limits.nesting} deep") from None
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error
    level, depth = [value], 0
    while level:
        if depth > limits.nesting:
            raise ValueError(f"JSON nested more than {limits.nesting} deep")
        inner: list[Any] = []
        for one in level:
            inner.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
        level, depth = inner, depth + 1
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def read_json(path: str | os.PathLike[str]) -> Any:
    """Parse a JSON file within the budget.

    Raises:
        OSError: as :func:`open_file`. ValueError: not UTF-8, or as :func:`parse_json`; the message names the path.
    """
    text = read_text(path, budget().json)
    try:
        return parse_json(text)
    except ValueError as error:
        raise UnreadableFile(f"path {Path(path)} is not readable: {error}") from error


def plain_text(text: str) -> str:
    """Text that can be written as UTF-8: halves of surrogate pairs, as of undecodable file names, become ``?``."""
    return text.encode("utf-8", "replace").decode("utf-8")


def finite_json(value: Any) -> Any:
    """What :func:`parse_json` gave, without numbers that other programs cannot read: they become None.

    NaN and infinity are not JSON, though Python reads and writes them; whole numbers may have thousands of digits.
    """
    if isinstance(value, dict):
        return {key: finite_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [finite_json(one) for one in value]
    if isinstance(value, (int, float)) and not -(2.0**63) <= value < 2.0**63:
        return None
    return value


class Arrays(Mapping[str, np.ndarray]):
    """The arrays of an ``.npz`` file by name, each checked and unpacked when it is asked for.

    Only numbers, truth values and text are read. Arrays are read-only. Use it as a context manager.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Open the archive and read its directory.

        Raises:
            OSError: as :func:`open_file`. ValueError: not an archive, or one with too many members.
        """
        self.path = Path(path)
        self.account = Account(path)
        self._file = open_file(path)
        try:
            _check_entries(self._file, self.path)
            self._archive = zipfile.ZipFile(self._file)
        except BROKEN_ARCHIVE as error:
            self._file.close()
            raise UnreadableFile(f"path {self.path} is not an archive of arrays: {error}") from error
        except BaseException:
            self._file.close()
            raise
        self._members = {info.filename.removesuffix(".npy"): info for info in self._archive.infolist()}

    def __enter__(self) -> Arrays:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._archive.close()
        self._file.close()

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, key: object) -> bool:
        return key in self._members

    def __getitem__(self, key: str) -> np.ndarray:
        """Unpack one array.

        Raises:
            KeyError: there is none of that name. ValueError: it is damaged, of another kind, or claims too much.
        """
        info = self._members[key]
        try:
            return self._read(info, key)
        except OverBudget:
            raise
        except BROKEN_ARCHIVE as error:
            words = str(error) or type(error).__name__
            shown = f"path {self.path}: {key!r:.80} is not an array of numbers or text: {words:.300}"
            raise UnreadableFile(shown) from error

    def _read(self, info: zipfile.ZipInfo, key: str) -> np.ndarray:
        if info.compress_type not in _READABLE or info.flag_bits & 1:
            raise ValueError("it is encrypted, or compressed in another way than by deflate")
        packed = min(info.compress_size, self._file.size)
        self.account.claim(f"{key!r:.80}", info.file_size, packed * (DEFLATE if info.compress_type else 1))
        with self._archive.open(info) as member:
            return read_npy(member, info.file_size)


def _check_entries(file: BoundedReader, path: Path) -> None:
    """Refuse an archive whose directory is long, before zipfile makes an object of every entry."""
    if file.size <= MEMBERS * _ENTRY_SIZE:
        return
    found, tail = 0, b""
    while block := file.read(1 << 20):
        found += (tail + block).count(_ENTRY)
        tail = block[-len(_ENTRY) + 1 :]
    if found > MEMBERS:
        raise ValueError(f"it has {found} members, at most {MEMBERS} are read")
    file.seek(0)


def read_array(path: str | os.PathLike[str]) -> np.ndarray:
    """The array of an ``.npy`` file, of numbers, truth values or text.

    Returns:
        The array, read-only.

    Raises:
        OSError: as :func:`open_file`. ValueError: damaged, another kind of array, or larger than the budget; the
            message names the path.
    """
    with open_file(path) as file:
        Account(path).claim("its array", file.size)
        try:
            return read_npy(file, file.size)
        except BROKEN_ARCHIVE as error:
            words = str(error) or type(error).__name__
            raise UnreadableFile(f"path {Path(path)} is not an array of numbers or text: {words:.300}") from error


def check_safetensors(path: str | os.PathLike[str], what: str) -> int:
    """Refuse a safetensors file beyond the budget, before anything is made of its header or its tensors.

    Args:
        path: the file. what: what the message calls its content.

    Returns:
        Its bytes.

    Raises:
        OSError: as :func:`open_file`. ValueError: more than the budget, or a header of more than 4 MiB; the message
            names the path.
    """
    with open_file(path) as stream:
        Account(path).claim(f"the {what}", stream.size)
        length = stream.read(8)
        header = struct.unpack("<Q", length)[0] if len(length) == 8 else 0
        if stream.size - 8 >= header > MOST_HEADER:  # longer ones are safetensors' own error
            raise UnreadableFile(f"{what} {path} has a header of {header} bytes, at most {MOST_HEADER} are read")
        return stream.size


def read_npy(stream: BinaryIO | Any, size: int) -> np.ndarray:
    """Read an array of numbers, truth values or text in numpy's own format.

    Args:
        stream: at the start of the array. size: bytes from there to its end; the array must take all of them.

    Returns:
        The array, read-only.

    Raises:
        ValueError, EOFError, SyntaxError and others of ``BROKEN_ARCHIVE``: damaged, another kind of array, or a shape
            that does not go with the size.
    """
    version = np.lib.format.read_magic(stream)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise ValueError(f"an array in version {version} of numpy's format")
    shape, fortran, dtype = read_header(stream)
    if dtype.kind not in _NUMBERS_AND_TEXT or dtype.names or dtype.subdtype:
        raise ValueError(f"an array of {dtype} instead of numbers or text")
    count = 1
    for length in shape:
        if length < 0:
            raise ValueError(f"an array of shape {shape}")
        count *= length
    left = size - stream.tell()
    if count * dtype.itemsize != left or (dtype.itemsize == 0 and count > 1):
        raise ValueError(f"shape {shape} of {dtype} takes {count * dtype.itemsize} bytes, there are {left}")
    data = stream.read(left + 1)  # one more makes zipfile compare the checksum
    if len(data) != left:
        raise EOFError(f"it ends after {len(data)} of {left} bytes")
    if not data:
        return np.zeros(shape, dtype)
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
