"""The command line without standard streams, and with file names that are not text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from emoface.animation import Animation
from emoface.demo import demo_path


def run(shell: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run the command line by a shell, which closes streams; ``$@`` are the arguments."""
    command = f'exec "{sys.executable}" -m emoface "$@" {shell}'
    return subprocess.run(["sh", "-c", command, "sh", *arguments], cwd=folder, capture_output=True)


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_not_matter(closed: str, tmp_path: Path, tiny_checkpoint: Path) -> None:
    arguments = ["animate", str(demo_path()), "--checkpoint", str(tiny_checkpoint), "-o", "a.json", "-o", "a.npz"]
    done = run(closed, tmp_path, *arguments)
    assert done.returncode == 0 and not done.stderr
    assert len(done.stdout.splitlines()) == (2 if closed == "2>&-" else 0)
    frames = json.loads((tmp_path / "a.json").read_bytes())["frames"]
    assert abs(len(frames) / 30 - len(Animation.load(tmp_path / "a.npz")) / 25) < 0.05


def test_wrong_arguments_with_closed_streams(tmp_path: Path) -> None:
    done = run("2>&-", tmp_path, "render", "none.npz", "-o", "a.png")
    assert done.returncode == 2 and not done.stdout and not os.listdir(tmp_path)


def test_file_names_that_are_not_utf8(tmp_path: Path, tiny_checkpoint: Path) -> None:
    voice = os.fsencode(tmp_path) + b"/v\xff.wav"
    Path(os.fsdecode(voice)).write_bytes(demo_path().read_bytes())
    outputs = [b"t\xfe.npz", b"t\xfe.json", b"t\xfe.csv"]
    options = [part for name in outputs for part in ("-o", os.fsdecode(name))]
    done = run("", tmp_path, "animate", os.fsdecode(voice), "--checkpoint", str(tiny_checkpoint), *options)
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in outputs)
    assert sorted(os.listdir(os.fsencode(tmp_path))) == sorted([*outputs, b"v\xff.wav"])
    missing = run("", tmp_path, "animate", os.fsdecode(b"n\xff.wav"))
    assert missing.returncode == 2 and b"does not exist" in missing.stderr
