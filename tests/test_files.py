"""A file appears whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from emoface.files import atomic_path


def test_written_under_another_name_then_renamed(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("old")
    with atomic_path(target) as temporary:
        assert temporary.parent == tmp_path and temporary.suffix == ".csv" and temporary != target
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new" and os.listdir(tmp_path) == ["a.csv"]


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
