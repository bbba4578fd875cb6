"""Face controls: each does what its line of documentation says, to the digit, and none opens a p, b or m."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from emoface.face.controls import RANGES, Controls, Shape, smooth_gaussian
from emoface.face.layout import (
    ARKIT_INDEX,
    ARKIT_NAMES,
    JAW_OPEN_RADIANS,
    JAW_SIDE_RADIANS,
    LIP_GAP_MM,
    MOTION_INDEX,
    MOTION_NAMES,
    MOTION_SIZE,
    arkit_to_motion,
    lip_gap,
    motion_to_arkit,
)

FPS = 25


def face(**weights):
    """One frame of ARKit weights, float64."""
    frame = np.zeros((1, 52))
    for name, weight in weights.items():
        frame[0, ARKIT_INDEX[name]] = weight
    return frame


def changed(controls, **weights):
    """Weights after the controls, of one frame, that differ from 0."""
    after = controls.apply(face(**weights), FPS)[0]
    return {name: round(float(after[i]), 6) for i, name in enumerate(ARKIT_NAMES) if after[i]}


controls = st.builds(
    Controls,
    **{name: st.floats(*map(float, span)) for name, span in RANGES.items()},
    mirror=st.booleans(),
    shapes=st.dictionaries(
        st.sampled_from([*ARKIT_NAMES, "tongueUp"]),
        st.builds(Shape, st.floats(0, 5), st.floats(-1, 1), st.floats(0, 0.4), st.floats(0.5, 1)),
        max_size=3,
    ),
)
weights = hnp.arrays(np.float32, (4, 52), elements=st.floats(0, 1, width=32))


@settings(deadline=None)
@given(weights)
def test_defaults_change_no_bit(arkit):
    np.testing.assert_array_equal(Controls().apply(arkit, FPS), arkit)
    motion = arkit_to_motion(arkit) - np.float32(0.1)
    np.testing.assert_array_equal(Controls().apply(motion, FPS), motion)


@settings(deadline=None)
@given(controls, weights)
def test_results_are_finite_in_range_and_the_same_in_both_layouts(knobs, arkit):
    before = arkit.copy()
    after = knobs.apply(arkit, FPS)
    assert after.shape == arkit.shape and after.dtype == arkit.dtype
    assert np.isfinite(after).all() and after.min() >= 0 and after.max() <= 1
    np.testing.assert_array_equal(arkit, before)
    in_motion = motion_to_arkit(knobs.apply(arkit_to_motion(arkit), FPS))
    np.testing.assert_allclose(after, in_motion, atol=1e-5)


@settings(deadline=None)
@given(controls, weights)
def test_without_smoothing_frames_are_independent(knobs, arkit):
    knobs = Controls.from_json(json.dumps(json.loads(knobs.to_json()) | {"upper_smoothing": 0, "lower_smoothing": 0}))
    whole = knobs.apply(arkit, FPS)
    pieces = [knobs.apply(arkit[:1], FPS), knobs.apply(arkit[1:], FPS)]
    np.testing.assert_array_equal(whole, np.concatenate(pieces))


def test_strengths_act_on_their_half():
    weights = {"browDownLeft": 0.4, "eyeBlinkLeft": 0.4, "eyeLookUpLeft": 0.4, "mouthSmileLeft": 0.4}
    assert changed(Controls(upper_strength=0.5), **weights) == weights | {"browDownLeft": 0.2}
    assert changed(Controls(lower_strength=1.5), **weights) == weights | {"mouthSmileLeft": 0.6}
    assert changed(Controls(blink_strength=2), **weights) == weights | {"eyeBlinkLeft": 0.8}
    assert changed(Controls(gaze_strength=0), **weights) == {k: w for k, w in weights.items() if "Look" not in k}
    assert changed(Controls(tongue_strength=3), tongueOut=0.3) == {"tongueOut": 0.9}
    assert changed(Controls(lower_strength=2), jawOpen=0.7) == {"jawOpen": 1}


def test_every_shape_but_gaze_and_lids_follows_one_of_two_strengths():
    arkit = np.full((1, 52), 0.5)
    arkit[0, ARKIT_INDEX["jawRight"]] = 0
    after = Controls(upper_strength=0, lower_strength=0).apply(arkit, FPS)[0]
    left = {name for name, weight in zip(ARKIT_NAMES, after) if weight}
    assert left == {name for name in ARKIT_NAMES if name.startswith(("eyeBlink", "eyeLook"))}


def test_shapes_are_corrected_exactly():
    knobs = Controls(shapes={"mouthSmileLeft": Shape(gain=2, offset=0.1, high=0.8), "jawOpen": Shape(low=0.25)})
    assert changed(knobs, mouthSmileLeft=0.2) == {"mouthSmileLeft": 0.5, "jawOpen": 0.25}
    assert changed(knobs, mouthSmileLeft=0.6, jawOpen=0.5) == {"mouthSmileLeft": 0.8, "jawOpen": 0.5}
    sideways = Controls(shapes={"jawLeft": Shape(gain=0.5)})
    assert changed(sideways, jawLeft=0.6) == {"jawLeft": 0.3}
    assert changed(sideways, jawRight=0.6) == {"jawRight": 0.6}
    tongue = np.zeros((1, MOTION_SIZE))
    after = Controls(shapes={"tongueUp": Shape(offset=0.5)}).apply(tongue, FPS)
    assert after[0, MOTION_INDEX["tongueUp"]] == 0.5 and after.sum() == 0.5


def test_eyelid_offset_keeps_blinks_whole():
    droop, wide = Controls(eyelid_offset=-0.25), Controls(eyelid_offset=0.5)
    assert changed(droop) == {"eyeBlinkLeft": 0.25, "eyeBlinkRight": 0.25}
    assert changed(droop, eyeBlinkLeft=1, eyeBlinkRight=1) == {"eyeBlinkLeft": 1, "eyeBlinkRight": 1}
    assert changed(droop, eyeBlinkLeft=0.4)["eyeBlinkLeft"] == 0.55
    assert changed(wide) == {"eyeWideLeft": 0.5, "eyeWideRight": 0.5}
    assert changed(wide, eyeBlinkLeft=1, eyeBlinkRight=1) == {"eyeBlinkLeft": 1, "eyeBlinkRight": 1}
    assert changed(Controls(eyelid_offset=-1), eyeWideLeft=1) == {"eyeBlinkLeft": 1, "eyeBlinkRight": 1}


def test_brow_offset():
    assert changed(Controls(brow_offset=0.2), browInnerUp=0.9) == {
        "browInnerUp": 1, "browOuterUpLeft": 0.2, "browOuterUpRight": 0.2,
    }  # fmt: skip
    assert changed(Controls(brow_offset=-0.3)) == {"browDownLeft": 0.3, "browDownRight": 0.3}


def test_lip_open_offset_parts_resting_lips_but_not_pressed_ones():
    assert changed(Controls(lip_open_offset=0.1)) == {"jawOpen": 0.1}
    closed = {"jawOpen": 0.1, "mouthClose": 0.1}
    assert lip_gap(arkit_to_motion(face(**closed)))[0] == 0
    assert changed(Controls(lip_open_offset=0.1), **closed) == closed
    assert changed(Controls(lip_open_offset=0.1), jawOpen=0.5) == {"jawOpen": 0.6}


def test_negative_lip_open_offset_stops_where_the_lips_meet():
    assert changed(Controls(lip_open_offset=-0.1)) == {}
    assert changed(Controls(lip_open_offset=-0.1), jawOpen=0.5) == {"jawOpen": 0.5, "mouthClose": 0.1}
    meet = 0.05 * JAW_OPEN_RADIANS * LIP_GAP_MM["jaw_pose_x"] / -LIP_GAP_MM["mouthClose"]
    after = changed(Controls(lip_open_offset=-0.1), jawOpen=0.05)
    assert after["mouthClose"] == pytest.approx(meet, abs=1e-6)


def test_symmetry_pulls_to_the_mean_and_the_middle():
    weights = {"mouthSmileLeft": 0.6, "mouthSmileRight": 0.2, "jawLeft": 0.4, "mouthRight": 0.5, "eyeLookInLeft": 0.3}
    assert changed(Controls(symmetry=1), **weights) == {
        "mouthSmileLeft": 0.4, "mouthSmileRight": 0.4, "eyeLookInLeft": 0.3,
    }  # fmt: skip
    half = changed(Controls(symmetry=0.5), **weights)
    assert half == {
        "mouthSmileLeft": 0.5, "mouthSmileRight": 0.3, "jawLeft": 0.2, "mouthRight": 0.25, "eyeLookInLeft": 0.3,
    }  # fmt: skip


@settings(deadline=None)
@given(weights)
def test_mirror_exchanges_left_and_right(arkit):
    arkit[:, ARKIT_INDEX["jawRight"]] = 0  # the jaw cannot go both ways
    after = Controls(mirror=True).apply(arkit, FPS)
    for name in ARKIT_NAMES:
        other = name.replace("Left", "#").replace("Right", "Left").replace("#", "Right")
        np.testing.assert_allclose(after[:, ARKIT_INDEX[other]], arkit[:, ARKIT_INDEX[name]], atol=1e-6)
    np.testing.assert_allclose(Controls(mirror=True).apply(after, FPS), arkit, atol=1e-6)


def test_smoothing_is_a_gaussian_of_the_stated_width_without_delay():
    pulse = np.zeros((101, 52))
    pulse[50, ARKIT_INDEX["browInnerUp"]] = 1
    pulse[50, ARKIT_INDEX["eyeBlinkLeft"]] = 1
    after = Controls(upper_smoothing=0.4).apply(pulse, FPS)  # 10 frames
    brow = after[:, ARKIT_INDEX["browInnerUp"]]
    assert brow.argmax() == 50
    np.testing.assert_allclose(brow, brow[::-1], atol=1e-12)
    assert brow[45] == pytest.approx(brow[50] / 2)
    assert brow.sum() == pytest.approx(1)
    np.testing.assert_array_equal(after[:, ARKIT_INDEX["eyeBlinkLeft"]], pulse[:, ARKIT_INDEX["eyeBlinkLeft"]])


def test_smoothing_keeps_constants_up_to_the_ends():
    np.testing.assert_allclose(smooth_gaussian(np.full((3, 2), 0.7), 20.0), 0.7)


def speech():
    """Two seconds of an opening mouth with three p/b/m of 80 ms, and the frames of these."""
    motion = np.zeros((50, MOTION_SIZE))
    motion[:, MOTION_INDEX["jaw_pose_x"]] = 0.4 * JAW_OPEN_RADIANS
    motion[:, MOTION_INDEX["mouthLowerDownLeft"]] = motion[:, MOTION_INDEX["mouthLowerDownRight"]] = 0.3
    closed = [10, 11, 25, 26, 40, 41]
    motion[closed] = 0
    motion[closed, MOTION_INDEX["jaw_pose_x"]] = 0.1 * JAW_OPEN_RADIANS
    motion[closed, MOTION_INDEX["mouthClose"]] = 0.1
    return motion, closed


@pytest.mark.parametrize(
    "knobs",
    [
        Controls(lower_strength=2),
        Controls(lower_strength=0.3),
        Controls(lower_smoothing=0.1),
        Controls(lower_smoothing=0.3, lower_strength=1.5),
        Controls(lip_open_offset=0.2),
        Controls(lower_smoothing=0.15, lower_strength=2, lip_open_offset=0.1, upper_strength=0),
    ],
)
def test_closures_survive(knobs):
    motion, closed = speech()
    after = knobs.apply(motion, FPS)
    assert lip_gap(after)[closed].max() < 1e-6
    assert lip_gap(after)[[18, 33]].min() > 0.2 * lip_gap(motion)[18]  # and the vowels stay open


def test_pressed_lips_overlap_no_more_when_the_mouth_is_made_stronger():
    motion = arkit_to_motion(face(jawOpen=0.1, mouthClose=0.16, mouthRollLower=0.1))
    overlap = lip_gap(motion, signed=True)
    assert overlap < -2
    after = Controls(lower_strength=2).apply(motion, FPS)
    np.testing.assert_allclose(lip_gap(after, signed=True), overlap)
    assert after[0, MOTION_INDEX["mouthRollLower"]] == 0.2


def test_smoothing_closes_no_more_than_it_must():
    motion, _ = speech()
    after = Controls(lower_smoothing=0.1).apply(motion, FPS)
    jerk = [np.abs(np.diff(m[:, MOTION_INDEX["jaw_pose_x"]], 2)).sum() for m in (motion, after)]
    assert jerk[1] < 0.4 * jerk[0]
    shut = after[:, MOTION_INDEX["mouthClose"]].max() * -LIP_GAP_MM["mouthClose"]
    assert shut < lip_gap(motion).max() + 0.1 * -LIP_GAP_MM["mouthClose"]


def test_jaw_of_motion_vectors_is_clipped_to_its_range():
    motion = np.zeros((1, MOTION_SIZE))
    motion[0, MOTION_INDEX["jaw_pose_x"]], motion[0, MOTION_INDEX["jaw_pose_y"]] = 0.25, -0.1
    after = Controls(lower_strength=2).apply(motion, FPS)[0]
    assert after[MOTION_INDEX["jaw_pose_x"]] == JAW_OPEN_RADIANS
    assert after[MOTION_INDEX["jaw_pose_y"]] == -JAW_SIDE_RADIANS
    assert MOTION_NAMES[50:53] == ("jaw_pose_x", "jaw_pose_y", "jaw_pose_z")


@settings(deadline=None)
@given(controls)
def test_json_round_trip(knobs):
    assert Controls.from_json(knobs.to_json()) == knobs


def test_json_file(tmp_path):
    path = tmp_path / "lively.json"
    path.write_text('{"upper_strength": 1.5, "shapes": {"jawOpen": {"gain": 0.8}}}')
    assert Controls.load(path) == Controls(upper_strength=1.5, shapes={"jawOpen": Shape(gain=0.8)})


@pytest.mark.parametrize("data", [b"", b"[]", b'{"symmetry": 7}', b'{"symmetry": null}', b"\xff\xfe"])
def test_bad_json_files_are_named(tmp_path, data):
    path = tmp_path / "lively.json"
    path.write_bytes(data)
    with pytest.raises((ValueError, TypeError), match=r"lively\.json"):
        Controls.load(path)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("{", ValueError, "JSON"),
        ("[" * 100_000, ValueError, "JSON"),
        ("[]", TypeError, "object"),
        ('{"upper": 1}', ValueError, "controls has no 'upper'; known are upper_strength"),
        ('{"upper_strength": 3}', ValueError, "upper_strength must be in 0..2, got 3"),
        ('{"upper_strength": NaN}', ValueError, "upper_strength"),
        ('{"upper_strength": "1"}', TypeError, "upper_strength must be a number, got str"),
        ('{"mirror": 1}', TypeError, "mirror"),
        ('{"shapes": 1}', TypeError, "shapes"),
        ('{"shapes": {"jawOpen": 1}}', TypeError, "jawOpen"),
        ('{"shapes": {"jawOpen": {"gian": 1}}}', ValueError, "gian"),
        ('{"shapes": {"nose": {}}}', ValueError, "nose"),
        ('{"shapes": {"jawOpen": {"low": 0.9, "high": 0.1}}}', ValueError, "low"),
    ],
)
def test_bad_controls_are_refused_by_name(text, error, message):
    with pytest.raises(error, match=message):
        Controls.from_json(text)


def test_bad_curves_are_refused():
    knobs = Controls(upper_strength=0.5)
    for curves in (np.zeros((3, 51)), np.zeros(52), np.zeros((0, 52)), np.full((1, 52), np.nan)):
        with pytest.raises(ValueError, match="curves"):
            knobs.apply(curves, FPS)
    for curves in (np.zeros((3, 52), int), [[0.0] * 52]):
        with pytest.raises(TypeError, match="curves"):
            knobs.apply(curves, FPS)
    for fps in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="fps"):
            knobs.apply(np.zeros((1, 52)), fps)
