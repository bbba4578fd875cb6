"""Reading files that lie: what they claim is refused before memory is taken, and every error names the path."""

from __future__ import annotations

import io
import os
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from emoface.limits import OverBudget, use_budget
from emoface.reading import Arrays, open_file, parse_json, plain_text, read_bytes, read_json, read_text

SAVED = {
    "floats": np.arange(12, dtype=np.float32).reshape(3, 4), "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "flags": np.array([True, False]), "text": np.str_("söme"), "names": np.array(["a", "bc"]), "none": np.zeros((0, 3)),
    "number": np.float64(25), "big": np.arange(3, dtype=">i4"), "empty": np.str_(""),
}  # fmt: skip


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_come_back(tmp_path: Path, save) -> None:
    save(tmp_path / "a.npz", **SAVED)
    with Arrays(tmp_path / "a.npz") as arrays:
        assert set(arrays) == set(SAVED) and len(arrays) == len(SAVED) and "other" not in arrays
        for name, array in SAVED.items():
            assert np.array_equal(arrays[name], array) and arrays[name].dtype.kind == array.dtype.kind
        with pytest.raises(KeyError):
            arrays["other"]


def header(shape: tuple, descr: str = "<f8") -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
    return file.getvalue()


def archive(path: Path, content: bytes, kind: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as file:
        file.writestr("a.npy", content)
    return path


@pytest.mark.parametrize(
    "content, words",
    [
        (header((10**10,)), r"shape \(10000000000,\) of float64 takes 80000000000 bytes, there are 0"),
        (header((2**40, 2**40)), "there are 0"),
        (header((-1, 2)), r"an array of shape \(-1, 2\)"),
        (header((3,)) + bytes(23), "takes 24 bytes, there are 23"),
        (header((3,)) + bytes(25), "takes 24 bytes, there are 25"),
        (header((1,), "|O") + bytes(8), "array of object"),
        (header((1,), "<M8[s]") + bytes(8), "array of datetime64"),
        (header((2**40,), "<U0"), "takes 0 bytes, there are 0"),
        (header((3,))[:6] + b"\x09\x09", "version"),
        (header((3,)).replace(b"'<f8'", b"((((("), "is not an array of numbers or text"),
        (header((3,)).replace(b"(3,)", b"'\xff'"), "is not an array of numbers or text"),
        (b"", "is not an array of numbers or text"),
    ],
)
def test_headers_that_lie(tmp_path: Path, content: bytes, words: str) -> None:
    path = archive(tmp_path / "a.npz", content)
    tracemalloc.start()
    with Arrays(path) as arrays, pytest.raises(ValueError, match=rf"path .*a\.npz: 'a' .*{words}"):
        arrays["a"]
    assert tracemalloc.get_traced_memory()[1] < 3e6
    tracemalloc.stop()


def test_an_archive_that_unpacks_to_more_than_the_budget(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.npz", header((2**21,), "|u1") + bytes(2**21))
    assert path.stat().st_size < 5000
    with Arrays(path) as arrays:
        assert arrays["a"].size == 2**21
    tracemalloc.start()
    with use_budget("1M"), Arrays(path) as arrays:
        with pytest.raises(OverBudget, match=r"a\.npz: 'a' brings its content to 2.1 MB, the budget is 1 MB"):
            arrays["a"]
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()


def test_a_size_that_deflate_cannot_hold(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.npz", header((1000,), "|u1") + bytes(1000))
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\x01\x02") + 24  # uncompressed size in the directory
    data[place : place + 4] = struct.pack("<I", 400_000_000)
    path.write_bytes(data)
    with Arrays(path) as arrays, pytest.raises(OverBudget, match=r"'a' claims 400 MB, but the file can hold"):
        arrays["a"]


def test_directories_and_kinds_of_archives(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as file:
        for number in range(5000):
            file.writestr(str(number), b"")
    with pytest.raises(ValueError, match=r"a\.npz is not an archive of arrays: it has 5000 members, at most 4096"):
        Arrays(path)
    archive(path, header((1,)) + bytes(8), zipfile.ZIP_BZIP2)
    with Arrays(path) as arrays, pytest.raises(ValueError, match="compressed in another way than by deflate"):
        arrays["a"]
    data = bytearray(archive(path, header((1,)) + bytes(8), zipfile.ZIP_STORED).read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with Arrays(path) as arrays, pytest.raises(ValueError, match="it is encrypted"):
        arrays["a"]
    size = data.rindex(b"PK\x05\x06") + 12  # of the directory, 4 GB of it
    data[size : size + 4] = b"\xf0\xff\xff\xff"
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.npz is not an archive of arrays"):
        Arrays(path)


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.npz", header((100,), "|u1") + bytes(range(100)), zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(bytes(range(50, 60)), bytes(10)))
    with Arrays(path) as arrays, pytest.raises(ValueError, match="Bad CRC-32"):
        arrays["a"]


def test_files_that_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match=r"path .*none does not exist"):
        open_file(tmp_path / "none")
    with pytest.raises(IsADirectoryError, match="cannot be read: it is a folder"):
        open_file(tmp_path)
    with pytest.raises(ValueError, match=r"path 'a\\x00b' cannot be read: embedded null byte"):
        open_file("a\0b")
    with pytest.raises(OSError, match="cannot be read: File name too long"):
        open_file("x" * 300)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="cannot be read: it is not a regular file"):
        open_file(tmp_path / "pipe")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError, match=r"path .*a cannot be read: Permission denied"):
        open_file(tmp_path / "a")


def test_text_and_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfs\xc3\xb6me")
    assert read_text(path) == "söme" and len(read_bytes(path)) == 8
    with pytest.raises(OverBudget, match=r"a\.txt has 8 bytes, at most 5 bytes are read"):
        read_bytes(path, 5)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"path .*a\.txt is not UTF-8 text"):
        read_text(path)


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 80 + "]" * 80, '{"a":' * 80 + "1" + "}" * 80])
def test_deep_json(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="JSON nested more than 64 deep"):
        parse_json(text)
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=r"path .*a\.json is not readable: JSON nested more than 64 deep"):
        read_json(tmp_path / "a.json")


def test_json_within_the_budget(tmp_path: Path) -> None:
    assert parse_json("[" * 60 + "]" * 60) and parse_json(b'{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}
    for text in ("{", "[1,]", "9" * 5000, "\ud800"):
        with pytest.raises(ValueError, match="not JSON"):
            parse_json(text)
    (tmp_path / "a.json").write_text("[" + "{}," * 20_000 + "1]")
    with use_budget("1M"), pytest.raises(OverBudget, match=r"a\.json has 60 kB, at most 33 kB are read"):
        read_json(tmp_path / "a.json")


def test_text_that_can_be_written() -> None:
    assert plain_text("a\udcffb söme") == "a?b söme"
