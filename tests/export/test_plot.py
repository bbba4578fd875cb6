"""The picture of the curves."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from emoface.animation import Animation
from emoface.audio.load import open_audio
from emoface.demo import demo_path


def test_image_with_and_without_a_voice(tmp_path: Path, animate: Callable[..., Animation]) -> None:
    pytest.importorskip("matplotlib")
    animate(frames=121, audio=open_audio(demo_path())).plot(tmp_path / "a.png")
    animate(frames=1).plot(tmp_path / "b.png")
    for name in ("a.png", "b.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"plot path .*a\.xyz must end in one of"):
        animate().plot(tmp_path / "a.xyz")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_without_matplotlib(tmp_path: Path, animate: Callable[..., Animation], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(ImportError, match=r"pip install 'emoface\[plot\]'"):
        animate().plot(tmp_path / "a.png")
