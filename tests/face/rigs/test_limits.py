"""Small files that claim or multiply much: refused before the work with the limit named; else in linear time."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from emoface.face.layout import ARKIT_NAMES
from emoface.face.rigs import gltf as gltf_module
from emoface.face.rigs.glb import load_glb
from emoface.face.rigs.gltf import INDEX_DATA, LIMITS, VERTEX_DATA, Gltf

TRIANGLE = np.array([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]], np.float32)


def avatar(names=("jawOpen",)) -> Gltf:
    """A triangle whose targets are one accessor."""
    gltf = Gltf()
    base = gltf.add_array(TRIANGLE, VERTEX_DATA, bounds=True)
    primitive = {
        "attributes": {"POSITION": base},
        "indices": gltf.add_array(np.array([0, 1, 2], np.uint16), INDEX_DATA),
        "targets": [{"POSITION": base}] * len(names),
    }
    gltf.append("meshes", {"name": "Face", "primitives": [primitive], "extras": {"targetNames": list(names)}})
    gltf.append("nodes", {"mesh": 0})
    return gltf


def chain(count: int) -> Gltf:
    gltf = avatar()
    gltf.document["nodes"] += [{"children": [k + 1], "translation": [1, 0, 0]} for k in range(1, count - 1)] + [{}]
    return gltf


def with_primitives(count: int, shown: int = 1) -> Gltf:
    gltf = avatar()
    gltf.document["meshes"][0]["primitives"] *= count
    gltf.document["nodes"] *= shown
    return gltf


def with_expressions(count: int) -> Gltf:
    gltf = avatar()
    binds = [{"mesh": 0, "index": 0, "weight": 100}]
    groups = [{"name": f"x{k}", "binds": binds} for k in range(count)]
    gltf.document["extensions"] = {"VRM": {"blendShapeMaster": {"blendShapeGroups": groups}}}
    return gltf


def with_zeros(count: int) -> Gltf:
    """Positions and 52 targets that stand nowhere in the file."""
    gltf = avatar(ARKIT_NAMES)
    accessor = gltf.append("accessors", {"componentType": 5126, "count": count, "type": "VEC3"})
    primitive = gltf.document["meshes"][0]["primitives"][0]
    primitive |= {"attributes": {"POSITION": accessor}, "targets": [{"POSITION": accessor}] * 52}
    del primitive["indices"]
    return gltf


def write(gltf: Gltf, tmp_path):
    path = tmp_path / "avatar.glb"
    path.write_bytes(gltf.to_bytes())
    return path


@pytest.mark.parametrize(
    ("gltf", "what", "count"),
    [
        (avatar(["jawOpen"] * 60), "morph targets", 60),
        (chain(60), "nodes", 60),
        (with_primitives(60), "primitives", 60),
        (with_primitives(10, 10), "primitives", 100),
        (with_expressions(60), "morph targets of VRM expressions", 51),
    ],
)
def test_too_much_is_refused(gltf, what, count, monkeypatch, tmp_path):
    path = write(gltf, tmp_path)
    assert load_glb(path).shape_names == ("jawOpen",)
    monkeypatch.setitem(LIMITS, what, 50)
    with pytest.raises(ValueError, match=rf"avatar\.glb: it has {count} {what}, at most 50 are read"):
        load_glb(path)


def test_elements_that_the_file_does_not_hold_are_refused_before_they_are_made(tmp_path):
    path = write(with_zeros(500_000), tmp_path)
    tracemalloc.start()
    with pytest.raises(ValueError, match="accessor 2 claims 500000 elements, the file has 44 bytes of data"):
        load_glb(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


def test_a_file_at_the_limits_is_read(tmp_path):
    gltf = avatar(["jawOpen", *(f"sculpt{k}" for k in range(LIMITS["morph targets"] - 1))])
    nodes = LIMITS["nodes"]
    gltf.document["nodes"] += [{"children": [k + 1]} for k in range(1, nodes - 1)] + [{}]
    assert len(load_glb(write(gltf, tmp_path)).unused) == LIMITS["morph targets"] - 1


def test_what_is_read_from_many_primitives_is_counted(monkeypatch, tmp_path):
    path = write(with_primitives(10), tmp_path)
    for what, limit, count in (("vertices", 29, 30), ("triangles", 9, 10)):
        with monkeypatch.context() as patch:
            patch.setitem(LIMITS, what, limit)
            with pytest.raises(ValueError, match=f"{count} {what}, at most {limit}"):
                load_glb(path)
    monkeypatch.setattr(gltf_module, "budget", lambda: SimpleNamespace(memory=12 * 29))
    with pytest.raises(ValueError, match="its displacements would take 360 bytes, the budget is 348 bytes"):
        load_glb(path)
    monkeypatch.undo()
    assert len(load_glb(path).template) == 30


def test_no_work_is_done_twice_for_every_part(monkeypatch, tmp_path):
    """Lists of the document are looked through a number of times that does not grow with it."""

    def looks(count: int) -> int:
        path, calls = write(with_primitives(1, count), tmp_path), []
        items = Gltf.items
        with monkeypatch.context() as patch:
            patch.setattr(Gltf, "items", lambda self, kind: calls.append(kind) or items(self, kind))
            load_glb(path).animated(np.zeros((2, 52)), np.array([0.1, 0.2])).to_bytes()
        return len(calls)

    assert looks(100) == looks(10)


def nested(levels: int) -> bytes:
    """A GLB whose extras are that deep, themselves and the document counted."""
    gltf = avatar()
    gltf.document["extras"] = "HERE"
    depth = levels - 1
    text = json.dumps(gltf.document).replace('"HERE"', '{"a":' * depth + '"[[[{{{\\""' + "}" * depth).encode()
    text += b" " * (-len(text) % 4)
    data = bytes(gltf.binary)
    body = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(data), b"BIN\0") + data
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def test_deep_extras_are_kept_and_deeper_ones_refused(tmp_path):
    path = tmp_path / "avatar.glb"
    path.write_bytes(nested(64))
    again = load_glb(path).animated(np.zeros((2, 52)), np.array([0.1, 0.2])).to_bytes()
    assert Gltf.from_bytes(again).document["extras"] == Gltf.from_bytes(path.read_bytes()).document["extras"]
    for levels in (66, 700, 100_000):
        with pytest.raises(ValueError, match="JSON of the GLB cannot be read: JSON nested more than 64 deep"):
            Gltf.from_bytes(nested(levels))


def test_brackets_in_names_are_no_levels():
    gltf = avatar()
    gltf.document["asset"]["copyright"] = '"[{' * 500
    assert Gltf.from_bytes(gltf.to_bytes()).document == gltf.document


def test_copies_can_be_appended_to_without_changing_the_first():
    gltf = avatar()
    before = json.dumps(gltf.document)
    copied = gltf.copy()
    copied.add_animation(np.array([0.0, 1.0]), [(0, "weights", np.zeros((2, 1)))], "more")
    copied.append("scenes", {"nodes": [0]})
    assert json.dumps(gltf.document) == before and len(copied.binary) > len(gltf.binary)


def test_files_too_large_for_a_glb_are_refused_before_they_are_made(monkeypatch, tmp_path):
    rig = load_glb(write(avatar(), tmp_path))
    monkeypatch.setattr("emoface.face.rigs.glb.MAX_BYTES", 1000)
    with pytest.raises(ValueError, match="a GLB holds at most 1000 bytes, 300 frames of this avatar need 1244"):
        rig.animated(np.zeros((300, 52)), np.arange(300) / 25)
    monkeypatch.setattr(gltf_module, "MAX_BYTES", 100)
    with pytest.raises(ValueError, match="a GLB holds at most 100 bytes, this one would have"):
        rig.gltf.to_bytes()


def test_large_pictures_are_passed_over(monkeypatch, tmp_path):
    image = pytest.importorskip("PIL.Image")
    gltf, picture = avatar(), io.BytesIO()
    image.new("RGB", (8, 8), (255, 0, 0)).save(picture, "PNG")
    view = gltf.add_view(picture.getvalue())
    for place in range(3):
        gltf.append("images", {"bufferView": view, "mimeType": "image/png"})
        gltf.append("textures", {"source": place})
        gltf.append("materials", {"pbrMetallicRoughness": {"baseColorTexture": {"index": place}}})
    first = gltf.document["meshes"][0]["primitives"][0]
    first["attributes"]["TEXCOORD_0"] = gltf.add_array(np.zeros((3, 2), np.float32))
    gltf.document["meshes"][0]["primitives"] = [first | {"material": place} for place in range(3)]
    path = write(gltf, tmp_path)
    red = [[1, 0, 0]] * 3
    monkeypatch.setitem(LIMITS, "pixels", 128)
    with pytest.warns(UserWarning, match="it has 192 pixels, at most 128 are read"):
        np.testing.assert_allclose(load_glb(path).colours, [*red, *red, *[[1, 1, 1]] * 3], atol=1e-6)
    monkeypatch.setitem(LIMITS, "pixels of a texture", 63)
    with pytest.warns(UserWarning, match="it has 64 pixels of a texture, at most 63"):
        assert load_glb(path).colours.min() == 1
