"""The cookbook: what its pictures show is what the printed code does, and it is seen."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import emoface
from emoface import Animation, Direction, Pipeline
from emoface.demo import demo_path
from emoface.direct.scenes import SCENES, Scene

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "direction.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^\*\*(\d+)\. ([^\n]*)\*\*[^\n]*\n\n```python\n(.*?)^```$", PAGE, re.M | re.S)


def test_there_are_twelve_in_order_with_small_pictures() -> None:
    assert [(int(number), title) for number, title, _ in BLOCKS] == [(n + 1, one.title) for n, one in enumerate(SCENES)]
    assert len(SCENES) == 12
    pictures = [DOCS / name for name in re.findall(r"\((direction-\d\.png)\)", PAGE)]
    assert len(pictures) == 3 and sum(path.stat().st_size for path in pictures) <= 400_000


@pytest.mark.parametrize("number", range(12))
def test_pictures_show_what_is_printed(
    number: int, take: Animation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, calls = SCENES[number], []

    def animate(audio: str, direction: Any, **options: Any) -> Animation:
        calls.append((audio, direction if isinstance(direction, Direction) else Direction.load(direction), options))
        return take

    monkeypatch.setattr(emoface, "animate", animate)
    monkeypatch.chdir(tmp_path)
    shutil.copy(demo_path(), "speech.wav")
    exec(compile(BLOCKS[number][2], scene.title, "exec"), {})
    assert calls == [("speech.wav", scene.direction(), scene.options)]


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.title)
def test_it_is_seen(scene: Scene, pipeline: Pipeline) -> None:
    """At one of the moments of the picture, some part of the face is clearly elsewhere."""
    plain = pipeline.animate(demo_path(), **scene.options)
    directed = pipeline.animate(demo_path(), direction=scene.direction(), **scene.options)
    frames = [int(second * plain.fps) for second in scene.moments]
    assert np.abs(directed.motion - plain.motion)[frames].max() > 0.3
