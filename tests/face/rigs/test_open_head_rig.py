"""The open head as a linear rig: exact at weight 1, close to the skinned head between, lips that close."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emoface.face.flame import FlameModel
from emoface.face.layout import ARKIT_NAMES
from emoface.face.open_head import open_head
from emoface.face.rigs.open_head import SHAPE_NAMES, open_head_rig, shapes_to_motion


@pytest.fixture(scope="module")
def rig():
    return open_head_rig()


def weights(**values):
    return np.array([[values.get(name, 0.0) for name in SHAPE_NAMES]])


def farthest_mm(rig, values):
    """Largest distance between the linear rig and the skinned head, in millimetres."""
    motion = torch.from_numpy(shapes_to_motion(weights(**values)))
    exact = FlameModel(open_head().data)(motion[:, :50], motion[:, 50:53])[0].numpy()
    return 1e3 * np.linalg.norm(rig.vertices(weights(**values))[0] - exact, axis=1).max()


def lip_gap_mm(rig, **values):
    """Distance of the inner lips at the mid-line (landmarks 62 and 66)."""
    data = open_head().data
    corners = rig.vertices(weights(**values))[0][data.faces[data.landmark_faces[[62, 66]]]]  # (2, 3, 3)
    upper, lower = (corners * data.landmark_weights[[62, 66]][..., None]).sum(1)
    return 1e3 * np.linalg.norm(upper - lower)


def test_shapes_are_arkit_and_tongue_up(rig):
    assert rig.shape_names == (*ARKIT_NAMES, "tongueUp")
    assert rig.missing == ()
    assert np.isfinite(rig.deltas).all()
    assert (np.abs(rig.deltas).max((1, 2)) > 1e-4).all(), "a shape that moves nothing"


def test_linear_rig_is_exact_at_weight_one(rig):
    for name in SHAPE_NAMES:
        values = {name: 1.0, "jawOpen": 1.0} if name == "mouthClose" else {name: 1.0}
        assert farthest_mm(rig, values) < 1e-3, name


def test_pairs_of_shapes_are_exact_where_both_are_at_weight_one(rig):
    assert rig.correctives is not None and rig.correctives.names == open_head().corrective_names
    for name in ("mouthSmileLeft+jawOpen", "noseSneerRight+browDownRight", "mouthFunnel+jawOpen"):
        assert farthest_mm(rig, dict.fromkeys(name.split("+"), 1.0)) < 2e-3, name


def test_correctives_are_shapes_for_programs_that_know_none(rig):
    values = weights(mouthSmileLeft=0.6, jawOpen=0.5, browDownLeft=1.4, noseSneerLeft=0.7)
    plain, both = rig.with_correctives(values)
    assert plain.correctives is None and plain.shape_names[:53] == rig.shape_names
    place = plain.shape_names.index("noseSneerLeft+browDownLeft")
    assert both[0, place] == pytest.approx(0.7)  # a weight counts up to 1
    np.testing.assert_allclose(plain.vertices(both), rig.vertices(values), atol=1e-6)


def test_linear_jaw_stays_near_the_rotating_jaw(rig):
    for values in ({"jawOpen": 0.5}, {"jawOpen": 0.5, "mouthClose": 0.5}, {"jawLeft": 0.5}):
        assert farthest_mm(rig, values) < 2, values


def test_lips_close_on_an_open_jaw(rig):
    assert lip_gap_mm(rig, jawOpen=1) > 15
    for opening in (0.25, 0.5, 1.0):
        assert lip_gap_mm(rig, jawOpen=opening, mouthClose=opening) < 2


def test_identity_moves_the_template_and_keeps_the_shapes_names(rig):
    other = open_head_rig(np.array([1.0]))
    assert np.abs(other.template - rig.template).max() > 1e-4
    assert other.shape_names == rig.shape_names


def test_identity_by_name():
    names = open_head().identity_names
    coefficients = np.zeros(len(names))
    coefficients[names.index("nose_width")] = 0.5
    assert np.array_equal(open_head_rig({"nose_width": 0.5}).template, open_head_rig(coefficients).template)
    with pytest.raises(TypeError, match="identity\\['nose_width'\\] must be a number"):
        open_head_rig({"nose_width": "wide"})


def test_bad_identity_is_refused():
    for identity in (np.zeros(1000), np.zeros((1, 2)), np.array([np.nan])):
        with pytest.raises(ValueError, match="identity"):
            open_head_rig(identity)
