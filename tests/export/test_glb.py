"""Binary glTF, read again by an independent reader and checked against the rules that viewers stumble over."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.audio.load import open_audio
from emoface.demo import demo_path
from emoface.export.rig_curves import rig_curves
from emoface.face.colour import linear_colours
from emoface.face.layout import ARKIT_INDEX
from emoface.face.open_head import open_head
from emoface.face.presets import PEOPLE
from emoface.face.rig import Rig

pygltflib = pytest.importorskip("pygltflib", reason="pygltflib is not installed")
Make = Callable[..., Animation]
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
DTYPES = {5123: np.dtype("<u2"), 5125: np.dtype("<u4"), 5126: np.dtype("<f4")}


class Reader:
    """A file through pygltflib's structures, its accessors decoded as the specification says."""

    def __init__(self, path: Path) -> None:
        self.gltf = pygltflib.GLTF2().load_binary(str(path))
        self.blob = self.gltf.binary_blob()
        assert self.gltf.buffers[0].byteLength == len(self.blob) and len(self.gltf.buffers) == 1

    def elements(self, view: int | None, offset: int | None, dtype: np.dtype, count: int, width: int) -> np.ndarray:
        if view is None:
            return np.zeros((count, width), dtype)
        place = self.gltf.bufferViews[view]
        start, size = (place.byteOffset or 0) + (offset or 0), dtype.itemsize * width
        stride = place.byteStride or size
        assert start % dtype.itemsize == 0 and (place.target != 34962 or stride % 4 == 0)
        assert (offset or 0) + stride * (count - 1) + size <= place.byteLength
        assert (place.byteOffset or 0) + place.byteLength <= len(self.blob)
        assert size == stride
        return np.frombuffer(self.blob, dtype, count * width, start).reshape(count, width)

    def array(self, index: int) -> np.ndarray:
        accessor = self.gltf.accessors[index]
        dtype, width = DTYPES[accessor.componentType], WIDTHS[accessor.type]
        values = self.elements(accessor.bufferView, accessor.byteOffset, dtype, accessor.count, width).copy()
        if accessor.sparse:
            sparse = accessor.sparse
            kind = DTYPES[sparse.indices.componentType]
            at = self.elements(sparse.indices.bufferView, sparse.indices.byteOffset, kind, sparse.count, 1)[:, 0]
            assert (np.diff(at.astype(int)) > 0).all() and at.max() < accessor.count
            values[at] = self.elements(sparse.values.bufferView, sparse.values.byteOffset, dtype, sparse.count, width)
        if accessor.min:
            assert accessor.min == values.min(0).tolist() and accessor.max == values.max(0).tolist()
        return values


def check_against_rig(path: Path, rig: Rig) -> Reader:
    """All the geometry of the file is the rig's."""
    reader = Reader(path)
    gltf = reader.gltf
    (mesh,) = gltf.meshes
    assert gltf.scenes[gltf.scene].nodes == [0] and gltf.nodes[0].mesh == 0
    assert tuple(mesh.extras["targetNames"]) == rig.shape_names and mesh.weights == [0] * len(rig.shape_names)
    assert len(mesh.primitives) == len(rig.parts)
    for part, primitive in zip(rig.parts, mesh.primitives, strict=True):
        rows = slice(*part.vertices)
        material = gltf.materials[primitive.material]
        surface = material.pbrMetallicRoughness
        assert (material.name, surface.metallicFactor) == (part.name, 0)
        assert surface.roughnessFactor == pytest.approx(part.roughness)
        attributes = primitive.attributes
        assert gltf.accessors[attributes.POSITION].min
        assert np.array_equal(reader.array(attributes.POSITION), rig.template[rows])
        np.testing.assert_allclose(np.linalg.norm(reader.array(attributes.NORMAL), axis=1), 1, atol=1e-6)
        colours = reader.array(attributes.COLOR_0) / 65535
        assert gltf.accessors[attributes.COLOR_0].normalized and (colours[:, 3] == 1).all()
        np.testing.assert_allclose(colours[:, :3], linear_colours(rig.colours[rows]), atol=1e-5)
        indices = reader.array(primitive.indices).astype(int).reshape(-1, 3)
        assert np.array_equal(indices + part.vertices[0], rig.faces[slice(*part.faces)])
        assert len(primitive.targets) == len(rig.shape_names)
        for target, delta in zip(primitive.targets, rig.deltas[:, rows], strict=True):
            number = target["POSITION"] if isinstance(target, dict) else target.POSITION
            assert gltf.accessors[number].min
            np.testing.assert_allclose(reader.array(number), delta, atol=1e-6)
    return reader


