"""The examples: short, run as they stand, and leave the files that they promise."""

from __future__ import annotations

import runpy
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.checkpoints import DEFAULT
from emoface.demo import demo_path
from emoface.face.rigs import load_rig

FOLDER = Path(__file__).resolve().parents[1] / "examples"
WRITTEN = {
    "animate_a_file": {"speaking.html", "speaking.glb", "speaking.csv", "speaking.npz", "speaking_again.npz"},
    "change_of_mood": {"change_of_mood.html"},
    "your_own_avatar": {"avatar.glb", "my_avatar_speaking.glb", "my_avatar_speaking.csv"},
    "arrays_in_and_out": {"vertices.npz", "from_arkit.glb"},
    "styles_and_heads": {"styles.png", "heads.png"},
    "a_folder_of_files": {"animated/speech_neutral.npz", "animated/speech_happy.npz", "animated/speech_angry.npz"},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_checkpoint: Path) -> Path:
    """An empty folder to run in; without a default checkpoint the toy one serves."""
    if not DEFAULT.exists():
        for module in ("emoface.checkpoints", "emoface.api", "emoface.pipeline"):
            monkeypatch.setattr(f"{module}.DEFAULT", tiny_checkpoint)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(name: str, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
    runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")


def test_every_example_is_here_and_short() -> None:
    paths = {path.stem: path for path in FOLDER.glob("*.py")}
    assert set(paths) == set(WRITTEN)
    for path in paths.values():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 40, path


@pytest.mark.parametrize("name", WRITTEN)
def test_example_runs(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(name, monkeypatch)
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert written == WRITTEN[name] and capsys.readouterr().out


def test_what_the_examples_write_can_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("animate_a_file", "your_own_avatar", "arrays_in_and_out"):
        run(name, monkeypatch)
    one, other = (Animation.load(folder / f"speaking{suffix}") for suffix in (".npz", ".csv"))
    assert (one.fps, other.fps) == (25, 60)  # Live Link tables have 60 frames a second
    expected = one.resample(60).arkit()
    np.testing.assert_allclose(other.arkit()[: len(expected)], expected, atol=1e-3)
    assert np.abs(one.arkit() - Animation.load(folder / "speaking_again.npz").arkit()).max() > 0.01
    assert load_rig(folder / "my_avatar_speaking.glb").missing == ()
    with np.load(folder / "vertices.npz") as file:
        assert file["vertices"].shape[0] == round(30 * 4.86) and file["vertices"].shape[2] == 3


def test_own_recordings_and_broken_ones(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "voices").mkdir()
    shutil.copy(demo_path(), folder / "voices" / "b.wav")
    (folder / "voices" / "a.wav").write_bytes(b"no sound")
    run("a_folder_of_files", monkeypatch, "voices")
    assert "a.wav left out" in capsys.readouterr().out
    assert len(list((folder / "animated").glob("b_*.npz"))) == 3
    run("animate_a_file", monkeypatch, "voices/b.wav", "a man feels very sad")
    assert Animation.load("speaking.npz").metadata["emotion"] == "a man feels very sad"
