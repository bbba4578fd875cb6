"""The examples of docs/capture.md run as printed, with a landmarker and a camera of the tests."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emoface.capture import camera, video
from emoface.demo import demo_path

from .films import KnownFaces, write_film

PAGE = Path(__file__).resolve().parents[2] / "docs" / "capture.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_film(tmp_path / "clip.mp4", 15)
    for name in ("face.jpg", "calm.jpg"):
        Image.new("RGB", (96, 64)).save(tmp_path / name)
    shutil.copy(demo_path(), tmp_path / "speech.wav")
    monkeypatch.chdir(tmp_path)
    for module in (camera, video):
        monkeypatch.setattr(module, "as_landmarker", lambda _: KnownFaces())
    monkeypatch.setattr(camera, "camera_pictures", lambda *_: iter([np.full((48, 64, 3), 90, np.uint8)] * 9))
    assert len(BLOCKS) == 4
    for block in BLOCKS:
        exec(compile(block, "capture.md", "exec"), {"__name__": "__main__"})
    assert (tmp_path / "take.npz").exists() and (tmp_path / "take.glb").exists()
