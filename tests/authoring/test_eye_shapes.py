"""The shipped head's eyes, lids, brows, raised cheeks and nose, and the checks that watch them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from authoring import checks
from authoring.eye_patch import EDGE, eye_patch
from authoring.eyeball import LIMBUS
from authoring.skin import EYE_CENTRE, EYE_RADIUS, Skin
from emoface.face.layout import EXPRESSION_NAMES

HEAD = checks.load_head()
NAMES = tuple(name for name in EXPRESSION_NAMES if name.startswith(("eye", "brow", "cheekSquint", "noseSneer")))
BROW = slice(22, 27)  # landmarks of the left one, from the nose outwards
LIDS_IN_ORDER = ("blink", "blink 0.75", "blink 0.5", "squint", "blink 0.25", "neutral", "wide 0.5", "wide")


def moved(name: str, weight: float = 1.0) -> np.ndarray:
    """The landmarks' displacement (68, 3), mm."""
    return HEAD.landmarks(HEAD.pose({name: weight})) - HEAD.landmarks(HEAD.template)


def pupil(weights: dict[str, float]) -> np.ndarray:
    """Where the left eye looks, seen from its centre: the direction of its foremost vertex at rest."""
    eye = HEAD.template[slice(*HEAD.eye_vertices)]
    foremost = HEAD.eye_vertices[0] + int(eye[:, 2].argmax())
    arm = HEAD.pose(weights)[foremost] - HEAD.joints[3]
    return arm / np.linalg.norm(arm)


def test_at_rest_the_upper_lid_covers_the_edge_of_the_iris_and_the_lower_one_touches_it():
    """As in people at ease; a whole iris in sight reads as surprise."""
    rim = eye_patch(Skin()).points[EDGE] - EYE_CENTRE  # (columns, 3), cm
    before = np.abs(rim[:, 0]) < 0.25
    iris = EYE_RADIUS * np.sin(np.radians(LIMBUS))
    assert 0.55 < rim[before & (rim[:, 1] > 0), 1].mean() / iris < 0.75
    assert -1.05 < rim[before & (rim[:, 1] < 0), 1].mean() / iris < -0.85


@pytest.mark.parametrize("name", NAMES)
def test_shape_is_sound(name):
    shape = checks.check_shape(HEAD, name)
    assert checks.failures([shape], []) == []
    assert 0.5 < shape.move < 12.0


@pytest.mark.parametrize("pose", checks.LID_POSES)
def test_lids_keep_off_the_eyeball_and_in_order(pose):
    assert checks.failures([], [checks.check_lids(HEAD, pose)]) == []


def test_the_open_eye_narrows_and_widens():
    seen = {pose: checks.check_lids(HEAD, pose).open_share for pose in LIDS_IN_ORDER}
    assert list(seen.values()) == sorted(seen.values())
    assert 0.3 < seen["blink 0.5"] < 0.6 and seen["squint"] < 0.75 and seen["wide"] > 1.2


def test_neutral_lids_frame_the_iris():
    marks = HEAD.landmarks(HEAD.template)
    assert 7 < marks[checks.UPPER_LID, 1].mean() - marks[checks.LOWER_LID, 1].mean() < 13
    assert marks[45, 1] > marks[42, 1]  # the outer canthus is the higher one
    assert 26 < marks[45, 0] - marks[42, 0] < 34


@pytest.mark.parametrize(
    ("name", "axis", "sign", "least"),
    [("eyeLookUp", 1, 1, 0.35), ("eyeLookDown", 1, -1, 0.35), ("eyeLookOut", 0, 1, 0.4), ("eyeLookIn", 0, -1, 0.4)],
)
def test_gaze_turns_the_eyeball_its_way(name, axis, sign, least):
    assert sign * pupil({name: 1.0})[axis] > least
    assert abs(pupil({})[axis]) < 0.01


def test_the_upper_lid_follows_the_gaze():
    assert moved("eyeLookUpLeft")[checks.UPPER_LID, 1].min() > 1.5
    assert moved("eyeLookDownLeft")[checks.UPPER_LID, 1].max() < -2.5


@pytest.mark.parametrize(
    ("name", "inner", "outer"),
    [("browInnerUp", (3, 9), (-1, 3)), ("browOuterUpLeft", (0, 5), (4, 9)), ("browDownLeft", (-8.5, -2.5), (-6, -0.5))],
)
def test_brows_move_their_own_end(name, inner, outer):
    up = moved(name)[BROW, 1]
    assert inner[0] < up[0] < inner[1]
    assert outer[0] < up[-1] < outer[1]


def test_sneer_and_cheek_squint_lift_the_middle_of_the_face():
    assert moved("noseSneerLeft")[35, 1] > 2.5  # the left wing's foot
    assert moved("noseSneerLeft")[checks.LOWER_LID, 1].min() >= 0
    assert moved("cheekSquintLeft")[checks.LOWER_LID, 1].min() > 1.0  # the lower lid


def test_gaze_joints_are_the_eyeballs_centres():
    reach = np.linalg.norm(HEAD.template[slice(*HEAD.eye_vertices)] - HEAD.joints[3], axis=1)
    assert np.ptp(reach[reach < 1.01 * HEAD.radius]) < 0.1  # a ball,
    assert 0.3 < reach.max() - HEAD.radius < 1.0  # with a cornea


def test_checks_catch_a_broken_head():
    eyes = slice(*HEAD.eye_vertices)
    bulging = HEAD.template.copy()
    bulging[eyes] += (bulging[eyes] - bulging[eyes].mean(0)) * 0.1
    found = checks.failures([], [checks.check_lids(replace(HEAD, template=bulging), "neutral")])
    assert len(found) == 2 and "inside the eyeball" in found[0] and "wet line" in found[1]

    basis = HEAD.basis.copy()
    blink = EXPRESSION_NAMES.index("eyeBlinkLeft")
    basis[blink] *= 0.6
    half = replace(HEAD, basis=basis)
    assert any("still seen" in line for line in checks.failures([], [checks.check_lids(half, "blink")]))
    assert any("mirror image" in line for line in checks.failures([checks.check_shape(half, "eyeBlinkLeft")], []))

    basis = HEAD.basis.copy()
    spike = HEAD.skin[np.linalg.norm(basis[blink][HEAD.skin[:, 0]], axis=1).argmax(), 0]
    basis[blink, spike] *= -1
    spiked = checks.failures([checks.check_shape(replace(HEAD, basis=basis), "eyeBlinkLeft")], [])
    assert any("flipped" in line for line in spiked) and any("roughness" in line for line in spiked)
    basis[blink] += HEAD.basis[EXPRESSION_NAMES.index("mouthSmileRight")]
    strayed = checks.failures([checks.check_shape(replace(HEAD, basis=basis), "eyeBlinkLeft")], [])
    assert any("own side" in line for line in strayed) and any("own region" in line for line in strayed)
