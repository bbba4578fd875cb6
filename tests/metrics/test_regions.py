"""Region masks lie where the face says they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.face.flame import FlameModel
from emoface.face.open_head import open_head, open_head_model
from emoface.face.rigs.ict import ict_rig
from emoface.face.rigs.open_head import open_head_rig
from emoface.metrics.compare import compare
from emoface.metrics.regions import Regions, open_head_regions, rig_regions

REST, BROWS, JAW = np.zeros((4, 52)), np.zeros((4, 52)), np.zeros((4, 52))
BROWS[1::2, 43] = 1.0  # browInnerUp
JAW[:, 17] = 0.5  # jawOpen


def test_the_open_heads_regions_agree_with_its_landmarks() -> None:
    head, regions = open_head(), open_head_regions()
    triangles = head.data.faces[head.data.landmark_faces]  # (68, 3)
    assert np.isin(triangles[48:], regions.lips).all()
    assert np.isin(triangles[17:27], regions.upper).mean() > 0.9
    assert np.isin(triangles[36:48], regions.upper).mean() > 0.6
    assert not np.isin(triangles[:48], regions.lips).any() and np.isin(triangles[6:11], regions.mouth).all()
    assert not set(regions.upper) & set(regions.mouth) and set(regions.lips) <= set(regions.mouth)
    skin = next(part for part in head.parts if part.name == "skin")
    assert max(regions.mouth.max(), regions.upper.max()) < skin.vertices[1], "no teeth, eyes, hair"
    lips = set(regions.lips.tolist())
    assert {int(head.mirror[v]) for v in lips} == lips, "as left, so right"


def test_regions_of_a_scanned_head(assets: Path) -> None:
    rig = ict_rig(assets / "ict_facekit" / "ict_expr.npz")
    regions = rig_regions(rig)
    lips, upper = (rig.template[mask].mean(0) for mask in (regions.lips, regions.upper))
    assert upper[1] - lips[1] > 0.05, "five centimetres above"
    assert abs(lips[0]) < 0.003 and np.ptp(rig.template[regions.lips][:, 0]) < 0.09


def test_bad_masks_and_rigs_without_shapes_are_refused() -> None:
    one = np.array([0])
    for lips in (np.array([5]), np.array([0, 0]), np.array([-1])):
        with pytest.raises(ValueError, match="different indices below 5"):
            Regions("five points", 5, lips, one, one)
    with pytest.raises(ValueError, match="lips must be vertex indices"):
        Regions("five points", 5, one[:0], one, one)
    rig = open_head_rig()
    with pytest.raises(ValueError, match="mouthPucker"):
        rig_regions(replace(rig, deltas=np.zeros_like(rig.deltas)))


def test_compare_says_which_region_went_wrong() -> None:
    rest, brows, jaw = (Animation.from_arkit(weights) for weights in (REST, BROWS, JAW))
    by_name = {(f.name, f.mask.split(",")[0].split(" ")[0]): f for f in compare([brows], [rest], "by hand")}
    assert by_name["LVE", "lips"].value < 1e-3 < by_name["UFVE", "upper"].value
    assert by_name["FDD signed", "upper"].value < 0 < by_name["FDD absolute", "upper"].value
    opened = {f.name: f for f in compare([jaw], [rest], "by hand")}
    assert opened["MOD"].value > 5 and opened["LVE"].value > 5 and opened["UFVE"].value < 0.2
    assert "lips, " in opened["LVE"].mask and "by hand; 1 sequences, 4 frames at 25 fps" == opened["LVE"].split
    assert {f.unit for f in opened.values()} == {"m2", "mm"}


def test_compare_refuses() -> None:
    rest = Animation.from_arkit(REST)
    flame = FlameModel(replace(open_head().data, version="FLAME 2020"))
    other = Regions("five points", 5, *(np.array([0]),) * 3)
    for arguments, said in (
        (([], [], "x"), "at least one"),
        (([rest], [rest], " "), "split must say"),
        (([rest], [Animation.from_arkit(REST, 30)], "x"), "25 fps and truth 30"),
        (([rest], [Animation.from_arkit(REST[:3])], "x"), "cut=True"),
        (([rest], [rest], "x", flame), "regions must be given"),
        (([rest], [rest], "x", None, other), "five points"),
    ):
        with pytest.raises(ValueError, match=said):
            compare(*arguments)
    slow = Animation.from_arkit(REST, 30)
    with pytest.raises(ValueError, match=r"one frame rate, got \[25.0, 30.0\]"):
        compare([rest, slow], [rest, slow], "x")
    shorter = compare([rest], [Animation.from_arkit(REST[:3])], "x", cut=True)
    assert "3 frames" in shorter[0].split and "cut to the shorter" in shorter[0].split
    assert compare([rest], [rest], "x", open_head_model(), open_head_regions())[0].value == 0
