"""GLB files: what goes in comes out, an independent reader agrees, and no bytes do worse than a ValueError."""

from __future__ import annotations

import json
import struct

import numpy as np
import pygltflib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoface.face.rigs.gltf import INDEX_DATA, VERTEX_DATA, Gltf

POINTS = np.array([[0, 0, 0], [1, 0, 0.5], [0, 2, -1]], np.float32)
MOVED = np.array([[0, 0, 0], [0.5, 0, 0], [0, 0, 0]], np.float32)


def triangle() -> Gltf:
    """One triangle with one dense and one sparse target, animated on its node."""
    gltf = Gltf()
    positions = gltf.add_array(POINTS, VERTEX_DATA, bounds=True)
    indices = gltf.add_array(np.array([0, 1, 2], np.uint16), INDEX_DATA)
    targets = [{"POSITION": gltf.add_array(MOVED, bounds=True)}, {"POSITION": gltf.add_sparse(MOVED, bounds=True)}]
    primitive = {"attributes": {"POSITION": positions}, "indices": indices, "targets": targets}
    gltf.append("meshes", {"primitives": [primitive]})
    gltf.append("nodes", {"mesh": 0})
    gltf.add_animation(np.array([0.0, 0.5]), [(0, "weights", np.array([[0, 0], [1, 0.25]]))], "open")
    return gltf


def test_arrays_come_back():
    again = Gltf.from_bytes(triangle().to_bytes())
    np.testing.assert_array_equal(again.array(0), POINTS)
    np.testing.assert_array_equal(again.array(1), [0, 1, 2])
    np.testing.assert_array_equal(again.array(2), MOVED)
    np.testing.assert_array_equal(again.array(3), MOVED)


def test_independent_reader_sees_the_same(tmp_path):
    path = tmp_path / "triangle.glb"
    path.write_bytes(triangle().to_bytes())
    read = pygltflib.GLTF2().load(str(path))
    blob = read.binary_blob()
    output = read.accessors[read.animations[0].samplers[0].output]
    start = read.bufferViews[output.bufferView].byteOffset
    assert np.frombuffer(blob, "<f4", output.count, start).tolist() == [0, 0, 1, 0.25]
    assert read.animations[0].channels[0].target.path == "weights"
    assert read.accessors[read.animations[0].samplers[0].input].max == [0.5]
    assert read.accessors[3].sparse.count == 1 and read.accessors[3].bufferView is None


def test_normalised_integers_become_fractions():
    gltf = Gltf()
    signed = gltf.add_array(np.array([[-128, 0, 127]], np.int8), normalized=True)
    unsigned = gltf.add_array(np.array([0, 255], np.uint8), normalized=True)
    np.testing.assert_array_equal(gltf.array(signed), [[-1, 0, 1]])
    np.testing.assert_array_equal(gltf.array(unsigned), [0, 1])


def test_stride_and_offset_are_followed():
    gltf = Gltf()
    rows = np.arange(12, dtype="<f4").reshape(3, 4)
    view = gltf.add_view(rows.tobytes())
    gltf.document["bufferViews"][view]["byteStride"] = 16
    accessor = {"bufferView": view, "byteOffset": 4, "componentType": 5126, "count": 3, "type": "VEC2"}
    np.testing.assert_array_equal(gltf.array(gltf.append("accessors", accessor)), rows[:, 1:3])


def test_foreign_chunks_and_values_survive():
    gltf = triangle()
    gltf.document["extras"] = {"text": "日本 \ud800", "number": 0.1, "big": 2**60, "nothing": None}
    gltf.others.append((b"XTRA", b"abcd"))
    again = Gltf.from_bytes(gltf.to_bytes())
    assert again.document == gltf.document
    assert again.others == gltf.others
    assert bytes(again.binary)[: len(gltf.binary)] == bytes(gltf.binary)


def broken(key, value, kind="accessors"):
    gltf = triangle()
    gltf.document[kind][0][key] = value
    return gltf


@pytest.mark.parametrize(
    ("gltf", "message"),
    [
        (broken("count", 4), "after its buffer view"),
        (broken("count", 2**40), "count of accessor 0"),
        (broken("count", -1), "count of accessor 0"),
        (broken("count", True), "count of accessor 0"),
        (broken("componentType", 7), "componentType"),
        (broken("type", "MAT3"), "MAT3"),
        (broken("byteOffset", 1000), "after its buffer view"),
        (broken("bufferView", 99), "below"),
        (broken("byteLength", 10**6, "bufferViews"), "bytes of data"),
        (broken("byteStride", 4, "bufferViews"), "stride"),
        (broken("uri", "head.bin", "buffers"), "one .glb"),
    ],
)
def test_accessors_outside_the_data_are_refused(gltf, message):
    with pytest.raises(ValueError, match=message):
        gltf.array(0)


def container(*chunks: tuple[bytes, bytes], version: int = 2) -> bytes:
    body = b"".join(struct.pack("<I4s", len(data), kind) + data for kind, data in chunks)
    return struct.pack("<4sII", b"glTF", version, 12 + len(body)) + body


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a GLB"),
        (b"{}", "not a GLB"),
        (b"glTF\x02\0", "truncated"),
        (container((b"JSON", b"{}"), version=1), "version"),
        (container((b"BIN\0", b"")), "JSON chunk"),
        (container((b"JSON", b"[" * 100_000)), "cannot be read"),
        (container((b"JSON", b'{"a": NaN}')), "NaN"),
        (container((b"JSON", b"[]")), "object"),
        (container((b"JSON", b"\xff")), "cannot be read"),
    ],
)
def test_containers_that_are_none_are_refused(data, message):
    with pytest.raises(ValueError, match=message):
        Gltf.from_bytes(data)


@given(cut=st.integers(0, len(triangle().to_bytes()) - 1))
def test_truncated_files_are_refused(cut):
    with pytest.raises(ValueError):
        Gltf.from_bytes(triangle().to_bytes()[:cut])


@given(st.data())
def test_sizes_made_up_never_read_outside(data):
    gltf = triangle()
    number = st.one_of(st.integers(-3, 200), st.integers(2**30, 2**70), st.floats(), st.none(), st.text(max_size=3))
    for _ in range(data.draw(st.integers(1, 3))):
        owner = data.draw(st.sampled_from([*gltf.document["accessors"], *gltf.document["bufferViews"]]))
        owner[data.draw(st.sampled_from(sorted({*owner, "byteOffset", "byteStride"})))] = data.draw(number)
    for index in range(len(gltf.document["accessors"])):
        try:
            assert gltf.array(index).nbytes < 1 << 28
        except ValueError as error:
            assert json.dumps(str(error))
