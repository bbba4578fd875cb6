"""``emoface batch``: flags, the lines it says, and its exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from emoface.cli import main


def test_a_folder(tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, name in enumerate(("a.wav", "b.wav")):
        soundfile.write(folder / name, np.random.default_rng(number).normal(0, 0.1, 8000), 16000)
    (tmp_path / "takes.csv").write_text("file,emotion\na.wav,happy\n")
    command = ["batch", str(folder), str(tmp_path / "out"), "--emotion", "sad", "--format", "csv", "--workers", "1"]
    command += ["--manifest", str(tmp_path / "takes.csv"), "--checkpoint", str(tiny_checkpoint)]
    assert main(command) == 0
    told = capsys.readouterr()
    assert told.out == "2 animated (1.0 s of speech), 0 finished before, 0 failed\n"
    assert told.err == "1/2 a.wav\n2/2 b.wav\n"
    (folder / "c.wav").write_bytes(b"no sound")
    assert main(command) == 2
    told = capsys.readouterr()
    assert told.out == "0 animated (0.0 s of speech), 2 finished before, 1 failed\n"
    lines = told.err.splitlines()
    assert lines[0] == "3/3 c.wav: failed" and lines[1].startswith("emoface: c.wav: ")
    assert lines[2] == "emoface: error: 1 of 3 recordings failed; the next call tries again"


def test_refusals(tmp_path: Path, error_of: Callable[..., str]) -> None:
    assert "none does not exist" in error_of("batch", str(tmp_path / "none"), str(tmp_path / "out"))
    assert "invalid choice: 'bvh'" in error_of("batch", "in", "out", "--format", "bvh")
