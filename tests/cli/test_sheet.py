"""``emoface sheet``: pages of emotions and shapes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from emoface.binding.emotions import EMOTIONS
from emoface.cli import main


def test_sheets(calls: list[dict]) -> None:
    image = pytest.importorskip("PIL.Image")
    assert main(["sheet", "emotions", "-o", "emotions.png", "--levels", "1,3", "--size", "48"]) == 0
    assert [call["emotion"] for call in calls] == [(emotion, level) for level in (1, 3) for emotion in EMOTIONS]
    assert image.open("emotions.png").width == 48 * len(EMOTIONS)
    assert main(["sheet", "shapes", "-o", "shapes.png", "--size", "24"]) == 0
    assert image.open("shapes.png").width == 24 * 9


def test_a_page_of_a_direction(calls: list[dict], tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    scene = tmp_path / "scene.json"
    scene.write_text('{"emoface_direction": 1, "tracks": [{"track": "cue", "cue": "nod", "time": 0}]}')
    command = ["sheet", "direction", str(scene), "-o", "page.png", "--size", "48", "--at", "0.1,0.2,0.3"]
    assert main([*command, "--colours", "16"]) == 0
    assert "direction" not in calls[0] and calls[1]["direction"].tracks[0].cue == "nod"
    page = image.open("page.png")
    assert (page.width, page.mode) == (3 * 48, "P") and len(page.getcolors()) <= 16
    calls.clear()
    assert main(["sheet", "direction", "--scenes", "5,9,12", "-o", "page.png", "--size", "48", "--at", "0.1"]) == 0
    assert [call.get("emotion") for call in calls] == ["happy", "happy", "happy", "happy", None, None]
    page = image.open("page.png")
    assert (page.width, page.mode) == (2 * 48, "RGB")


def test_sheet_refuses(calls: list[dict], error_of: Callable[..., str]) -> None:
    assert "--out must be a .png, got page.jpg" in error_of("sheet", "emotions", "-o", "page.jpg")
    sheet = ("sheet", "direction", "-o", "page.png")
    assert "--scenes must be numbers from 1 to 12, got 13" in error_of(*sheet, "--scenes", "1,13")
    assert "a direction goes with the page of one" in error_of("sheet", "shapes", "a.json", "-o", "page.png")
    assert "colours must be in 2..256, got 1" in error_of(*sheet, "--colours", "1")
    assert not calls
