"""FaceMotion: what it holds, that it never changes, and what is read from it."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from emoface.animation import Animation
from emoface.audio.load import open_audio
from emoface.demo import demo_path
from emoface.face.controls import Controls
from emoface.face.layout import ARKIT_INDEX, JAW_OPEN_RADIANS, NECK_RADIANS, arkit_to_motion
from emoface.face.open_head import open_head
from emoface.face.rigs.open_head import open_head_rig
from emoface.face_motion import FaceMotion

COUNTS = st.integers(1, 400)
RATES = st.floats(1, 240)


def curves(frames: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((frames, 50)).astype(np.float32), rng.random((frames, 3)).astype(np.float32) * 0.1


def test_properties() -> None:
    expression, jaw = curves()
    animation = FaceMotion(torch.from_numpy(expression).double().requires_grad_(), jaw, 25)
    assert len(animation) == animation.frames == 40 and animation.duration == 1.6
    assert animation.expression.dtype == animation.motion.dtype == np.float32
    assert animation.motion.shape == (40, 56) and not animation.neck_pose.any()
    expression[:] = 0
    assert animation.expression.any(), "the animation keeps its own copy"
    assert repr(animation) == "FaceMotion(40 frames, 25 fps, 1.60 s, emoface-open-head-1)"


def test_arkit_is_exact() -> None:
    weights = np.random.default_rng(0).random((9, 52)).astype(np.float32)
    weights[:, 15] = 0
    arkit = FaceMotion.from_motion(arkit_to_motion(weights)).arkit()
    assert arkit.shape == (9, 52)
    np.testing.assert_allclose(arkit, weights, atol=1e-7)
    assert FaceMotion(np.zeros((1, 50)), np.array([[2 * JAW_OPEN_RADIANS, 0, 0]])).arkit().max() == 1


@settings(deadline=None)
@given(frames=COUNTS, fps=RATES, new=RATES)
def test_resampled_length(frames: int, fps: float, new: float) -> None:
    animation = FaceMotion(np.zeros((frames, 50)), np.zeros((frames, 3)), fps)
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
    animation = FaceMotion(ramp, np.zeros((frames, 3)), 25, audio)
    for fps in (24, 30, 60, 10):
        new = animation.resample(fps)
        assert len(new) == round(audio.duration * fps) and new.fps == fps and new.audio is audio
        centres = ((np.arange(len(new)) + 0.5) / fps).clip(seconds[0], seconds[-1])
        np.testing.assert_allclose(new.expression[:, 3], centres / 10, atol=1e-6)
    assert np.array_equal(animation.resample(25).motion, animation.motion)


@pytest.mark.parametrize("array", ["expression", "jaw_pose"])
def test_nothing_in_it_changes(array: str) -> None:
    motion = FaceMotion(*curves(), metadata={"seed": 1})
    held = getattr(motion, array)
    with pytest.raises(ValueError, match="read-only"):
        held[30, 2] = np.nan
    with pytest.raises(ValueError, match="WRITEABLE"):
        held.setflags(write=True)
    with pytest.raises(FrozenInstanceError):
        setattr(motion, array, held)
    for change in (lambda d: d.update(seed=2), lambda d: d.pop("seed"), lambda d: d.__setitem__("seed", 2)):
        with pytest.raises(TypeError, match=r"metadata cannot be changed; dataclasses\.replace"):
            change(motion.metadata)
    assert motion.metadata == {"seed": 1}


def test_what_comes_out_is_the_callers() -> None:
    motion = FaceMotion(*curves(), metadata={"emotion": ("sad", 2)})
    for result in (motion.motion, motion.arkit(), motion.vertices(stop=1)):
        result[:] = 0
    own = copy.deepcopy(motion.metadata)
    own["seed"] = 3
    assert motion.motion.any() and motion.vertices(stop=1).any()
    assert motion.metadata == {"emotion": ["sad", 2]}, "in the form that a file gives back"


def test_coefficients_of_a_motion_are_not_checked_again(checks: list[int]) -> None:
    motion = FaceMotion(*curves())
    assert checks == [40 * 50 * 4, 40 * 3 * 4, 40 * 3 * 4]
    same = Animation.of(replace(motion, fps=30, metadata={"seed": 1}))
    assert same.expression is motion.expression and same.jaw_pose is motion.jaw_pose
    some = replace(motion, expression=motion.expression[7:9], jaw_pose=motion.jaw_pose[7:9])
    assert np.shares_memory(some.expression, motion.expression) and len(some) == 2
    motion.arkit(), motion.vertices(stop=1), motion.resample(25)
    assert len(checks) == 4, "the last is the still head of two frames"
    with pytest.raises(ValueError, match="T at least 1"):
        replace(motion, expression=motion.expression[:0], jaw_pose=motion.jaw_pose[:0])
    with pytest.raises(ValueError, match="a column a name"):
        replace(motion, expression=motion.expression[:, :49])
    motion.resample(50)
    assert len(checks) == 8, "one of the 49 columns, which are a copy, and three of the new curves"


@pytest.mark.parametrize("kind", [FaceMotion, Animation])
def test_a_new_motion_is_of_the_same_class(kind: type[FaceMotion]) -> None:
    motion = kind(*curves())
    made = [motion.resample(30), motion.resample(25), motion.adjust(Controls(upper_strength=0.5))]
    made += [kind.from_motion(motion.motion), kind.from_arkit(motion.arkit()), replace(motion, fps=30)]
    assert {type(one) for one in made} == {kind}
    assert repr(motion).startswith(f"{kind.__name__}(40 frames")


@pytest.mark.parametrize("again", [lambda m: pickle.loads(pickle.dumps(m)), copy.copy, copy.deepcopy])
@pytest.mark.parametrize("kind", [FaceMotion, Animation])
def test_pickles_and_copies(again: Any, kind: type[FaceMotion]) -> None:
    motion = kind(*curves(), 30, open_audio(demo_path()), metadata={"emotion": ["sad", 2]})
    new = again(motion)
    assert type(new) is kind and new is not motion
    assert np.array_equal(new.motion, motion.motion) and (new.fps, new.metadata) == (30, motion.metadata)
    assert new.expression_names == motion.expression_names and new.flame_version == motion.flame_version
    assert not new.expression.flags.writeable
    assert new.audio.name == "speech.wav" and torch.equal(new.audio.waveform(), motion.audio.waveform())


def test_two_motions_are_never_equal() -> None:
    motion = FaceMotion(*curves())
    assert motion != replace(motion) and len({motion, replace(motion)}) == 2


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"seed": object()}, "metadata must hold what JSON knows"),
        ({1: "seed"}, "metadata must be a dict whose keys are text"),
        ([["seed", 1]], "metadata must be a dict whose keys are text"),
    ],
)
def test_metadata_must_be_json(metadata: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        FaceMotion(*curves(), metadata=metadata)


@pytest.mark.parametrize("fps", [0, -25, float("nan"), float("inf")])
def test_bad_fps(fps: float) -> None:
    expression, jaw = curves()
    with pytest.raises(ValueError, match="fps must be positive and finite, at most 1000, got"):
        FaceMotion(expression, jaw, fps)
    with pytest.raises(ValueError, match="fps must be positive and finite, at most 1000, got"):
        FaceMotion(expression, jaw).resample(fps)
    with pytest.raises(TypeError, match="fps must be a number, got list"):
        FaceMotion(expression, jaw, [25])  # type: ignore[arg-type]


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
            FaceMotion(e, j)
    with pytest.raises(ValueError, match=r"motion must have shape \(\.\.\., 56\), got \(40, 50\)"):
        FaceMotion.from_motion(expression)
    for wrong in (expression.tolist(), expression.astype(object), None):
        with pytest.raises(TypeError, match="expression must be a numeric numpy array or torch tensor, got"):
            FaceMotion(wrong, jaw)  # type: ignore[arg-type]


def test_vertices_of_a_rig_and_of_the_open_head_agree_where_nothing_turns():
    weights = np.zeros((3, 52), np.float32)
    weights[1, ARKIT_INDEX["mouthSmileLeft"]] = 0.7
    weights[2, ARKIT_INDEX["browInnerUp"]] = 1.0
    animation = FaceMotion.from_arkit(weights)
    exact, linear = animation.vertices(), animation.vertices(open_head_rig())
    assert exact.shape == (3, len(open_head().data.template), 3)
    np.testing.assert_allclose(exact, linear, atol=2e-6)
    assert np.abs(exact[1] - exact[0]).max() > 0.002
    np.testing.assert_array_equal(animation.vertices(start=1, stop=2), exact[1:2])


def test_vertices_refuse_coefficients_of_another_face():
    animation = FaceMotion(np.zeros((2, 50), np.float32), np.zeros((2, 3), np.float32), flame_version="FLAME 2020")
    with pytest.raises(ValueError, match="FLAME 2020"):
        animation.vertices()
    with pytest.raises(TypeError, match="face must be a FlameModel, a Rig"):
        animation.vertices(7)


def test_identity_is_given_by_name():
    names = open_head().identity_names
    still = FaceMotion(np.zeros((1, 50), np.float32), np.zeros((1, 3), np.float32))
    with pytest.raises(ValueError, match="no_such_part"):
        still.vertices(identity={"no_such_part": 1.0})
    for name in names:
        moved = np.linalg.norm(still.vertices(identity={name: 1.0}) - still.vertices(), axis=-1)
        assert moved.max() > 0.001, name


def test_adjust_changes_what_the_controls_say():
    weights = np.full((5, 52), 0.2, np.float32)
    animation = FaceMotion.from_arkit(weights)
    doubled = animation.adjust(Controls(upper_strength=2.0))
    brow, blink = ARKIT_INDEX["browInnerUp"], ARKIT_INDEX["eyeBlinkLeft"]
    np.testing.assert_allclose(doubled.arkit()[:, brow], 0.4, atol=1e-6)
    np.testing.assert_allclose(doubled.arkit()[:, blink], 0.2, atol=1e-6)
    np.testing.assert_array_equal(animation.adjust(Controls()).motion, animation.motion)
    with pytest.raises(TypeError, match="controls must be"):
        animation.adjust({"upper_strength": 2})


def test_the_head_turns_about_its_own_axes():
    """+x nods the chin down, +y turns the face to the speaker's left, +z tilts the crown to the speaker's right."""
    rest = open_head().data.template
    nose, crown = rest[:, 2].argmax(), rest[:, 1].argmax()
    turned = FaceMotion(np.zeros((3, 50)), np.zeros((3, 3)), neck_pose=0.3 * np.eye(3)).vertices() - rest
    assert turned[0, nose, 1] < -0.01 and turned[1, nose, 0] > 0.01 and turned[2, crown, 0] < -0.01
    collar = rest[:, 1] < rest[:, 1].min() + 0.01
    assert np.abs(turned[:, collar]).max() < 1e-3, "what is cut off below stays"


def test_a_head_turns_no_further_than_a_neck():
    zeros = np.zeros((2, 50)), np.zeros((2, 3))
    far = FaceMotion(*zeros, neck_pose=np.array([[0, NECK_RADIANS, 0], [0, 3.0, 0]])).vertices()
    np.testing.assert_allclose(far[0], far[1], atol=1e-6)
    with pytest.raises(ValueError, match=r"neck_pose must be radians, half a turn at most, got a turn by 30"):
        FaceMotion(*zeros, neck_pose=np.array([[0, 30.0, 0], [0, 0, 0]]))
    with pytest.raises(ValueError, match=r"neck_pose must have shape \(2, 3\)"):
        FaceMotion(*zeros, neck_pose=np.ones((3, 3)))


def test_everything_keeps_the_head():
    neck = 0.1 * np.sin(np.arange(40))[:, None] * [1.0, 0.5, -0.5]
    motion = FaceMotion(*curves(), neck_pose=neck)
    held = motion.neck_pose
    kept = [FaceMotion.from_motion(motion.motion), replace(motion, fps=30), copy.deepcopy(motion), motion.resample(25)]
    assert all(np.array_equal(one.neck_pose, held) for one in kept)
    assert np.abs(motion.resample(50).neck_pose).max() > 0.9 * np.abs(held).max()
    adjusted = motion.adjust(Controls(head_strength=0.5)).neck_pose
    np.testing.assert_allclose(adjusted, 0.5 * held, atol=1e-7)
    np.testing.assert_allclose(motion.adjust(Controls(mirror=True)).neck_pose, held * [1, -1, -1], atol=1e-7)
    assert not motion.adjust(Controls(head_strength=0)).neck_pose.any()
    old = FaceMotion.from_motion(motion.motion[:, :53])
    assert np.array_equal(old.jaw_pose, motion.jaw_pose) and not old.neck_pose.any()
