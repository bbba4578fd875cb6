"""The turn of the head in every format that has a place for it, and back."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.export.npz import read_npz, write_npz
from emoface.face.layout import EXPRESSION_NAMES, FPS
from emoface.face.rig import Neck, Rig
from emoface.face.rigs import GlbRig, load_rig
from emoface.face.rigs.gltf import Gltf
from emoface.face.rigs.open_head import open_head_rig
from emoface.face.rotation import axis_angles

AXES = {"down": (0.3, 0, 0), "left": (0, 0.3, 0), "to the right shoulder": (0, 0, 0.3)}


def nodding(frames: int = 60, fps: float = FPS) -> Animation:
    """A head that nods, turns and tilts at once."""
    time = np.arange(frames)[:, None] / fps
    neck = 0.25 * np.sin(2 * np.pi * time * [0.5, 0.3, 0.2] + [0, 1, 2])
    return Animation(np.zeros((frames, 50)), np.zeros((frames, 3)), fps, neck_pose=neck)


@pytest.mark.parametrize("turn, column, sign", [("down", "HeadPitch", 1), ("left", "HeadYaw", -1),
                                                ("to the right shoulder", "HeadRoll", -1)])  # fmt: skip
def test_columns_of_a_live_link_table(tmp_path: Path, turn: str, column: str, sign: int) -> None:
    head = replace(nodding(2), neck_pose=np.array([AXES[turn]] * 2))
    with open(head.save(tmp_path / "take.csv"), encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    found = {name: float(row[name]) for name in ("HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw")}
    assert found == pytest.approx({name: 0.3 * sign * (name == column) for name in found}, abs=1e-7)


def test_a_live_link_table_returns(tmp_path: Path) -> None:
    head = nodding(240, 60)
    back = Animation.load(head.save(tmp_path / "take.csv"))
    np.testing.assert_allclose(back.neck_pose, head.neck_pose, atol=1e-6)


def test_live_link_rows_without_a_head(tmp_path: Path) -> None:
    path = nodding(240, 60).save(tmp_path / "take.csv")
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    place = [name for name in rows[0] if not name.startswith("Head")]
    for name in ("HeadYaw", "HeadPitch", "HeadRoll"):
        rows[3][name] = ""
    for columns, still in ((place, slice(None)), (list(rows[0]), slice(3, 4))):
        with open(path, "w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, columns, extrasaction="ignore")
            table.writeheader()
            table.writerows(rows)
        assert not Animation.load(path).neck_pose[still].any()
    rows[5]["HeadYaw"] = "nan"
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    with pytest.raises(ValueError, match="rotations that are not finite"):
        Animation.load(path)


@pytest.mark.parametrize("layout, version", [
    ("emoface", "emoface-open-head-1"), ("diffposetalk", "FLAME 2020"), ("emote", "FLAME 2020"),
    ("emage", "FLAME 2020"), ("vhap", "FLAME 2023"),
])  # fmt: skip
def test_layouts_of_npz_return(tmp_path: Path, layout: str, version: str) -> None:
    from emoface.export.formats import LAYOUT_MODELS

    names = EXPRESSION_NAMES if layout == "emoface" else tuple(f"exp_{i}" for i in range(50))
    head = nodding(60, 30 if layout == "emage" else 25)
    head = replace(head, flame_version=LAYOUT_MODELS.get(layout) or version, expression_names=names)
    write_npz(head, tmp_path / "take.npz", layout)
    np.testing.assert_allclose(read_npz(tmp_path / "take.npz").neck_pose, head.neck_pose, atol=1e-6)


def test_files_without_a_neck_hold_a_still_head(tmp_path: Path) -> None:
    np.savez(tmp_path / "old.npz", expression=np.zeros((3, 50)), jaw_pose=np.zeros((3, 3)))
    assert read_npz(tmp_path / "old.npz").neck_pose.shape == (3, 3)
    np.savez(tmp_path / "far.npz", expression=np.zeros((1, 50)), jaw_pose=np.zeros((1, 3)), neck_pose=[[0, 6.0, 0]])
    np.testing.assert_allclose(read_npz(tmp_path / "far.npz").neck_pose, [[0, 6 - 2 * np.pi, 0]], atol=1e-6)
    for bad, said in ((np.zeros((2, 3)), "like expression"), (np.zeros((3, 4)), r"shape \(T, 3\)")):
        np.savez(tmp_path / "bad.npz", expression=np.zeros((3, 50)), jaw_pose=np.zeros((3, 3)), neck_pose=bad)
        with pytest.raises(ValueError, match=f"bad.npz .*neck_pose must have .*{said}"):
            read_npz(tmp_path / "bad.npz")


def test_rotations_of_a_json(tmp_path: Path) -> None:
    head = nodding(60, 30)
    frames = json.loads(head.save(tmp_path / "take.json").read_text())["frames"]
    np.testing.assert_allclose([frame["rotation"] for frame in frames], head.neck_pose, atol=1e-6)
    still = replace(head, neck_pose=None)
    frames = json.loads(still.save(tmp_path / "take.json").read_text())["frames"]
    assert all(frame["rotation"] == [] for frame in frames)


@pytest.fixture
def necked(small_rig: Rig) -> Rig:
    """The small rig with a neck below it, on which its lower half hangs by half."""
    shares = np.where(small_rig.template[:, 1] > 0, 1, 0.5).astype(np.float32)
    return replace(small_rig, neck=Neck(np.array([0.0, -0.1, 0.02]), shares))


def test_a_glb_has_a_neck_that_turns(tmp_path: Path, necked: Rig) -> None:
    head = nodding(20)
    rig = load_rig(head.save(tmp_path / "head.glb", face=necked))
    assert isinstance(rig, GlbRig) and rig.neck is not None and necked.neck is not None
    np.testing.assert_allclose(rig.neck.joint, necked.neck.joint, atol=1e-6)
    np.testing.assert_allclose(rig.neck.shares, necked.neck.shares, atol=2e-5)
    np.testing.assert_allclose(head.vertices(rig), head.vertices(necked), atol=5e-6)
    (animation,) = rig.gltf.items("animations")
    channel = next(one for one in animation["channels"] if one["target"]["path"] == "rotation")
    assert rig.gltf.item("nodes", channel["target"]["node"])["name"] == "neck"
    turns = rig.gltf.array(animation["samplers"][channel["sampler"]]["output"])
    np.testing.assert_allclose(axis_angles(turns), head.neck_pose, atol=1e-6)
    again = Gltf.from_bytes(head.save(tmp_path / "again.glb", face=rig).read_bytes())
    channels = again.items("animations")[-1]["channels"]
    assert [one["target"]["node"] for one in channels if one["target"]["path"] == "rotation"] == [rig.head_bone]


def test_a_still_head_needs_no_skin(tmp_path: Path, necked: Rig) -> None:
    still = replace(nodding(5), neck_pose=None)
    assert not Gltf.from_bytes(still.save(tmp_path / "head.glb", face=necked).read_bytes()).items("skins")
    assert "root/neck" not in still.save(tmp_path / "head.usda", face=necked).read_text()


def test_usd_bakes_to_the_same_points(tmp_path: Path, necked: Rig) -> None:
    pytest.importorskip("pxr", reason="usd-core is not installed")
    from pxr import Usd, UsdGeom, UsdSkel

    head = nodding(20)
    stage = Usd.Stage.Open(str(head.save(tmp_path / "head.usda", face=necked)))
    assert UsdSkel.BakeSkinning(Usd.PrimRange(stage.GetDefaultPrim()))
    found = [UsdGeom.Mesh(prim).GetPointsAttr() for prim in stage.Traverse() if prim.IsA(UsdGeom.Mesh)]
    for frame in (0, 7, 19):
        points = np.concatenate([one.Get(round((frame + 0.5) / 25 * 24, 6)) for one in found])
        np.testing.assert_allclose(points, head.vertices(necked)[frame], atol=2e-5)


def test_the_rig_of_the_open_head_turns_as_the_head_does() -> None:
    head = nodding(20)
    for identity in (None, {"nose_width": 0.5, "face_width": -0.5}):
        np.testing.assert_allclose(head.vertices(open_head_rig(identity)), head.vertices(identity=identity), atol=5e-6)


def test_a_vrm_animation_turns_the_head_of_its_humanoid(tmp_path: Path) -> None:
    head = nodding(20)
    gltf = Gltf.from_bytes(head.save(tmp_path / "head.vrma").read_bytes())
    bones = gltf.document["extensions"]["VRMC_vrm_animation"]["humanoid"]["humanBones"]
    assert set(bones) == {"hips", "spine", "neck", "head"}
    assert bones["hips"]["node"] in gltf.item("scenes", 0)["nodes"]
    (animation,) = gltf.items("animations")
    channel = next(one for one in animation["channels"] if one["target"]["node"] == bones["head"]["node"])
    turns = gltf.array(animation["samplers"][channel["sampler"]]["output"])
    np.testing.assert_allclose(axis_angles(turns), head.neck_pose, atol=1e-6)
    still = Gltf.from_bytes(replace(head, neck_pose=None).save(tmp_path / "still.vrma").read_bytes())
    assert "humanoid" not in still.document["extensions"]["VRMC_vrm_animation"]
