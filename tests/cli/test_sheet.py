"""``emoface sheet``: pages of emotions and shapes."""

from __future__ import annotations

from collections.abc import Callable

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


def test_sheet_refuses(calls: list[dict], error_of: Callable[..., str]) -> None:
    assert "--out must be a .png, got page.jpg" in error_of("sheet", "emotions", "-o", "page.jpg")
    assert not calls
