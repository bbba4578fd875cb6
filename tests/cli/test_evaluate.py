"""``emoface eval``: what was asked arrives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emoface.cli import main


def test_eval_hands_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from emoface import evaluation

    seen: list[Any] = []

    def evaluate(*given: Any, **named: Any) -> None:
        seen.append((*given, named))
        given[4]("lips")

    monkeypatch.setattr(evaluation, "evaluate", evaluate)
    monkeypatch.setattr(evaluation, "markdown", lambda _: "| figure |")
    folders = ["--assets", str(tmp_path), "--out", str(tmp_path / "report")]
    asked = ["--quick", "--against", "a", "--only", "strangers, lips", "--captures", str(tmp_path)]
    assert main(["eval", *folders, *asked]) == 0
    assert seen[0][:4] == (None, tmp_path, tmp_path / "report", True) and seen[0][5] == Path("a")
    assert seen[0][6] == {"only": ["strangers", "lips"], "captures": tmp_path, "folds": None}
    told = capsys.readouterr()
    assert told.out == "| figure |\n" and told.err == "measuring lips\n"
