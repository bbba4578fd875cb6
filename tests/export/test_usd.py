"""USD text, opened and baked by usd-core."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.audio.load import open_audio
from emoface.demo import demo_path
from emoface.export.rig_curves import rig_curves
from emoface.face.colour import linear_colours
from emoface.face.layout import MOTION_INDEX
from emoface.face.rig import Rig

pxr = pytest.importorskip("pxr", reason="usd-core is not installed")
from pxr import Sdf, Usd, UsdGeom, UsdMedia, UsdShade, UsdSkel  # noqa: E402

Make = Callable[..., Animation]


def meshes(stage: Usd.Stage) -> list[UsdGeom.Mesh]:
    return [UsdGeom.Mesh(prim) for prim in stage.Traverse() if prim.IsA(UsdGeom.Mesh)]


def baked(path: Path, frames: list[int], fps: float = 25) -> np.ndarray:
    """(len(frames), V, 3) points of all meshes in the middle of each frame, as USD's own skinning gives them."""
    stage = Usd.Stage.Open(str(path))
    assert UsdSkel.BakeSkinning(Usd.PrimRange(stage.GetDefaultPrim()))
    codes = [round((frame + 0.5) / fps * 24, 6) for frame in frames]
    return np.stack([np.concatenate([mesh.GetPointsAttr().Get(code) for mesh in meshes(stage)]) for code in codes])


def test_baked_points_are_the_rigs(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    motion = animate(frames=20).motion
    motion[:, MOTION_INDEX["tongueUp"]] = np.linspace(0, 1, 20)
    animation = Animation.from_motion(motion)
    path = animation.save(tmp_path / "take.usda", face=small_rig)
    _, weights = rig_curves(animation, small_rig)
    np.testing.assert_allclose(baked(path, list(range(20))), small_rig.vertices(weights), atol=2e-6)


def test_open_head_by_default(tmp_path: Path, animate: Make) -> None:
    animation = animate(frames=4)
    rig, weights = rig_curves(animation)
    path = animation.save(tmp_path / "take.usda")
    np.testing.assert_allclose(baked(path, [0, 3]), rig.vertices(weights[[0, 3]]), atol=2e-5)


def test_stage_and_meshes(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    stage = Usd.Stage.Open(str(animate(frames=7).save(tmp_path / "take.usda", face=small_rig)))
    assert UsdGeom.GetStageUpAxis(stage) == "Y" and UsdGeom.GetStageMetersPerUnit(stage) == 1
    assert (stage.GetStartTimeCode(), stage.GetEndTimeCode()) == (0, 7)  # 0.28 s
    assert stage.GetTimeCodesPerSecond() == stage.GetFramesPerSecond() == 24
    for part, mesh in zip(small_rig.parts, meshes(stage), strict=True):
        rows = slice(*part.vertices)
        assert mesh.GetPrim().GetName() == part.name and mesh.GetSubdivisionSchemeAttr().Get() == "none"
        corners = np.reshape(mesh.GetFaceVertexIndicesAttr().Get(), (-1, 3))
        assert np.array_equal(corners + part.vertices[0], small_rig.faces[slice(*part.faces)])
        colours = np.array(mesh.GetDisplayColorPrimvar().Get())
        np.testing.assert_allclose(colours, linear_colours(small_rig.colours[rows]), atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(mesh.GetNormalsAttr().Get(), axis=1), 1, atol=1e-5)
        material, _ = UsdShade.MaterialBindingAPI(mesh.GetPrim()).ComputeBoundMaterial()
        surface, _, _ = material.ComputeSurfaceSource()
        assert surface.GetInput("roughness").Get() == pytest.approx(part.roughness)
    blink = UsdSkel.BlendShape(stage.GetPrimAtPath("/head/skin/mouthSmileLeft"))
    assert list(blink.GetPointIndicesAttr().Get()) == list(range(20, 30))
    assert not stage.GetPrimAtPath("/head/tongue/mouthSmileLeft")


def test_passes_usds_own_validators(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    validation = pytest.importorskip("pxr.UsdValidation", reason="this usd-core has no validators")
    context = validation.ValidationContext(validation.ValidationRegistry().GetOrLoadAllValidators())
    animation = animate(frames=121, audio=open_audio(demo_path()))
    stage = Usd.Stage.Open(str(animation.save(tmp_path / "take.usda", face=small_rig)))
    assert [error.GetName() for error in context.Validate(stage)] == ["UnresolvableDependency"]
    (tmp_path / "speech.wav").write_bytes(demo_path().read_bytes())
    assert not context.Validate(stage)


def test_recording_beside_it(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    animation = animate(frames=121, audio=open_audio(demo_path()), metadata={"said": 'a "quoted"\nline \\ größer'})
    stage = Usd.Stage.Open(str(animation.save(tmp_path / "take.usda", face=small_rig)))
    voice = UsdMedia.SpatialAudio(stage.GetPrimAtPath("/head/voice"))
    assert voice.GetFilePathAttr().Get().path == "./speech.wav" and voice.GetStartTimeAttr().Get() == Sdf.TimeCode(0)
    known = json.loads(stage.GetRootLayer().customLayerData["emoface"])
    assert known["metadata"] == animation.metadata and known["audio"]["name"] == "speech.wav"
    samples = replace(animation, audio=open_audio(np.zeros(16000, np.float32), 16000))
    stage = Usd.Stage.Open(str(samples.save(tmp_path / "array.usda", face=small_rig)))
    assert not stage.GetPrimAtPath("/head/voice")


def test_names_that_are_no_identifiers(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    names = ("jawOpen", "2 lips", "2_lips", "größer")
    rig = replace(small_rig, shape_names=names, deltas=np.tile(small_rig.deltas[:1], (4, 1, 1)))
    stage = Usd.Stage.Open(str(animate(frames=2).save(tmp_path / "take.usda", face=rig)))
    skin = UsdSkel.BindingAPI(stage.GetPrimAtPath("/head/skin"))
    assert tuple(skin.GetBlendShapesAttr().Get()) == names
    targets = skin.GetBlendShapeTargetsRel().GetTargets()
    assert len(set(targets)) == 4 and all(stage.GetPrimAtPath(target) for target in targets)


def test_same_animation_same_bytes(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    paths = [animate(metadata={"a": 1}).save(tmp_path / name, face=small_rig) for name in ("1.usda", "2.usda")]
    assert paths[0].read_bytes() == paths[1].read_bytes()
