"""The examples of docs/pictures.md run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from emoface.animation import Animation
from emoface.cli import main

PAGE = (Path(__file__).parents[2] / "docs/pictures.md").read_text(encoding="utf-8")


def test_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, animate: Callable[..., Animation]) -> None:
    monkeypatch.chdir(tmp_path)
    animate(frames=6).save("take.npz")
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(code, {})
    assert {path.name for path in tmp_path.iterdir()} == {"take.npz", "face.png", "cut.png", "pictures", "meshes"}
    lines = [line.split()[1:] for line in PAGE.splitlines() if line.startswith("    emoface render")]
    assert len(lines) == 3
    for line in lines[1:]:
        assert main([*line, "--size", "16"]) == 0
    assert len(list(Path("meshes").glob("*.obj"))) == len(list(Path("pictures").iterdir())) == 6
