"""Avatars with compressed meshes: read as their plain twins are, written plain, and no damaged bytes do worse than a
ValueError."""

from __future__ import annotations

import copy
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoface.face.rigs import compression
from emoface.face.rigs.glb import load_glb
from emoface.face.rigs.gltf import INDEX_DATA, LIMITS, VERTEX_DATA, Gltf

NAMES = ["jawOpen", "eyeBlinkLeft", "hat"]
SIDE = 12


def grid() -> tuple[np.ndarray, np.ndarray]:
    """A bent square: positions (144, 3) and triangles."""
    x, y = np.meshgrid(np.linspace(-0.1, 0.1, SIDE), np.linspace(-0.1, 0.1, SIDE))
    corner = np.arange(SIDE * (SIDE - 1)).reshape(SIDE - 1, SIDE)[:, :-1].ravel()
    faces = [[corner, corner + 1, corner + SIDE], [corner + 1, corner + SIDE + 1, corner + SIDE]]
    points = np.stack([x, y, 0.05 - x * x], -1).reshape(-1, 3).astype(np.float32)
    return points, np.stack(faces, -1).reshape(-1, 3).transpose().T.astype(np.uint16).reshape(-1, 3)


def plain() -> Gltf:
    points, faces = grid()
    gltf, generator = Gltf(), np.random.default_rng(5)
    primitive = {
        "attributes": {
            "POSITION": gltf.add_array(points, VERTEX_DATA, bounds=True),
            "TEXCOORD_0": gltf.add_array(points[:, :2] * 5 + 0.5, VERTEX_DATA),
        },
        "indices": gltf.add_array(faces.ravel(), INDEX_DATA),
        "targets": [
            {"POSITION": gltf.add_array(generator.normal(0, 0.01, points.shape).astype(np.float32), bounds=True)}
            for _ in NAMES
        ],
    }
    gltf.append("meshes", {"name": "Face", "primitives": [primitive], "extras": {"targetNames": NAMES}})
    gltf.append("nodes", {"mesh": 0})
    gltf.append("scenes", {"nodes": [0]})
    return gltf


def with_draco() -> Gltf:
    """Positions, texture coordinates and corners as Draco has them; targets as they were."""
    draco = pytest.importorskip("DracoPy")
    points, faces = grid()
    packed = draco.encode(
        points, faces, 20, tex_coord=(points[:, :2] * 5 + 0.5).astype(np.float64), preserve_order=True
    )
    unique = {0: "POSITION", 3: "TEXCOORD_0"}  # DracoPy's attribute types
    attributes = {unique[a["attribute_type"]]: a["unique_id"] for a in draco.decode(packed).attributes}
    gltf, twin = Gltf(), plain()
    for index, accessor in enumerate(twin.document["accessors"]):
        kept = dict(accessor)
        if index < 3:
            del kept["bufferView"]
        else:
            kept["bufferView"] = gltf.add_view(twin.view(accessor["bufferView"]))
        gltf.append("accessors", kept)
    for key in ("meshes", "nodes", "scenes"):
        gltf.document[key] = copy.deepcopy(twin.document[key])
    gltf.document["meshes"][0]["primitives"][0]["extensions"] = {
        "KHR_draco_mesh_compression": {"bufferView": gltf.add_view(packed), "attributes": attributes}
    }
    gltf.document["extensionsUsed"] = gltf.document["extensionsRequired"] = ["KHR_draco_mesh_compression"]
    return gltf


def with_meshopt(name: str = "EXT_meshopt_compression", filtered: bool = False) -> Gltf:
    """Every buffer view packed, as gltfpack and glTF-Transform write it."""
    meshopt = pytest.importorskip("meshopt")
    gltf, twin = Gltf(), plain()
    gltf.document |= {k: copy.deepcopy(v) for k, v in twin.document.items() if k not in ("buffers", "bufferViews")}
    views, size = [], 0
    for index, accessor in enumerate(twin.document["accessors"]):
        rows = twin.array(index)
        if index == 2:  # of triangles
            packed, mode, stride = meshopt.encode_gltf_buffer(rows.astype(np.uint32), "TRIANGLES"), "TRIANGLES", 2
        else:
            stored = meshopt.encode_filter_exp(rows, 20) if filtered else np.ascontiguousarray(rows)
            packed, mode, stride = meshopt.encode_gltf_buffer(stored, "ATTRIBUTES"), "ATTRIBUTES", 4 * rows.shape[1]
        place = gltf.place(bytes(packed)) | {"byteStride": stride, "count": len(rows), "mode": mode}
        if filtered and index != 2:
            place["filter"] = "EXPONENTIAL"
        length = stride * len(rows)
        views.append({"buffer": 1, "byteOffset": size, "byteLength": length, "extensions": {name: place}})
        accessor["bufferView"], size = index, size + length
    gltf.append("buffers", {"byteLength": size, "extensions": {name: {"fallback": True}}})
    gltf.document |= {"bufferViews": views, "extensionsUsed": [name, "ACME"], "extensionsRequired": [name]}
    return gltf


