"""The lids of another head shut on its own mesh where the open head's do, and no further."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES
from emoface.face.lid_contact import SIDES, find_lids, fit_lids, open_lids
from emoface.face.presets import PEOPLE
from emoface.face.rig import Rig
from emoface.face.rigs.ict import ict_rig
from emoface.face.rigs.open_head import open_head_rig


def blinks() -> np.ndarray:
    """(T, 52): eyes that shut and open, wide open, narrowed or looking up meanwhile."""
    shut = (1 - np.cos(np.linspace(0, 2 * np.pi, 21))) / 2
    rows = []
    for other, weight in (("eyeWide", 0.0), ("eyeSquint", 0.5), ("eyeLookUp", 0.2), ("eyeLookDown", 0.4)):
        for k in shut:
            row = np.zeros(len(ARKIT_NAMES))
            for side in SIDES:
                row[ARKIT_INDEX["eyeBlink" + side]], row[ARKIT_INDEX[other + side]] = k, weight
            rows.append(row)
    return np.array(rows)


def scaled(rig: Rig, by: float) -> Rig:
    """A head whose blinks move the lids so many times as far."""
    deltas = np.array(rig.deltas)
    for side in SIDES:
        deltas[rig.shape_names.index("eyeBlink" + side)] *= by
    return replace(rig, name="scaled", deltas=deltas)


def check(rig: Rig) -> None:
    weights = blinks()
    fitted = fit_lids(weights, rig)
    assert fitted.min() >= 0 and fitted.max() <= 1
    for side, lids in find_lids(rig).items():
        ours = open_lids()[side].aperture(weights)
        shut = ours <= 0
        assert shut.any() and lids.gaps(fitted)[shut].max() < 0.05  # mm
        assert (lids.aperture(fitted)[shut] >= np.minimum(lids.aperture(weights), ours)[shut] - 0.06).all()
        half = (ours > 0.02) & (ours < 0.3)
        assert np.abs(lids.aperture(fitted) - ours)[half].max() < 0.15  # the eye, not the weight, is as far shut


def test_the_open_head_keeps_its_blinks() -> None:
    assert np.allclose(fit_lids(blinks(), open_head_rig()), blinks(), atol=1e-5)


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_eight_people(name: str) -> None:
    check(open_head_rig(PEOPLE[name]))


@pytest.mark.parametrize("by", [0.93, 1.5])
def test_lids_that_move_otherwise(by: float) -> None:
    """Too far: they would pass through each other. Too little: they would leave a gap."""
    rig = scaled(open_head_rig(), by)
    check(rig)
    lids, shut = find_lids(rig)["Left"], blinks()[10:11]
    before, after = (lids.aperture(weights)[0] for weights in (shut, fit_lids(shut, rig)))
    assert before > 0.02 > 0.001 > after if by < 1 else before < -0.04 < after


def test_a_scanned_head(assets: Path) -> None:
    rig = ict_rig(assets / "ict_facekit" / "ict_expr.npz")
    lids, weights = find_lids(rig), blinks()
    shut = open_lids()["Left"].aperture(weights) <= 0
    assert lids["Left"].gaps(weights)[shut].max() > 0.5  # mm
    check(rig)


def test_heads_without_blinks_are_left_alone() -> None:
    rig, weights = open_head_rig(), blinks()
    named = replace(rig, shape_names=tuple(name.replace("eyeBlink", "lid") for name in rig.shape_names))
    for other in (named, scaled(rig, 0.0)):
        assert find_lids(other) == {}
        assert np.array_equal(fit_lids(weights, other), weights.astype(np.float32))


def test_motion_fitted_to_a_person_shuts_the_eyes() -> None:
    motion = Animation.from_arkit(blinks().astype(np.float32))
    wide = {"eye_size": 1.0}
    fitted = motion.fit_to(identity=wide).arkit()
    lids = find_lids(open_head_rig(wide))["Left"]
    shut = open_lids()["Left"].aperture(motion.arkit()) <= 0
    assert lids.gaps(motion.arkit())[shut].max() > 0.05 > lids.gaps(fitted)[shut].max()
