"""JSON lines in a file and in pipes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

import emoface
from emoface.live.pose import Pose
from emoface.live.senders import open_sender


def check(lines: list[str], pose: Pose) -> None:
    head, row = (json.loads(line) for line in lines[:2])
    assert head == {"names": list(emoface.ARKIT_NAMES), "fps": 60.0}
    assert row["frame"] == 1234 and row["time"] == pytest.approx(1234 / 60, abs=1e-6)
    np.testing.assert_allclose(row["weights"], pose.arkit, atol=1e-6)
    np.testing.assert_allclose(row["rotation"], pose.head, atol=1e-6)


def test_a_file(pose: Pose, tmp_path: Path) -> None:
    path = tmp_path / "face.jsonl"
    sender = open_sender(f"json://{path}")
    assert sender.send(pose) and sender.send(pose)
    sender.close()
    lines = path.read_text().splitlines()
    check(lines, pose)
    assert len(lines) == 3
    with pytest.raises(FileNotFoundError, match=r"^path .*none/face\.jsonl cannot be written"):
        open_sender(f"json://{tmp_path}/none/face.jsonl")


def test_standard_output(pose: Pose, capfd: pytest.CaptureFixture[str]) -> None:
    sender = open_sender("json")
    sender.send(pose)
    sender.close()
    check(capfd.readouterr().out.splitlines(), pose)


def test_readers_that_are_slow_or_gone(pose: Pose, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    sender = open_sender(f"json://{pipe}")
    went = [sender.send(pose) for _ in range(300)]
    assert went[0] and not went[-1] and sender.dropped == went.count(False) > 0
    with open(os.dup(reader), encoding="utf-8") as text:
        check([text.readline(), text.readline()], pose)
    os.read(reader, 65536)
    assert sender.send(pose)
    os.close(reader)
    assert not sender.send(pose)
    sender.close()
