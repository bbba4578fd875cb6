"""What an animation adds to motion: files, plots and pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emoface import export
from emoface.animation import Animation
from emoface.export.formats import FORMATS
from emoface.face.layout import ARKIT_INDEX
from emoface.face.rigs import load_rig
from emoface.face_motion import FaceMotion

from .export.vrm_avatars import avatar_file


def curves_animation() -> Animation:
    rng = np.random.default_rng(0)
    return Animation(rng.random((40, 50)), rng.random((40, 3)) * 0.1)


def test_unknown_options_of_pictures_are_named() -> None:
    with pytest.raises(TypeError, match=r"pictures take size, yaw, .*, lights, alpha, backend, got 'height'"):
        curves_animation().render(height=16)


@pytest.mark.parametrize("suffix", FORMATS)
def test_nothing_is_checked_again_on_the_way_to_a_file(tmp_path: Path, checks: list[int], suffix: str) -> None:
    animation = curves_animation()
    options = {".mp4": {"size": 32}, ".vrm": {"face": load_rig(avatar_file(tmp_path))}}.get(suffix, {})
    checks.clear()
    animation.save(tmp_path / f"a{suffix}", **options)
    resampled = (".html", ".csv", ".json")  # to the rates of their readers
    assert len(checks) == (3 if suffix in resampled else 0)


def test_unknown_suffix_and_unwritable_path(tmp_path: Path) -> None:
    animation = curves_animation()
    for name in ("a.obj", "a", "a.npz.gz"):
        with pytest.raises(ValueError, match=r"an animation can be saved as \.csv, \.glb"):
            animation.save(tmp_path / name)
    with pytest.raises(ValueError, match=r"an animation can be loaded from \.csv, \.npz"):
        Animation.load(tmp_path / "a.json")
    for suffix in (".npz", ".csv", ".json", ".png"):
        path = tmp_path / "none" / f"a{suffix}"
        with pytest.raises(FileNotFoundError, match="cannot be written: there is no folder"):
            animation.plot(path) if suffix == ".png" else animation.save(path)


def test_pictures_show_the_motion():
    weights = np.zeros((3, 52), np.float32)
    weights[2, ARKIT_INDEX["jawOpen"]] = 1.0
    animation = Animation.from_arkit(weights)
    frames = list(animation.render(size=64))
    assert len(frames) == 3 and frames[0].shape == (64, 64, 3)
    np.testing.assert_array_equal(frames[0], frames[1])
    assert np.abs(frames[2].astype(int) - frames[0]).max() > 40
    np.testing.assert_array_equal(animation.picture(0.11, size=64), frames[2])
    with pytest.raises(ValueError, match="seconds"):
        animation.picture(5.0)


def test_options_and_rates_that_make_no_sense_are_named(tmp_path):
    animation = Animation.from_arkit(np.zeros((3, 52), np.float32))
    with pytest.raises(TypeError, match=r"\.csv files take fps, got 'layout'"):
        animation.save(tmp_path / "a.csv", layout="emote")
    with pytest.raises(ValueError, match="at most 1000"):
        animation.resample(1e9)
    assert not list(tmp_path.iterdir())


def test_a_loaded_file_is_an_animation(tmp_path):
    for suffix in (".npz", ".csv"):
        loaded = Animation.load(curves_animation().save(tmp_path / f"a{suffix}"))
        assert type(loaded) is Animation and type(loaded.resample(30)) is Animation
    assert type(export.read(tmp_path / "a.npz")) is FaceMotion
