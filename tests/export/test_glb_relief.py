"""Pores and furrows of the open head in binary glTF."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.face.face import as_face
from emoface.face.normals import smooth_normals
from emoface.face.open_head import open_head
from emoface.face.presets import PEOPLE
from emoface.face.rig import Rig
from emoface.face.rigs.gltf import Gltf

Make = Callable[..., Animation]
WRINKLES = open_head().wrinkles


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Gltf:
    still = Animation.from_motion(np.zeros((2, 56), np.float32))
    return Gltf.from_bytes(still.save(tmp_path_factory.mktemp("glb") / "a.glb").read_bytes())


def skin(gltf: Gltf) -> dict:
    return gltf.document["meshes"][0]["primitives"][0]


def target_normals(gltf: Gltf, name: str) -> np.ndarray:
    place = gltf.document["meshes"][0]["extras"]["targetNames"].index(name)
    return gltf.array(skin(gltf)["targets"][place]["NORMAL"])


def pixels(gltf: Gltf, image: int) -> np.ndarray:
    """A PNG of this package's own kind: 8 bits, filter "up"."""
    data = io.BytesIO(gltf.view(gltf.document["images"][image]["bufferView"]))
    assert data.read(8) == b"\x89PNG\r\n\x1a\n"
    chunks: dict[bytes, bytes] = {}
    while True:
        length, name = struct.unpack(">I4s", data.read(8))
        chunks[name] = data.read(length)
        assert struct.unpack(">I", data.read(4))[0] == zlib.crc32(name + chunks[name])
        if name == b"IEND":
            break
    width, height, _, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, -1)
    assert (rows[:, 0] == 2).all()
    return np.cumsum(rows[:, 1:], 0, dtype=np.uint8).reshape(height, width, {0: 1, 2: 3}[kind])


def test_every_target_of_the_skin_turns_normals_and_no_other_part_does(file: Gltf) -> None:
    primitives = file.document["meshes"][0]["primitives"]
    assert all(set(target) == {"POSITION", "NORMAL"} for target in primitives[0]["targets"])
    assert all(set(target) == {"POSITION"} for one in primitives[1:] for target in one["targets"])


@pytest.mark.parametrize("name", ["jawOpen", "mouthPucker", "cheekPuff"])
def test_a_shape_without_furrows_has_the_normals_of_its_mesh(file: Gltf, name: str) -> None:
    rig = as_face().rig
    rest = file.array(skin(file)["attributes"]["NORMAL"])
    moved = smooth_normals(rig.template + rig.deltas[rig.shape_names.index(name)], rig.faces)[: len(rest)]
    turned = rest + target_normals(file, name)
    assert np.abs(turned - rest).max() > 0.3
    apart = np.linalg.norm(turned - moved, axis=1)
    assert np.percentile(apart, 99) < 0.05, "what is left out is small"


@pytest.mark.parametrize(("name", "map_name"), [("browInnerUp", "forehead_inner"), ("browDownLeft", "glabella")])
def test_furrows_turn_normals_where_the_map_has_them(file: Gltf, name: str, map_name: str) -> None:
    rig = as_face().rig
    rest = file.array(skin(file)["attributes"]["NORMAL"])
    moved = smooth_normals(rig.template + rig.deltas[rig.shape_names.index(name)], rig.faces)[: len(rest)]
    beyond = np.linalg.norm(rest + target_normals(file, name) - moved, axis=1)
    size = WRINKLES.heights.shape[1]
    column, row = (WRINKLES.uv[: len(rest)] * size).astype(int).clip(0, size - 1).T
    height = WRINKLES.heights[WRINKLES.names.index(map_name)]
    steep = np.hypot(*np.gradient(height))[row, column]  # mm a texel
    assert beyond[steep > 0.05].mean() > 0.02 > 10 * beyond[steep < 1e-3].mean()


