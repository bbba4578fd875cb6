"""The table of formats: what its rows say is what writers, readers and files do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emoface import export
from emoface.animation import Animation
from emoface.audio.load import open_audio
from emoface.demo import demo_path
from emoface.export.formats import FACES, FORMATS, HEADS, LAYOUT_MODELS, LAYOUTS, READABLE, format_of
from emoface.face.face import as_face
from emoface.face.open_head import open_head_model

from .vrm_avatars import avatar_file

Make = Callable[..., Animation]
PERSON = {"face_width": 1.0, "nose_width": -1.0}


def written(animation: Animation, path: Path, **options: object) -> bytes:
    if path.suffix == ".mp4":
        pytest.importorskip("imageio_ffmpeg")
        options = {"size": 64, **options}
    if path.suffix == ".vrm":
        options = {"face": avatar_file(path.parent), **options}
    return animation.save(path, **options).read_bytes()


@pytest.mark.parametrize("suffix", FORMATS)
def test_rows_know_their_writers(suffix: str) -> None:
    row = FORMATS[suffix]
    assert row.suffix == suffix and row.name and row.content
    assert ({"face", "identity"} <= set(row.options)) == row.head == (suffix in HEADS)
    assert ("face" in row.options) == (suffix in FACES)
    assert ("fps" in row.options) == ("`fps`" in row.rates)
    if row.reader is None:
        with pytest.raises(ValueError, match=f"{suffix} files are not read"):
            row.read("a")


@pytest.mark.parametrize("suffix", FORMATS)
def test_files_hold_what_the_rows_say(tmp_path: Path, animate: Make, suffix: str) -> None:
    row = FORMATS[suffix]
    with_sound = {"embed_audio": True} if suffix in (".glb", ".vrm") else {}
    voice = open_audio(demo_path())
    frames = voice.frames(25) if suffix in (".csv", ".json") else 5  # these are resampled, as long as the recording
    loud = written(animate(frames=frames, audio=voice), tmp_path / f"loud{suffix}", **with_sound)
    silent = written(animate(frames=frames), tmp_path / f"silent{suffix}")
    assert (len(loud) > len(silent) + 10_000) == row.sound
    if "fps" in row.options:
        assert written(animate(frames=5), tmp_path / f"fast{suffix}", fps=30 if suffix == ".csv" else 100) != silent
    if suffix in READABLE:
        back, saved = export.read(tmp_path / f"loud{suffix}"), animate(frames=frames, audio=voice)
        expected = saved.resample(60) if suffix == ".csv" else saved
        np.testing.assert_allclose(back.motion, expected.motion, atol=1e-6)


@pytest.mark.parametrize("suffix", HEADS)
def test_an_identity_is_in_every_file_with_a_head(tmp_path: Path, animate: Make, suffix: str) -> None:
    animation = animate(frames=2)
    plain, named, array, resolved = (
        written(animation, tmp_path / f"{number}{suffix}", **options)
        for number, options in enumerate((
            {},
            {"identity": PERSON},
            {"face": open_head_model(), "identity": as_face(None, PERSON).identity},
            {"face": as_face(None, PERSON)},
        ))
    )  # fmt: skip
    assert named == array == resolved != plain
    with pytest.raises(ValueError, match="identity must name components of the open head"):
        animation.save(tmp_path / f"wrong{suffix}", identity={"nose": 1})
    assert not (tmp_path / f"wrong{suffix}").exists()


def test_what_is_not_installed_is_said_before_the_work(
    tmp_path: Path, animate: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    for check in (format_of("a.mp4").check, lambda: animate(frames=1).save(tmp_path / "a.mp4")):
        with pytest.raises(ImportError, match=r"writing \.mp4 needs imageio-ffmpeg: pip install 'emoface\[video\]'"):
            check()
    format_of("a.GLB").check({"face": None})
    with pytest.raises(TypeError, match="path must be a path, got int"):
        format_of(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_written(tmp_path: Path, animate: Make, layout: str) -> None:
    animation = animate(frames=6)
    if layout in LAYOUT_MODELS:
        names = tuple(f"exp_{k}" for k in range(50))
        animation = replace(animation, flame_version=LAYOUT_MODELS[layout], expression_names=names)
    assert len(export.read(animation.save(tmp_path / "a.npz", layout=layout))) in (6, 7)


def test_the_table_needs_no_torch() -> None:
    script = "import sys; sys.modules['torch'] = None; from emoface.export.formats import FORMATS; print(*FORMATS)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == list(FORMATS)
