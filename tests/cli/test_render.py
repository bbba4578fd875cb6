"""``emoface render``: pictures and videos of saved motion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emoface.cli import main
from emoface.demo import demo_path

DEMO = str(demo_path())


def test_render_a_picture(take: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = pytest.importorskip("PIL.Image")
    view = ["--size", "96", "--yaw", "35"]
    for name, moment in (("shut.png", "0"), ("open.png", "0.4")):
        assert main(["render", str(take), "-o", name, "--at", moment, *view]) == 0
    shut, opened = (np.asarray(image.open(name), int) for name in ("shut.png", "open.png"))
    assert shut.shape == (96, 96, 3) and np.abs(shut - opened).max() > 40
    assert capsys.readouterr().out == "shut.png\nopen.png\n"


def test_render_a_video(take: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    av = pytest.importorskip("av")
    assert main(["render", str(take), "-o", "take.mp4", "--audio", DEMO, "--size", "64"]) == 0
    with av.open("take.mp4") as video:
        assert len(video.streams.audio) == 1 and video.streams.video[0].codec_context.width == 64


def test_render_frames_without_a_backdrop(take: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    pictures = ["--frames", "png", "--alpha", "--size", "16", "--lights", "flat"]
    assert main(["render", str(take), "-o", "all", *pictures]) == 0
    assert main(["render", str(take), "-o", "all", "--frames", "ply"]) == 0
    names = sorted(path.name for path in Path("all").iterdir())
    assert names[:2] == ["00000.ply", "00000.png"] and len(names) % 2 == 0
    with image.open("all/00000.png") as picture:
        assert picture.mode == "RGBA"


def test_an_identity_shows(take: Path) -> None:
    picture = ["render", str(take), "--size", "64", "-o"]
    assert main([*picture, "plain.png"]) == 0
    assert main([*picture, "wide.png", "--identity", "face_width=1,nose_width=-1"]) == 0
    assert Path("plain.png").read_bytes() != Path("wide.png").read_bytes()


def test_render_refuses(take: Path, error_of: Callable[..., str]) -> None:
    assert "--out must be a .mp4 or a .png" in error_of("render", str(take), "-o", "take.gif")
    assert "--at goes with a .png" in error_of("render", str(take), "-o", "take.mp4", "--at", "1")
    assert "--alpha goes with" in error_of("render", str(take), "-o", "take.mp4", "--alpha")
    assert "invalid choice: 'moon'" in error_of("render", str(take), "-o", "a.png", "--lights", "moon")
    assert "seconds must be in 0..0.4" in error_of("render", str(take), "-o", "a.png", "--at", "9")
    assert "none.npz" in error_of("render", "none.npz", "-o", "a.png")
    assert "none.glb" in error_of("render", str(take), "-o", "a.png", "--face", "none.glb")
    assert [p.name for p in Path().iterdir()] == ["take.npz"]