def test_furrows_are_cut_into_the_skin_not_raised(file: Gltf) -> None:
    """Above a furrow of the forehead the normal turns down into it, below it up."""
    turn = target_normals(file, "browInnerUp")[:, 1]
    rig = as_face().rig
    moved = smooth_normals(rig.template + rig.deltas[rig.shape_names.index("browInnerUp")], rig.faces)
    turn = turn - (moved[: len(turn)] - file.array(skin(file)["attributes"]["NORMAL"]))[:, 1]
    heights = WRINKLES.heights[WRINKLES.names.index("forehead_inner")]
    downwards = np.gradient(heights, axis=0)  # rows run down
    size = len(heights)
    column, row = (WRINKLES.uv[: len(turn)] * size).astype(int).clip(0, size - 1).T
    slope = downwards[row, column]
    seen = np.abs(slope) > 0.02
    # a surface that rises downwards faces up, one that falls faces down
    assert np.corrcoef(slope[seen], turn[seen])[0, 1] > 0.5


def test_the_normal_map_and_its_tangents(file: Gltf) -> None:
    attributes = skin(file)["attributes"]
    normals, tangents = file.array(attributes["NORMAL"]), file.array(attributes["TANGENT"])
    np.testing.assert_allclose(np.linalg.norm(tangents[:, :3], axis=1), 1, atol=1e-5)
    assert (tangents[:, 3] == 1).all() and np.abs((tangents[:, :3] * normals).sum(1)).max() < 1e-3
    front = normals[:, 2] > 0.9
    assert (tangents[front, 0] > 0.75).all(), "u grows to the right of who looks at the face"
    np.testing.assert_array_equal(file.array(attributes["TEXCOORD_0"]), WRINKLES.uv[: len(normals)])
    material = file.document["materials"][skin(file)["material"]]
    image = pixels(file, file.document["textures"][material["normalTexture"]["index"]]["source"])
    assert image.shape == (512, 512, 3)
    vectors = image / 127.5 - 1
    assert abs(np.linalg.norm(vectors, axis=-1) - 1).max() < 0.05 and vectors[..., 2].min() > 0.5
    assert np.abs(vectors[..., :2].mean((0, 1))).max() < 0.01 and vectors[100:400, 100:400, :2].std() > 0.02
    assert np.abs(vectors[0, :, :2]).max() < 0.02, "flat at its border, where all other skin lies"


def test_the_wrinkle_maps_are_described(file: Gltf) -> None:
    told = file.document["materials"][skin(file)["material"]]["extras"]["wrinkles"]
    maps = pixels(file, told["image"])[..., 0].reshape(len(told["names"]), 512, -1)
    np.testing.assert_allclose((maps.astype(float) - 128) * told["step"], WRINKLES.heights[:, :, 256:], atol=1e-6)
    assert told["drivers"]["left"]["glabella"]["browDownLeft"] == 1.0
    assert "browDownRight" not in told["drivers"]["left"]["glabella"]
    assert tuple(told["names"]) == WRINKLES.names


def test_relief_is_left_out_where_it_is_not_wanted_or_known(animate: Make, small_rig: Rig, tmp_path: Path) -> None:
    plain = animate(2).save(tmp_path / "plain.glb", relief=False)
    full = animate(2).save(tmp_path / "full.glb")
    assert plain.stat().st_size < 0.8 * full.stat().st_size
    for path in (plain, animate(2).save(tmp_path / "other.glb", face=small_rig)):
        document = Gltf.from_bytes(path.read_bytes()).document
        assert "images" not in document
        targets = [target for one in document["meshes"][0]["primitives"] for target in one["targets"]]
        assert all(set(target) == {"POSITION"} for target in targets)


def test_ten_seconds_of_a_bearded_person_stay_below_four_megabytes(animate: Make, tmp_path: Path) -> None:
    assert animate(250).save(tmp_path / "gus.glb", identity=PEOPLE["gus"]).stat().st_size < 4_000_000
