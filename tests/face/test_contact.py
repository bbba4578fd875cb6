"""The lips of another head meet on its own mesh, its jaw travels as far as its face is high."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.face.contact import FREE, MEET, REACH, dips, face_scale, find_lips, fit_lips, open_lips
from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES
from emoface.face.rig import Rig
from emoface.face.rigs.ict import ict_rig
from emoface.face.rigs.open_head import open_head_rig


def speech(frames: int = 80) -> np.ndarray:
    """(T, 52): a jaw that opens and shuts, lips that funnel and curl meanwhile."""
    time = np.arange(frames) / 25
    weights = np.zeros((frames, len(ARKIT_NAMES)))
    jaw = 0.25 * (1 - np.cos(2 * np.pi * 2 * time)) + 0.1
    weights[:, ARKIT_INDEX["jawOpen"]] = jaw
    weights[:, ARKIT_INDEX["mouthClose"]] = np.where(jaw < 0.2, jaw + 0.04, 0)  # which takes up what the lip rises
    weights[:, ARKIT_INDEX["mouthUpperUpLeft"]] = weights[:, ARKIT_INDEX["mouthUpperUpRight"]] = 0.1
    weights[:, ARKIT_INDEX["mouthFunnel"]] = np.where(jaw < 0.2, 0, 0.05)
    return weights


def wide(rig: Rig) -> Rig:
    """A head whose upper lip rises much further, and whose jaw falls further."""
    deltas = np.array(rig.deltas)
    for name, factor in (("mouthUpperUpLeft", 3), ("mouthUpperUpRight", 3), ("mouthFunnel", 2), ("jawOpen", 1.2)):
        deltas[rig.shape_names.index(name)] *= factor
    return replace(rig, name="wide", deltas=deltas)


def test_lips_meet_where_the_open_heads_do() -> None:
    rig, weights = wide(open_head_rig()), speech()
    ours, theirs = open_lips(), find_lips(rig)
    shut = ours.opening(weights) < 0.2
    assert shut.any() and theirs.opening(weights)[shut].max() > 1
    fitted = fit_lips(weights, rig)
    assert theirs.opening(fitted)[shut].max() < 0.3
    assert fitted.shape == weights.shape and fitted.min() >= 0 and fitted.max() <= 1


def test_open_lips_are_left_alone_but_for_the_jaws_travel() -> None:
    rig, weights = wide(open_head_rig()), speech()
    apart = open_lips().opening(weights) > FREE
    assert apart.any()
    assert np.allclose(fit_lips(weights, rig, jaw=False)[apart], weights[apart], atol=1e-6)
    jaw = ARKIT_INDEX["jawOpen"]
    factor = fit_lips(weights, rig)[apart, jaw] / weights[apart, jaw]
    assert np.allclose(factor, 1 / 1.2, atol=0.02) and REACH[0] < factor[0] < REACH[1]


def test_the_open_head_keeps_its_performance() -> None:
    weights = speech()
    found, opening = fit_lips(weights, open_head_rig()), open_lips().opening
    apart = opening(weights) > FREE
    assert np.allclose(found[apart], weights[apart], atol=1e-5)
    assert (opening(found) <= opening(weights) + 1e-4).all() and opening(found)[opening(weights) < MEET].max() < 0.1


@pytest.mark.parametrize(
    "identity", [{"lip_fullness": 1.0, "mouth_width": 0.8}, {"chin_length": 0.8, "jaw_width": -0.6}]
)
def test_other_people_of_the_open_head(identity: dict[str, float]) -> None:
    motion = Animation.from_arkit(speech().astype(np.float32), metadata={"seed": 1})
    fitted = motion.fit_to(identity=identity)
    shut = open_lips().opening(motion.arkit()) < 0.2
    assert find_lips(open_head_rig(identity)).opening(fitted.arkit())[shut].max() < 0.3
    assert fitted.metadata["seed"] == 1 and "fitted to" in fitted.metadata


def test_a_scanned_head(assets: Path) -> None:
    rig, weights = ict_rig(assets / "ict_facekit" / "ict_expr.npz"), speech()
    shut = open_lips().opening(weights) < 0.2
    assert find_lips(rig).opening(fit_lips(weights, rig))[shut].max() < 0.5


def scaled(rig: Rig, factor: float) -> Rig:
    """The same head in another unit."""
    return replace(rig, template=rig.template * factor, deltas=rig.deltas * factor, correctives=None)


@pytest.mark.parametrize("factor", [0.1, 9.0])
def test_a_mesh_in_another_unit_is_fitted_alike(factor: float) -> None:
    rig, weights = wide(replace(open_head_rig(), correctives=None)), speech()
    other = scaled(rig, factor)
    assert face_scale(rig) == 1 and face_scale(other) == pytest.approx(factor, rel=1e-3)
    assert np.allclose(fit_lips(weights, other), fit_lips(weights, rig), atol=1e-3)


def test_heads_without_a_mouth_are_refused() -> None:
    rig = open_head_rig()
    with pytest.raises(ValueError, match="has no jawOpen, so it has no mouth"):
        fit_lips(speech(), replace(rig, shape_names=tuple("x" + name for name in rig.shape_names)))
    with pytest.raises(ValueError, match="parts no lips"):
        fit_lips(speech(), replace(rig, deltas=0 * rig.deltas))


def test_pairs_face_each_other_at_rest() -> None:
    """A column beside the middle without a vertex of the lips' edge is no reason to take one of the chin."""
    for rig in (open_head_rig(), open_head_rig({"mouth_width": 1.0, "lip_fullness": -1.0})):
        upper, lower = np.moveaxis(rig.template[find_lips(rig).pairs], 1, 0)
        assert np.linalg.norm(upper - lower, axis=1).max() < 0.002


def test_a_brief_dip_is_a_closure_that_was_left_half_done() -> None:
    apart = np.array([9.0, 8.0, 7.0, 1.6, 5.0, 8.0, 9.0, 9.0, 9.0])
    left = dips(apart, 25)
    assert left[3] == 0 and left[0] == left[6] == 1
    assert 0.7 < left[2] < 1 and 0.7 < left[4] < 1  # so that the lips need not jump
    assert (dips(np.minimum(apart, 3.0), 25) == 1).all()  # not so deep a dip
    assert (dips(apart + 3.0, 25) == 1).all()  # not so near
    weights = speech()
    weights[:, ARKIT_INDEX["mouthClose"]] *= np.where(weights[:, ARKIT_INDEX["mouthClose"]] > 0.12, 0.6, 1)
    rig, opening = wide(open_head_rig()), open_lips().opening
    half = dips(opening(weights), 25) == 0
    assert half.any() and opening(weights)[half].min() > MEET
    assert find_lips(rig).opening(fit_lips(weights, rig))[half].max() < 0.3


def test_pairs_of_shapes_count() -> None:
    """What funnel and open jaw part together is closed too."""
    rig, weights = open_head_rig(), speech()
    weights[:, ARKIT_INDEX["mouthPucker"]] = 0.6
    lips = find_lips(rig)
    drawn = rig.vertices(rig.weights(weights))[:, lips.pairs, 1] - rig.template[lips.pairs, 1]
    assert np.allclose(lips.gaps(weights), 1000 * (drawn[..., 0] - drawn[..., 1]), atol=0.01)
