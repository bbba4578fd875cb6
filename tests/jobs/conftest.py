"""A folder of short recordings, and the toy checkpoint to animate them by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from emoface.options import LoadOptions


@pytest.fixture
def loading(tiny_checkpoint: Path) -> LoadOptions:
    return LoadOptions(checkpoint=tiny_checkpoint, dtype="float32")


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """``a.wav``, ``b.flac``, ``deep/c.wav`` and ``deep/d.wav``, each of another voice and length."""
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number, name in enumerate(("a.wav", "b.flac", "deep/c.wav", "deep/d.wav")):
        soundfile.write(folder / name, rng.normal(0, 0.1, 8000 + 1600 * number), 16000)
    (folder / "notes.txt").write_text("no recording")
    (folder / ".hidden.wav").write_text("nor this")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Name -> bytes of every file below a folder, the batch's own record aside."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "batch.jsonl")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(name="contents")
def _contents():
    return contents
