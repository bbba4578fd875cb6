"""FLAME coefficient files."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.audio.load import open_audio
from emoface.demo import demo_path
from emoface.export.formats import LAYOUT_MODELS, LAYOUTS
from emoface.face.layout import EXPRESSION_NAMES, OPEN_HEAD
from emoface.limits import use_budget

Make = Callable[..., Animation]


def fitted(animation: Animation, version: str = "FLAME 2020") -> Animation:
    """The same numbers as coefficients of an official model."""
    names = tuple(f"exp_{k}" for k in range(animation.expression.shape[1]))
    return replace(animation, flame_version=version, expression_names=names)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_round_trip(tmp_path: Path, animate: Make, layout: str) -> None:
    metadata = {"emotion": ["happy", 2], "seed": 3, "note": "größer"}
    fps = 30 if layout == "emage" else 30000 / 1001
    saved = animate(fps=fps, metadata=metadata)
    if layout in LAYOUT_MODELS:
        saved = fitted(saved, LAYOUT_MODELS[layout])
    path = saved.save(tmp_path / "take.npz", layout=layout)
    loaded = Animation.load(path)
    assert np.array_equal(loaded.motion, saved.motion)
    assert (loaded.fps, loaded.metadata, loaded.flame_version) == (fps, metadata, saved.flame_version)
    assert loaded.expression_names == saved.expression_names
    assert (layout == "emoface") == (loaded.flame_version == OPEN_HEAD)


@pytest.mark.parametrize("layout", LAYOUT_MODELS)
def test_layouts_of_published_models_hold_their_models_coefficients_alone(
    tmp_path: Path, animate: Make, layout: str
) -> None:
    model = LAYOUT_MODELS[layout]
    for version in (OPEN_HEAD, "FLAME 2023 Open", "unknown", "FLAME 2023" if model == "FLAME 2020" else "FLAME 2020"):
        saved = animate() if version == OPEN_HEAD else fitted(animate(), version)
        message = f"layout '{layout}' holds coefficients of {model}, these are of {version} .*--flame-model"
        with pytest.raises(ValueError, match=message):
            saved.save(tmp_path / "take.npz", layout=layout)
    named = replace(animate(), flame_version=model)  # and yet the open head's shapes
    with pytest.raises(ValueError, match=f"of {model}, these are of {OPEN_HEAD}"):
        named.save(tmp_path / "take.npz", layout=layout)
    assert not list(tmp_path.iterdir())


def test_keys_shapes_and_types(tmp_path: Path, animate: Make) -> None:
    animate(frames=121, audio=open_audio(demo_path())).save(tmp_path / "take.npz")
    with np.load(tmp_path / "take.npz", allow_pickle=False) as file:
        arrays = dict(file)
    for key, shape in {"expression": (121, 50), "jaw_pose": (121, 3), "betas": (0,)}.items():
        assert arrays[key].shape == shape and arrays[key].dtype == np.float32
    for key in ("neck_pose", "global_orient", "leye_pose", "reye_pose", "transl"):
        assert arrays[key].shape == (121, 3) and not arrays[key].any()
    assert (float(arrays["fps"]), float(arrays["sample_rate"]), float(arrays["audio_offset_s"])) == (
        25,
        16000,
        0,
    )
    assert str(arrays["flame_version"]) == "emoface-open-head-1" and str(arrays["metadata"]) == "{}"
    assert tuple(arrays["expression_names"]) == EXPRESSION_NAMES


def test_published_layouts(tmp_path: Path, animate: Make) -> None:
    animation = fitted(animate())
    animation.save(tmp_path / "d.npz", layout="diffposetalk")
    animation.save(tmp_path / "e.npz", layout="emote")
    with np.load(tmp_path / "d.npz") as file:
        assert file["exp"].shape == (60, 50) and file["shape"].shape == (60, 100)
        assert np.array_equal(file["pose"][:, 3:], animation.jaw_pose) and not file["pose"][:, :3].any()
    with np.load(tmp_path / "e.npz") as file:
        assert file["global_pose"].shape == (60, 3) and np.array_equal(file["jaw_pose"], animation.jaw_pose)


def test_emage_at_its_rate_on_smplx_joints(tmp_path: Path, animate: Make) -> None:
    animation = fitted(animate(frames=50))
    with np.load(animation.save(tmp_path / "b.npz", layout="emage"), allow_pickle=False) as file:
        assert file["poses"].shape == (60, 165) and file["trans"].shape == (60, 3) and file["betas"].shape == (300,)
        assert int(file["mocap_frame_rate"]) == float(file["fps"]) == 30 and str(file["model"]) == "smplx2020"
        expected = animation.resample(30)
        assert np.array_equal(file["poses"][:, 66:69], expected.jaw_pose)
        assert not np.delete(file["poses"], slice(66, 69), 1).any()
        assert np.array_equal(file["expressions"][:, :50], expected.expression)
        assert file["expressions"].shape == (60, 100) and not file["expressions"][:, 50:].any()


def test_vhap_keys(tmp_path: Path, animate: Make) -> None:
    animation = fitted(animate(), "FLAME 2023")
    with np.load(animation.save(tmp_path / "v.npz", layout="vhap"), allow_pickle=False) as file:
        shapes = {key: file[key].shape for key in file.files}
        assert np.array_equal(file["jaw_pose"], animation.jaw_pose)
        assert np.array_equal(file["expr"][:, :50], animation.expression) and not file["expr"][:, 50:].any()
    for key, width in {"rotation": 3, "neck_pose": 3, "translation": 3, "eyes_pose": 6, "expr": 100}.items():
        assert shapes[key] == (60, width)
    assert shapes["shape"] == (300,) and shapes["static_offset"] == (1, 5023, 3)


def test_layouts_with_fixed_width(tmp_path: Path) -> None:
    wide = Animation(np.zeros((2, 120)), np.zeros((2, 3)), expression_names=tuple(map(str, range(120))))
    for layout in ("emage", "vhap"):
        with pytest.raises(ValueError, match=f"layout '{layout}' has 100 expression components, the animation 120"):
            fitted(wide, LAYOUT_MODELS[layout]).save(tmp_path / "take.npz", layout=layout)
    assert not list(tmp_path.iterdir())


def test_foreign_beat2_file(tmp_path: Path) -> None:
    poses = np.zeros((9, 165))
    poses[:, 66] = 0.2
    np.savez(tmp_path / "take.npz", poses=poses, expressions=np.ones((9, 100)), mocap_frame_rate=30)
    loaded = Animation.load(tmp_path / "take.npz")
    assert (loaded.fps, loaded.flame_version, loaded.expression.shape) == (30, "unknown", (9, 100))
    assert (loaded.jaw_pose == np.array([0.2, 0, 0], np.float32)).all()
    np.savez(tmp_path / "body.npz", poses=poses[:, :72], expressions=np.ones((9, 100)))
    with pytest.raises(ValueError, match=r"poses must have shape \(T, 165\), got \(9, 72\)"):
        Animation.load(tmp_path / "body.npz")


def test_same_animation_same_bytes(tmp_path: Path, animate: Make) -> None:
    paths = [animate(metadata={"a": 1}).save(tmp_path / name) for name in ("1.npz", "2.npz")]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_foreign_file_without_our_keys(tmp_path: Path) -> None:
    exp = np.random.default_rng(0).standard_normal((7, 100))
    np.savez(tmp_path / "take.npz", exp=exp, pose=np.ones((7, 6)), shape=np.zeros((7, 100)))
    loaded = Animation.load(tmp_path / "take.npz")
    assert (loaded.fps, loaded.flame_version, loaded.expression.shape) == (25, "unknown", (7, 100))
    with pytest.raises(ValueError, match="needs the open head's named shapes, got coefficients of unknown"):
        loaded.arkit()
    with pytest.raises(ValueError, match="motion needs 50 expression coefficients, got 100"):
        _ = loaded.motion


def test_unknown_layout(tmp_path: Path, animate: Make) -> None:
    with pytest.raises(ValueError, match="layout must be one of emoface, diffposetalk, emote, emage, vhap, got 'voca'"):
        animate().save(tmp_path / "take.npz", layout="voca")
    assert not list(tmp_path.iterdir())


class Evil:
    def __reduce__(self) -> tuple:
        raise AssertionError("was unpickled")

    def __init__(self) -> None:
        self.state = 1


def test_pickles_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "take.npz"
    np.savez(path, expression=np.array([{"a": 1}], object), jaw_pose=np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"path .*take\.npz: 'expression' is not an array of numbers"):
        Animation.load(path)
    path.write_bytes(pickle.dumps({"expression": 1}))
    with pytest.raises(ValueError, match=r"path .*take\.npz is not an archive of arrays"):
        Animation.load(path)


def test_bad_files(tmp_path: Path, animate: Make) -> None:
    path = tmp_path / "take.npz"
    with pytest.raises(FileNotFoundError, match=r"take\.npz does not exist"):
        Animation.load(path)
    for content in (b"", b"hello", b"PK\x03\x04 broken"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"path .*take\.npz is not an archive of arrays"):
            Animation.load(path)
    whole = animate(frames=500).save(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"path .*take\.npz is not an archive of arrays"):
        Animation.load(path)
    np.savez(path, exp=np.zeros((2, 50)))
    with pytest.raises(ValueError, match=r"needs the keys expression and jaw_pose, .* poses; it has exp"):
        Animation.load(path)
    np.savez(path, exp=np.zeros((2, 50)), pose=np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"pose must have shape \(T, 6\)"):
        Animation.load(path)
    np.savez(path, expression=np.full((2, 50), np.nan), jaw_pose=np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"take\.npz is not .* expression must be finite"):
        Animation.load(path)
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ValueError, match="not an archive of arrays"):
        Animation.load(path)


def test_arrays_of_other_kinds_and_sizes(tmp_path: Path, animate: Make) -> None:
    path, plain = tmp_path / "take.npz", animate()
    good = {"expression": plain.expression, "jaw_pose": plain.jaw_pose}
    cases: list[tuple[str, dict]] = [
        (r"expression must be numbers \(T, n\), got float64 of shape \(\)", {"expression": 1.0}),
        (r"jaw_pose must be numbers \(T, n\), got <U3 of shape \(60, 3\)", {"jaw_pose": np.full((60, 3), "0.1")}),
        ("expression has 100000 components, at most 1000", {"expression": np.zeros((1, 10**5), np.int8)}),
        ("fps must be a single value", {"fps": np.zeros(3)}),
        ("could not convert string to float", {"fps": "fast"}),
        ("fps must be positive", {"fps": np.nan}),
        ("flame_version must be a single value", {"flame_version": np.array(["a", "b"])}),
        ("expression_names must be up to 50 texts", {"expression_names": np.arange(50)}),
        ("expression_names must be up to 50 texts", {"expression_names": np.array(["a"] * 51)}),
        ("metadata must be a single value", {"metadata": np.array(["{}", "{}"])}),
    ]
    for words, change in cases:
        np.savez(path, **{**good, **change})
        with pytest.raises(ValueError, match=rf"path .*take\.npz is not a FLAME coefficient file: {words}"):
            Animation.load(path)
    for pose in (np.zeros(60), np.zeros((60, 5)), np.zeros((60, 6, 1))):
        np.savez(path, exp=plain.expression, pose=pose)
        with pytest.raises(ValueError, match=r"pose must have shape \(T, 6\), got "):
            Animation.load(path)
    np.savez_compressed(path, **{**good, "expression": np.zeros((10**5, 50), np.int8)})
    assert path.stat().st_size < 20_000
    with use_budget("1M"), pytest.raises(ValueError, match=r"take\.npz: 'expression' brings its content to 5 MB"):
        Animation.load(path)


def test_a_layouts_name_may_be_any_text_that_is_equal(tmp_path: Path, animate: Make) -> None:
    saved = fitted(animate(), LAYOUT_MODELS["emote"])
    one, other = (saved.save(tmp_path / f"{i}.npz", layout=name) for i, name in enumerate(("emote", "".join("emote"))))
    with np.load(one) as first, np.load(other) as second:
        assert set(first) == set(second)
        for key in first:
            np.testing.assert_array_equal(first[key], second[key])
