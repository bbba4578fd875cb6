"""A file appears whole or not at all."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emoface.files import atomic_path, check_writable, make_folder, write_text


def test_written_under_another_name_then_renamed(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("old")
    with atomic_path(target) as temporary:
        assert temporary.parent == tmp_path and temporary.suffix == ".csv" and temporary != target
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new" and os.listdir(tmp_path) == ["a.csv"]


def test_text_is_utf8_with_line_feeds(tmp_path: Path) -> None:
    write_text(tmp_path / "a.md", "früh\nspät\n")
    assert (tmp_path / "a.md").read_bytes() == "früh\nspät\n".encode()


def test_nothing_left_of_a_failure(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError("disk full")
    assert target.read_text() == "old" and os.listdir(tmp_path) == ["a.csv"]


def test_targets_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match=r"path .*a\.csv cannot be written: there is no folder .*none"):
        with atomic_path(tmp_path / "none" / "a.csv"):
            pass
    with pytest.raises(IsADirectoryError, match="cannot be written: it is a folder"):
        with atomic_path(tmp_path):
            pass

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError, match=r"path .*a\.csv cannot be written: Permission denied"):
        with atomic_path(tmp_path / "a.csv"):
            pass
    assert os.listdir(tmp_path) == []


HALF = """
import sys, time
from emoface.files import atomic_path
with atomic_path(sys.argv[1]) as temporary:
    temporary.write_text("half")
    print("begun", flush=True)
    time.sleep(60)
"""


def half_written(target: Path) -> subprocess.Popen:
    """A process that is in the middle of writing a target."""
    process = subprocess.Popen([sys.executable, "-c", HALF, str(target)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "begun\n"
    return process


def test_folders_are_made_and_can_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert make_folder(str(tmp_path / "new" / "deep")).is_dir() and make_folder(tmp_path / "new").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match=r"folder .*file is no folder"):
        make_folder(tmp_path / "file")
    with pytest.raises(NotADirectoryError, match=r"folder .*file/new cannot be made: Not a directory"):
        make_folder(tmp_path / "file" / "new")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # as root all can be written to
    with pytest.raises(PermissionError, match=r"folder .*new cannot be written to"):
        make_folder(tmp_path / "new")


def test_what_a_killed_program_left_is_removed_by_the_next_save(tmp_path: Path) -> None:
    killed, busy = (half_written(tmp_path / "a.csv") for _ in range(2))
    other = half_written(tmp_path / "b.csv")
    for process in (killed, other):
        process.send_signal(signal.SIGKILL)
        process.wait()
    try:
        assert len(os.listdir(tmp_path)) == 3
        with atomic_path(tmp_path / "a.csv") as temporary:
            temporary.write_text("new")
            left = [name for name in os.listdir(tmp_path) if name != temporary.name]
            assert len(left) == 2 and all(name.startswith(".emoface-") for name in left)  # busy and b.csv's
        check_writable(tmp_path / "b.csv")
        assert (tmp_path / "a.csv").read_text() == "new" and len(os.listdir(tmp_path)) == 2
    finally:
        busy.kill()
        busy.communicate()
    check_writable(tmp_path / "a.csv")
    assert os.listdir(tmp_path) == ["a.csv"]


def test_links_are_followed_and_modes_kept(tmp_path: Path) -> None:
    folder, link = tmp_path / "real", tmp_path / "link.csv"
    folder.mkdir()
    target = folder / "a.csv"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to("real/a.csv")
    with atomic_path(link) as temporary:
        assert temporary.parent == folder and temporary.stat().st_mode & 0o777 == 0o640
        temporary.write_text("new")
    assert link.is_symlink() and target.read_text() == "new" and target.stat().st_mode & 0o777 == 0o640
    target.chmod(0o444)
    with atomic_path(link) as temporary:
        temporary.write_text("newer")
    assert target.read_text() == "newer" and target.stat().st_mode & 0o777 == 0o444
    target.unlink()  # a link to nothing: the file that it names is made
    with atomic_path(link) as temporary:
        temporary.write_text("again")
    assert link.is_symlink() and target.read_text() == "again"


def test_a_new_file_has_the_mode_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with atomic_path(tmp_path / "a.csv") as temporary:
            temporary.write_text("new")
    finally:
        os.umask(before)
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("name", ["x" * 251 + ".mp4", "a:b.mp4", "-v.csv", "a.%d.csv", "b\udcff.csv", "c." + "d" * 200])
def test_names(name: str, tmp_path: Path) -> None:
    with atomic_path(tmp_path / name) as temporary:
        temporary.write_text("new")
    assert os.listdir(tmp_path) == [name]


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cannot be written: File name too long"), atomic_path(tmp_path / ("x" * 256)):
        pass
    with pytest.raises(ValueError, match=r"path 'a\\x00b' cannot be written: .*null"), atomic_path("a\0b"):
        pass
    (tmp_path / "a.csv").symlink_to("a.csv")
    with pytest.raises(OSError, match="cannot be written: Too many levels"), atomic_path(tmp_path / "a.csv"):
        pass
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(OSError, match="it is not a regular file"), atomic_path(tmp_path / "pipe.csv"):
        pass
    assert sorted(os.listdir(tmp_path)) == ["a.csv", "pipe.csv"]