def write(gltf: Gltf, tmp_path):
    path = tmp_path / "avatar.glb"
    path.write_bytes(gltf.to_bytes())
    return path


@pytest.mark.parametrize(
    ("packed", "error"),
    [
        (with_draco, 1e-6),
        (with_meshopt, 0),
        (lambda: with_meshopt("KHR_meshopt_compression"), 0),
        (lambda: with_meshopt(filtered=True), 1e-6),
    ],
)
def test_compressed_avatars_are_read_like_plain_ones_and_written_plain(packed, error, tmp_path):
    twin = load_glb(write(plain(), tmp_path))
    rig = load_glb(write(packed(), tmp_path))
    np.testing.assert_allclose(rig.template, twin.template, atol=error)
    np.testing.assert_allclose(rig.deltas, twin.deltas, atol=error)
    np.testing.assert_array_equal(np.sort(np.sort(rig.faces, 1), 0), np.sort(np.sort(twin.faces, 1), 0))
    assert (rig.shape_names, rig.unused, rig.binds) == (twin.shape_names, twin.unused, twin.binds)

    path = write(rig.animated(np.full((2, 52), 0.5, np.float32), np.array([0.1, 0.2])), tmp_path)
    again = Gltf.from_bytes(path.read_bytes())
    assert "compression" not in str(again.document) and len(again.document["buffers"]) == 1
    assert again.document["buffers"][0]["byteLength"] == len(again.binary)
    np.testing.assert_array_equal(load_glb(path).deltas, rig.deltas)
    uv = again.document["meshes"][0]["primitives"][0]["attributes"]["TEXCOORD_0"]
    np.testing.assert_allclose(again.array(uv), grid()[0][:, :2] * 5 + 0.5, atol=1e-5)
    position = again.document["accessors"][again.document["meshes"][0]["primitives"][0]["attributes"]["POSITION"]]
    np.testing.assert_allclose(position["max"], again.array(0).max(0), atol=1e-9 if packed is with_draco else error)


@pytest.mark.parametrize(("packed", "library"), [(with_draco, "DracoPy"), (with_meshopt, "meshopt")])
def test_without_the_library_the_error_names_it_and_a_command(packed, library, tmp_path, monkeypatch):
    path = write(packed(), tmp_path)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        ImportError, match=rf"need {library} \(pip install emoface\[compressed\]\).*gltf-transform/cli copy"
    ):
        load_glb(path)


def changed(gltf: Gltf, **values) -> Gltf:
    gltf.document["bufferViews"][0]["extensions"]["EXT_meshopt_compression"] |= values
    return gltf


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: changed(with_meshopt(), count=1 << 28), "decompressed data would take 3.2 GB, the budget is"),
        (lambda: changed(with_meshopt(), mode="SQUASH"), "packed in mode 'SQUASH'"),
        (lambda: changed(with_meshopt(), filter="MAGIC"), "with filter 'MAGIC'"),
        (lambda: changed(with_meshopt(), byteLength=10**6), "ends at byte"),
        (lambda: changed(with_meshopt(), byteLength=7), "buffer view 0 cannot be decoded"),
        (lambda: changed(with_meshopt(), byteStride=7), "cannot be decoded"),
        (lambda: changed(with_meshopt(), buffer=1), "one .glb"),
    ],
)
def test_views_that_cannot_be_decoded_are_refused(make, message, tmp_path):
    with pytest.raises(ValueError, match=rf"avatar\.glb: .*{message}"):
        load_glb(write(make(), tmp_path))


def test_primitives_that_cannot_be_decoded_are_refused(tmp_path, monkeypatch):
    for change, message in (
        (lambda d: d["accessors"][0].update(count=7), "POSITION of a primitive of mesh 0 must be 7 rows, 144 are"),
        (lambda d: d["meshes"][0]["primitives"][0]["extensions"]["KHR_draco_mesh_compression"]["attributes"].update(
            POSITION=77), "no attribute|cannot be decoded"),
        (lambda d: d["meshes"][0]["primitives"][0]["extensions"].update(KHR_draco_mesh_compression=3), "an object"),
        (lambda d: d["bufferViews"][-1].update(byteLength=20), "cannot be decoded|draco"),
    ):  # fmt: skip
        gltf = with_draco()
        change(gltf.document)
        with pytest.raises(ValueError, match=message):
            load_glb(write(gltf, tmp_path))
    monkeypatch.setitem(LIMITS, "vertices", 100)
    with pytest.raises(ValueError, match="144 vertices, at most 100"):
        load_glb(write(with_draco(), tmp_path))


@pytest.fixture(scope="module")
def packed_bytes():
    return [with_draco().to_bytes(), with_meshopt().to_bytes(), with_meshopt(filtered=True).to_bytes()]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_bytes_do_no_worse_than_value_error(data, packed_bytes):
    blob = bytearray(data.draw(st.sampled_from(packed_bytes)))
    for _ in range(data.draw(st.integers(1, 4))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    try:
        compression.decompress(Gltf.from_bytes(bytes(blob))).to_bytes()
    except ValueError:
        pass
