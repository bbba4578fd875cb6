"""Stand-ins for the library behind the command line, and the one line that a wrong command says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.audio.load import open_audio
from emoface.cli import main
from emoface.face.layout import ARKIT_INDEX


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    """What ``emoface.animate`` is called with, instead of calling it; in an empty folder."""
    seen: list[dict[str, Any]] = []

    def fake(audio: Any, **options: Any) -> Any:
        recording = open_audio(audio)
        seen.append({"audio": audio, **options})
        motion = np.full((recording.frames(25), 53), 0.1)
        takes = [
            Animation.from_motion(motion, 25, audio=recording, metadata={"sample": n})
            for n in range(options.get("num_samples", 1))
        ]
        return takes if len(takes) > 1 else takes[0]

    monkeypatch.setattr("emoface.api.animate", fake)
    monkeypatch.chdir(tmp_path)
    return seen


@pytest.fixture
def error_of(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command that must fail as a user error, and returns the one line it says."""

    def run(*arguments: str) -> str:
        try:
            code: Any = main(arguments)
        except SystemExit as stop:
            code = stop.code
        told = capsys.readouterr()
        assert code == 2 and told.out == ""
        assert told.err.startswith("emoface: error: ") and told.err.count("\n") == 1
        return told.err.strip().removeprefix("emoface: error: ")

    return run


@pytest.fixture
def take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Saved motion whose jaw opens over ten frames, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    weights = np.zeros((10, 52), np.float32)
    weights[:, ARKIT_INDEX["jawOpen"]] = np.linspace(0, 0.8, 10)
    return Animation.from_arkit(weights).save("take.npz")