@pytest.mark.parametrize("sparse", [True, False])
def test_geometry_and_motion(tmp_path: Path, animate: Make, small_rig: Rig, sparse: bool) -> None:
    animation = animate(fps=30)
    reader = check_against_rig(animation.save(tmp_path / "take.glb", face=small_rig, sparse=sparse), small_rig)
    (motion,) = reader.gltf.animations
    (channel,), (sampler,) = motion.channels, motion.samplers
    assert (channel.target.node, channel.target.path, sampler.interpolation) == (0, "weights", "LINEAR")
    times = reader.array(sampler.input)[:, 0]
    assert reader.gltf.accessors[sampler.input].min and (np.diff(times) > 0).all()
    np.testing.assert_allclose(times, (np.arange(60) + 0.5) / 30, rtol=1e-6)
    output = reader.array(sampler.output)
    assert output.shape == (60 * 4, 1)
    assert np.array_equal(output.reshape(60, 4), rig_curves(animation, small_rig)[1])


def test_targets_have_positions_alone(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    document = json_chunk(animate(frames=2).save(tmp_path / "take.glb", face=small_rig))
    targets = [target for primitive in document["meshes"][0]["primitives"] for target in primitive["targets"]]
    assert targets and all(set(target) == {"POSITION"} for target in targets)


def test_frames_at_whole_numbers(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    animation = animate(frames=5)
    reader = Reader(animation.save(tmp_path / "take.glb", face=small_rig, whole_frames=True))
    sampler = reader.gltf.animations[0].samplers[0]
    np.testing.assert_allclose(reader.array(sampler.input)[:, 0] * 25, np.arange(6), atol=1e-6)
    jaw, frames = reader.array(sampler.output).reshape(6, -1)[:, 0], animation.arkit()[:, ARKIT_INDEX["jawOpen"]]
    assert jaw[0] == frames[0] and jaw[-1] == frames[-1]
    between = np.sort(np.stack([frames[:-1], frames[1:]]), 0)
    assert ((between[0] <= jaw[1:-1]) & (jaw[1:-1] <= between[1])).all()


def json_chunk(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])


def test_says_which_recording_and_how_it_was_made(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    animation = animate(frames=121, audio=open_audio(demo_path()), metadata={"emotion": "größer", "seed": 3})
    extras = json_chunk(animation.save(tmp_path / "take.glb", face=small_rig))["animations"][0]["extras"]
    assert extras["audio"] == {"name": "speech.wav", "sample_rate": 16000, "duration": 4.855, "offset": 0}
    assert extras["metadata"] == animation.metadata and extras["fps"] == 25
    assert extras["flame_version"] == animation.flame_version


def test_sound_inside(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    soundfile = pytest.importorskip("soundfile")
    animation = animate(frames=121, audio=open_audio(demo_path()))
    reader = Reader(animation.save(tmp_path / "take.glb", face=small_rig, embed_audio=True))
    audio = reader.gltf.extensions["KHR_audio_emitter"]["audio"][0]
    view = reader.gltf.bufferViews[audio["bufferView"]]
    (tmp_path / "take.mp3").write_bytes(reader.blob[view.byteOffset : view.byteOffset + view.byteLength])
    info = soundfile.info(tmp_path / "take.mp3")
    assert info.format == "MP3" and info.samplerate == 16000 and abs(info.duration - 4.855) < 0.1
    with pytest.raises(ValueError, match="embed_audio needs an animation with audio"):
        animate().save(tmp_path / "other.glb", face=small_rig, embed_audio=True)


def test_options_are_switches(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    for option in ("sparse", "whole_frames", "embed_audio", "relief"):
        with pytest.raises(TypeError, match=f"{option} must be True or False, got 'yes'"):
            animate().save(tmp_path / "take.glb", face=small_rig, **{option: "yes"})
    assert not list(tmp_path.iterdir())


def test_same_animation_same_bytes(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    paths = [animate(metadata={"a": 1}).save(tmp_path / name, face=small_rig) for name in ("1.glb", "2.glb")]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_open_head_by_default(tmp_path: Path, animate: Make) -> None:
    animation = animate(frames=250)
    rig, _ = rig_curves(animation)
    path = animation.save(tmp_path / "take.glb")
    check_against_rig(path, rig)
    assert len(rig.shape_names) == 53 + len(open_head().corrective_names)
    assert path.stat().st_size < 4_000_000
    dense = animation.save(tmp_path / "dense.glb", sparse=False)
    assert path.stat().st_size < dense.stat().st_size / 3


def test_khronos_validator(tmp_path: Path, animate: Make, small_rig: Rig) -> None:
    script = (
        "require('gltf-validator').validateBytes(new Uint8Array(require('fs').readFileSync(process.argv[1])))"
        ".then(r => console.log(JSON.stringify(r.issues)))"
    )
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    if subprocess.run([node, "-e", "require('gltf-validator')"], capture_output=True, env=os.environ).returncode:
        pytest.skip("node finds no gltf-validator (npm install gltf-validator, and set NODE_PATH)")
    animation = animate(frames=9)
    for name, options in (("sparse", {}), ("dense", {"sparse": False})):
        path = animation.save(tmp_path / f"{name}.glb", face=small_rig, **options)
        done = subprocess.run([node, "-e", script, str(path)], capture_output=True, text=True, check=True)
        issues = json.loads(done.stdout)
        assert issues["numErrors"] == issues["numWarnings"] == issues["numInfos"] == 0, issues["messages"]
    path = animation.save(tmp_path / "open_head.glb", identity=PEOPLE["gus"])
    done = subprocess.run([node, "-e", script, str(path)], capture_output=True, text=True, check=True)
    issues = json.loads(done.stdout)
    assert issues["numErrors"] == issues["numWarnings"] == issues["numHints"] == 0, issues["messages"]
    noted = {message["pointer"] for message in issues["messages"]}
    assert noted == {"/images/1"}, "the wrinkle maps, which no material of core glTF can use"


def test_avatar_is_written_whole_with_the_animation_added(animate: Make, small_rig: Rig, tmp_path: Path) -> None:
    avatar, animation = tmp_path / "avatar.glb", animate(8, audio=open_audio(demo_path()))
    animation.save(avatar, face=small_rig)
    animation.save(tmp_path / "out.glb", face=str(avatar), embed_audio=True)
    before, after = Reader(avatar), Reader(tmp_path / "out.glb")
    assert after.blob.startswith(before.blob)
    for kept in ("materials", "meshes", "nodes"):
        assert repr(getattr(after.gltf, kept)) == repr(getattr(before.gltf, kept))
    added = after.gltf.animations[1]
    assert added.name == "speech" and added.extras["audio"]["name"] == animation.audio.name
    weights = after.array(added.samplers[0].output).reshape(8, -1)
    expected = rig_curves(animation, small_rig)[1].copy()
    expected[:, small_rig.shape_names.index("tongueUp")] = 0  # not one of ARKit's
    np.testing.assert_allclose(weights, expected, atol=1e-6)


@pytest.mark.parametrize("suffix", [".usda", ".html"])
def test_avatar_by_its_path_in_other_formats(suffix: str, animate: Make, small_rig: Rig, tmp_path: Path) -> None:
    animate(4).save(tmp_path / "avatar.glb", face=small_rig)
    animate(4).save(tmp_path / f"out{suffix}", face=tmp_path / "avatar.glb")
    assert (tmp_path / f"out{suffix}").stat().st_size > 1000
    with pytest.raises(FileNotFoundError):
        animate(4).save(tmp_path / "none.usda", face="absent.glb")
    assert not (tmp_path / "none.usda").exists()
