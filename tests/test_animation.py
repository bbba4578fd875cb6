"""The Animation container."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emoface.animation import Animation
from emoface.audio.load import open_audio
from emoface.demo import demo_path
from emoface.export import WRITERS
from emoface.face.controls import Controls
from emoface.face.layout import ARKIT_INDEX, JAW_OPEN_RADIANS, arkit_to_motion
from emoface.face.open_head import open_head
from emoface.face.rigs.open_head import open_head_rig

COUNTS = st.integers(1, 400)
RATES = st.floats(1, 240)


def curves(frames: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((frames, 50)).astype(np.float32), rng.random((frames, 3)).astype(np.float32) * 0.1


def test_properties() -> None:
    expression, jaw = curves()
    animation = Animation(torch.from_numpy(expression).double().requires_grad_(), jaw, 25)
    assert len(animation) == animation.frames == 40 and animation.duration == 1.6
    assert animation.expression.dtype == animation.motion.dtype == np.float32
    assert animation.motion.shape == (40, 53)
    expression[:] = 0
    assert animation.expression.any(), "the animation keeps its own copy"
    assert repr(animation) == "Animation(40 frames, 25 fps, 1.60 s, emoface-open-head-1)"


def test_arkit_is_exact() -> None:
    weights = np.random.default_rng(0).random((9, 52)).astype(np.float32)
    weights[:, 15] = 0
    arkit = Animation.from_motion(arkit_to_motion(weights)).arkit()
    assert arkit.shape == (9, 52)
    np.testing.assert_allclose(arkit, weights, atol=1e-7)
    assert Animation(np.zeros((1, 50)), np.array([[2 * JAW_OPEN_RADIANS, 0, 0]])).arkit().max() == 1


@settings(deadline=None)
@given(frames=COUNTS, fps=RATES, new=RATES)
def test_resampled_length(frames: int, fps: float, new: float) -> None:
    animation = Animation(np.zeros((frames, 50)), np.zeros((frames, 3)), fps)
    expected = round(frames / fps * new)
    if expected:
        assert len(animation.resample(new)) == expected
    else:
        with pytest.raises(ValueError, match="leaves no frame"):
            animation.resample(new)


def test_resampling_follows_the_recording_and_keeps_time() -> None:
    audio = open_audio(demo_path())
    frames = audio.frames(25)
    seconds = (np.arange(frames) + 0.5) / 25
    ramp = np.repeat(seconds[:, None], 50, 1) / 10
    animation = Animation(ramp, np.zeros((frames, 3)), 25, audio)
    for fps in (24, 30, 60, 10):
        new = animation.resample(fps)
        assert len(new) == round(audio.duration * fps) and new.fps == fps and new.audio is audio
        centres = ((np.arange(len(new)) + 0.5) / fps).clip(seconds[0], seconds[-1])
        np.testing.assert_allclose(new.expression[:, 3], centres / 10, atol=1e-6)
    assert np.array_equal(animation.resample(25).motion, animation.motion)


@pytest.mark.parametrize("array", ["expression", "jaw_pose"])
def test_arrays_that_were_spoilt_are_refused(array: str) -> None:
    animation = Animation(*curves())
    getattr(animation, array)[30, 2] = np.nan
    assert np.isfinite(animation.vertices(stop=30)).all()
    with pytest.raises(ValueError, match=f"{array} must be finite, it is not in frame 30"):
        animation.vertices(start=20)
    with pytest.raises(ValueError, match=f"{array} must be finite, it is not in frame 30"):
        animation.render(size=16)
    with pytest.raises(ValueError, match="motion must be finite, it is not in frame 30"):
        animation.arkit()


def test_unknown_options_of_pictures_are_named() -> None:
    with pytest.raises(TypeError, match="pictures take size, yaw, pitch, zoom, two_sided, got 'height'"):
        Animation(*curves()).render(height=16)


@pytest.mark.parametrize("fps", [0, -25, float("nan"), float("inf")])
def test_bad_fps(fps: float) -> None:
    expression, jaw = curves()
    with pytest.raises(ValueError, match="fps must be positive and finite, at most 1000, got"):
        Animation(expression, jaw, fps)
    with pytest.raises(ValueError, match="fps must be positive and finite, at most 1000, got"):
        Animation(expression, jaw).resample(fps)
    with pytest.raises(TypeError, match="fps must be a number, got str"):
        Animation(expression, jaw, "25")  # type: ignore[arg-type]


def test_bad_curves() -> None:
    expression, jaw = curves()
    cases = [
        (expression[:, :49], jaw, r"expression must have shape \(T, 50\)"),
        (expression[0], jaw, r"expression must have shape \(T, n\)"),
        (expression[:0], jaw[:0], r"expression must have shape \(T, n\) with T at least 1"),
        (expression, jaw[:-1], r"jaw_pose must have shape \(40, 3\) like expression, got \(39, 3\)"),
        (np.where(np.arange(40)[:, None] == 7, np.nan, expression), jaw, "finite, it is not in frame 7"),
        (expression, jaw + np.inf, "jaw_pose must be finite, it is not in frame 0"),
    ]
    for e, j, message in cases:
        with pytest.raises(ValueError, match=message):
            Animation(e, j)
    with pytest.raises(ValueError, match=r"motion must have shape \(T, 53\), got \(40, 50\)"):
        Animation.from_motion(expression)
    for wrong in (expression.tolist(), expression.astype(object), None):
        with pytest.raises(TypeError, match="expression must be a numeric numpy array or torch tensor, got"):
            Animation(wrong, jaw)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", sorted(WRITERS))
def test_arrays_spoilt_after_they_were_checked_are_not_saved(tmp_path: Path, suffix: str) -> None:
    animation = Animation(*curves())
    animation.expression[7, 3] = np.nan
    with pytest.raises(ValueError, match="expression must be finite, it is not in frame 7"):
        animation.save(tmp_path / f"a{suffix}")
    animation.expression, animation.jaw_pose = animation.expression[:0], animation.jaw_pose[:0]
    with pytest.raises(ValueError, match="expression must have shape"):
        animation.save(tmp_path / f"a{suffix}")
    assert not list(tmp_path.iterdir())


def test_unknown_suffix_and_unwritable_path(tmp_path: Path) -> None:
    animation = Animation(*curves())
    for name in ("a.obj", "a", "a.npz.gz"):
        with pytest.raises(ValueError, match=r"an animation can be saved as \.csv, \.glb"):
            animation.save(tmp_path / name)
    with pytest.raises(ValueError, match=r"an animation can be loaded from \.csv, \.npz"):
        Animation.load(tmp_path / "a.json")
    for suffix in (".npz", ".csv", ".json", ".png"):
        path = tmp_path / "none" / f"a{suffix}"
        with pytest.raises(FileNotFoundError, match="cannot be written: there is no folder"):
            animation.plot(path) if suffix == ".png" else animation.save(path)


def test_metadata_must_be_json(tmp_path: Path) -> None:
    animation = Animation(*curves(), metadata={"seed": object()})
    for suffix in (".npz", ".json"):
        with pytest.raises(TypeError, match="metadata must hold what JSON knows"):
            animation.save(tmp_path / f"a{suffix}")
    assert not list(tmp_path.iterdir())


def test_vertices_of_a_rig_and_of_the_open_head_agree_where_nothing_turns():
    weights = np.zeros((3, 52), np.float32)
    weights[1, ARKIT_INDEX["mouthSmileLeft"]] = 0.7
    weights[2, ARKIT_INDEX["browInnerUp"]] = 1.0
    animation = Animation.from_arkit(weights)
    exact, linear = animation.vertices(), animation.vertices(open_head_rig())
    assert exact.shape == (3, len(open_head().data.template), 3)
    np.testing.assert_allclose(exact, linear, atol=2e-6)
    assert np.abs(exact[1] - exact[0]).max() > 0.002
    np.testing.assert_array_equal(animation.vertices(start=1, stop=2), exact[1:2])


def test_vertices_refuse_coefficients_of_another_face():
    animation = Animation(np.zeros((2, 50), np.float32), np.zeros((2, 3), np.float32), flame_version="FLAME 2020")
    with pytest.raises(ValueError, match="FLAME 2020"):
        animation.vertices()
    with pytest.raises(TypeError, match="face"):
        animation.vertices("head")


def test_identity_is_given_by_name():
    names = open_head().identity_names
    still = Animation(np.zeros((1, 50), np.float32), np.zeros((1, 3), np.float32))
    with pytest.raises(ValueError, match="no_such_part"):
        still.vertices(identity={"no_such_part": 1.0})
    for name in names:
        moved = np.linalg.norm(still.vertices(identity={name: 1.0}) - still.vertices(), axis=-1)
        assert moved.max() > 0.001, name


def test_adjust_changes_what_the_controls_say():
    weights = np.full((5, 52), 0.2, np.float32)
    animation = Animation.from_arkit(weights)
    doubled = animation.adjust(Controls(upper_strength=2.0))
    brow, blink = ARKIT_INDEX["browInnerUp"], ARKIT_INDEX["eyeBlinkLeft"]
    np.testing.assert_allclose(doubled.arkit()[:, brow], 0.4, atol=1e-6)
    np.testing.assert_allclose(doubled.arkit()[:, blink], 0.2, atol=1e-6)
    np.testing.assert_array_equal(animation.adjust(Controls()).motion, animation.motion)
    with pytest.raises(TypeError, match="controls must be"):
        animation.adjust({"upper_strength": 2})


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
