"""``emoface compare``: vertex errors of files and folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.cli import main


def test_compare_measures_files_and_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], error_of: Callable[..., str]
) -> None:
    rest, opened = np.zeros((4, 52)), np.zeros((4, 52))
    opened[:, 17] = 0.5  # jawOpen
    for folder, weights in (("ours", opened), ("real", rest)):
        (tmp_path / folder).mkdir()
        Animation.from_arkit(weights).save(tmp_path / folder / "a.npz")
    ours, real, out = tmp_path / "ours", tmp_path / "real", tmp_path / "figures.json"
    assert main(["compare", str(ours), str(real), "--split", "two clips", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    found = {figure["name"]: figure for figure in json.loads(out.read_text())}
    assert found["LVE"]["value"] > 5 and "two clips; 1 sequences, 4 frames" in found["LVE"]["split"]
    assert "mean_t max_{v in L}" in printed and "vertices of open head" in printed
    Animation.from_arkit(rest[:3]).save(tmp_path / "short.npz")
    Animation.from_arkit(rest, fps=30).save(tmp_path / "other.npz")
    one = str(ours / "a.npz")
    assert main(["compare", one, str(tmp_path / "short.npz"), "--cut"]) == 0
    assert "cut to the shorter" in capsys.readouterr().out
    assert "cut=True" in error_of("compare", one, str(tmp_path / "short.npz"))
    assert "25 fps and truth 30" in error_of("compare", one, str(tmp_path / "other.npz"))
    assert "two files or two folders" in error_of("compare", one, str(real))
    assert "does not exist" in error_of("compare", one, str(tmp_path / "none.npz"))
    (real / "a.npz").rename(real / "b.npz")
    assert "['a', 'b']" in error_of("compare", str(ours), str(real))
