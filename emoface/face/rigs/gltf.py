"""glTF 2.0 in its binary container (GLB): read it with every bound checked, append to it, put it together again.

What is not touched comes out as it went in: the JSON keeps all its values, and the binary chunk only grows at
its end. What a file claims is checked against its bytes, ``LIMITS`` and the budget before it is made.
Source: the Khronos glTF 2.0 specification, sections 3.6 (accessors) and 4.4 (container).
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emoface.limits import VARIABLE, budget, size_text
from emoface.reading import parse_json
from emoface.shown import by_shape

MAGIC, VERSION = b"glTF", 2
JSON_CHUNK, BINARY_CHUNK = b"JSON", b"BIN\0"
COMPONENTS: dict[int, np.dtype] = {
    code: np.dtype(kind)
    for code, kind in {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}.items()
}
"""componentType -> dtype."""
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
VERTEX_DATA, INDEX_DATA = 34962, 34963
"""Values of ``target`` of a buffer view."""
LIMITS: dict[str, int] = {
    "nodes": 1 << 15,
    "morph targets": 1 << 15,
    "morph targets of VRM expressions": 1 << 15,
    "primitives": 1 << 11,
    "vertices": 1 << 19,
    "triangles": 1 << 21,
    "pixels": 1 << 28,
    "pixels of a texture": 1 << 26,
}
"""How much of each a file may have, all meshes together, each as often as a node shows it; change it to read more.

What takes memory, displacements and decompressed data, is held against :func:`emoface.limits.budget` as well.
"""
MAX_COUNT = 1 << 22
"""Elements of an accessor that may be read."""
MAX_BYTES = (1 << 32) - 1
"""Of a GLB, whose header counts them in 32 bits."""


def check_limit(what: str, count: int) -> None:
    """Raise ValueError where a file has more of something than ``LIMITS`` allows."""
    if count > LIMITS[what]:
        raise ValueError(f"it has {count} {what}, at most {LIMITS[what]} are read")


def check_memory(what: str, size: int) -> None:
    """Raise ValueError where something would take more bytes than the budget of a file allows."""
    if size > budget().memory:
        raise ValueError(
            f"{what} would take {size_text(size)}, the budget is {size_text(budget().memory)} ({VARIABLE})"
        )


def whole(value: Any, what: str, end: int | None = None) -> int:
    """``value`` if it is an integer in 0..end-1 (any not negative one if ``end`` is None), ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{what} must be a whole number from 0 on, got {value!r:.60}")
    if end is not None and value >= end:
        raise ValueError(f"{what} must be below {end}, got {value}")
    return value


def finite(values: Any, what: str, size: int) -> np.ndarray:
    """A JSON list of ``size`` finite numbers as float64 (size,), ValueError otherwise."""
    numbers = isinstance(values, list) and len(values) == size and all(type(v) in (int, float) for v in values)
    if not numbers or not all(-1e30 < v < 1e30 for v in values):
        raise ValueError(f"{what} must be {size} finite numbers, got {values!r:.60}")
    return np.array(values, np.float64)


def member(owner: dict[str, Any], key: str, kind: type, what: str) -> Any:
    """``owner[key]``, an empty ``kind`` where it is absent; ValueError where it is not of that kind."""
    value = owner.get(key, kind())
    if not isinstance(value, kind):
        raise ValueError(f"{what} has a {key} that is no {kind.__name__}: {value!r:.60}")
    return value


@dataclass(eq=False)
class Gltf:
    """A glTF document and its binary data.

    Attributes:
        document: the JSON.
        binary: buffer 0, stored in the file itself.
        others: (type, data) of further chunks, kept as they are.
    """

    document: dict[str, Any] = field(default_factory=lambda: {"asset": {"version": "2.0", "generator": "emoface"}})
    binary: bytearray = field(default_factory=bytearray)
    others: list[tuple[bytes, bytes]] = field(default_factory=list)

    __repr__ = by_shape

    @classmethod
    def from_bytes(cls, data: bytes) -> Gltf:
        """Take a GLB apart.

        Args:
            data: the whole file.

        Returns:
            Its document and binary data.

        Raises:
            ValueError: not a GLB of version 2, truncated, or JSON that is none.
        """
        if data[:4] != MAGIC:
            raise ValueError(f"not a GLB file: it begins with {bytes(data[:4])!r} instead of {MAGIC!r}")
        if len(data) < 12:
            raise ValueError(f"GLB is truncated: {len(data)} bytes, the header alone has 12")
        version, length = struct.unpack_from("<II", data, 4)
        if version != VERSION:
            raise ValueError(f"GLB must have version {VERSION}, got {version}")
        if length > len(data):
            raise ValueError(f"GLB is truncated: {length} bytes expected, {len(data)} there")
        chunks: list[tuple[bytes, bytes]] = []
        start = 12
        while start < length:
            if start + 8 > length:
                raise ValueError(f"GLB is truncated in the header of chunk {len(chunks)}")
            size, kind = struct.unpack_from("<I4s", data, start)
            if start + 8 + size > length:
                raise ValueError(f"GLB is truncated: chunk {len(chunks)} of {size} bytes ends after the file")
            chunks.append((kind, data[start + 8 : start + 8 + size]))
            start += 8 + size
        if not chunks or chunks[0][0] != JSON_CHUNK:
            raise ValueError("GLB must begin with a JSON chunk")
        binary = chunks.pop(1)[1] if len(chunks) > 1 and chunks[1][0] == BINARY_CHUNK else b""
        return cls(_parse(chunks[0][1]), bytearray(binary), chunks[1:])

    def to_bytes(self) -> bytes:
        """The GLB: header, JSON padded with spaces, binary data padded with zeros, further chunks.

        Raises:
            ValueError: values that JSON does not know, or more bytes than a GLB can hold.
        """
        text = json.dumps(self.document, separators=(",", ":"), allow_nan=False).encode()
        chunks = [(JSON_CHUNK, text + b" " * (-len(text) % 4))]
        if self.binary:
            chunks.append((BINARY_CHUNK, bytes(self.binary) + bytes(-len(self.binary) % 4)))
        size = 12 + sum(8 + len(data) for _, data in [*chunks, *self.others])
        if size > MAX_BYTES:
            raise ValueError(f"a GLB holds at most {MAX_BYTES} bytes, this one would have {size}")
        body = b"".join(struct.pack("<I4s", len(data), kind) + data for kind, data in [*chunks, *self.others])
        return struct.pack("<4sII", MAGIC, VERSION, 12 + len(body)) + body

    def copy(self) -> Gltf:
        """Another document, to which may be appended; what the lists hold is shared a level further down."""
        document = {
            key: [dict(one) if isinstance(one, dict) else one for one in value] if isinstance(value, list) else value
            for key, value in self.document.items()
        }
        return Gltf(document, bytearray(self.binary), list(self.others))

    def items(self, kind: str) -> list[dict[str, Any]]:
        """A top-level list of the document such as ``"meshes"``; empty where it is absent."""
        found = member(self.document, kind, list, "the GLB")
        if not all(isinstance(one, dict) for one in found):
            raise ValueError(f"{kind} of the GLB must be objects")
        return found

    def item(self, kind: str, index: Any) -> dict[str, Any]:
        """One object of a top-level list; ValueError where there is none."""
        found = member(self.document, kind, list, "the GLB")
        one = found[whole(index, f"index into {kind}", len(found))]
        if not isinstance(one, dict):
            raise ValueError(f"{kind} of the GLB must be objects")
        return one

    def target_count(self, mesh: Any) -> int:
        """How many morph targets a mesh has.

        Raises:
            ValueError: no such mesh, or primitives with different numbers of targets.
        """
        what = f"mesh {mesh}"
        primitives = member(self.item("meshes", mesh), "primitives", list, what)
        if not all(isinstance(primitive, dict) for primitive in primitives):
            raise ValueError(f"primitives of {what} must be objects")
        counts = {len(member(primitive, "targets", list, f"a primitive of {what}")) for primitive in primitives} or {0}
        if len(counts) > 1:
            raise ValueError(f"primitives of {what} must have the same number of targets, got {sorted(counts)}")
        return counts.pop()

    def append(self, kind: str, item: dict[str, Any]) -> int:
        """Put an object at the end of a top-level list and return its index."""
        found = member(self.document, kind, list, "the GLB")
        found.append(item)
        self.document[kind] = found
        return len(found) - 1

    def view(self, index: Any) -> bytes:
        """The bytes of a buffer view.

        Raises:
            ValueError: outside the binary data, or in another file.
        """
        start, end, _ = self._place(index)
        return bytes(self.binary[start:end])

    def bytes_at(self, where: dict[str, Any], what: str) -> bytes:
        """The bytes of the file's data at ``buffer``, ``byteOffset`` and ``byteLength`` of an object.

        Raises:
            ValueError: outside the binary data, or in another file.
        """
        start, end = self._range(where, what)
        return bytes(self.binary[start:end])

    def _range(self, where: dict[str, Any], what: str) -> tuple[int, int]:
        buffer = self.item("buffers", where.get("buffer"))
        if where["buffer"] != 0 or "uri" in buffer:
            raise ValueError(f"{what} lies outside the file; save the model with its data in one .glb")
        start = whole(where.get("byteOffset", 0), f"byteOffset of {what}")
        end = start + whole(where.get("byteLength"), f"byteLength of {what}")
        if end > len(self.binary):
            raise ValueError(f"{what} ends at byte {end}, the file has {len(self.binary)} bytes of data")
        return start, end

    def _place(self, index: Any) -> tuple[int, int, int]:
        """First byte of a buffer view, the one after its last, and its stride, 0 where elements follow each other."""
        view, what = self.item("bufferViews", index), f"buffer view {index}"
        return *self._range(view, what), whole(view.get("byteStride", 0), f"byteStride of {what}", 253)

    def _elements(self, where: dict[str, Any], dtype: np.dtype, width: int, count: int, what: str) -> np.ndarray:
        """Elements (count, width) at the bufferView and byteOffset that ``where`` names."""
        start, end, stride = self._place(where.get("bufferView"))
        start += whole(where.get("byteOffset", 0), f"byteOffset of {what}")
        size = dtype.itemsize * width
        stride = stride or size
        if stride < size:
            raise ValueError(f"{what} has elements of {size} bytes at a stride of {stride}")
        if count == 0:
            return np.zeros((0, width), dtype)
        if start + stride * (count - 1) + size > end:
            raise ValueError(f"{what} ends {start + stride * (count - 1) + size - end} bytes after its buffer view")
        return np.ndarray((count, width), dtype, self.binary, start, (stride, dtype.itemsize)).copy()

    def array(self, index: Any, expected: int | None = None) -> np.ndarray:
        """The elements of an accessor, sparse ones filled in, normalised integers as float32.

        Args:
            index: of the accessor. expected: how many elements it must have, where that is known.

        Returns:
            (count,) of a SCALAR, (count, n) of a VECn, (count, 4, 4) of a MAT4, rows first.

        Raises:
            ValueError: outside the data, an unknown type, too many elements or another number than expected.
        """
        accessor, what = self.item("accessors", index), f"accessor {index}"
        dtype, width = _dtype(accessor, what), WIDTHS.get(str(accessor.get("type")))
        if width is None:
            raise ValueError(f"{what} must be one of {', '.join(WIDTHS)}, got {accessor.get('type')!r:.60}")
        count = whole(accessor.get("count"), f"count of {what}", MAX_COUNT)
        if expected is not None and count != expected:
            raise ValueError(f"{what} must have {expected} elements, got {count}")
        if "bufferView" not in accessor and count > len(self.binary):
            raise ValueError(f"{what} claims {count} elements, the file has {len(self.binary)} bytes of data")
        if "bufferView" in accessor:
            values = self._elements(accessor, dtype, width, count, what)
        else:
            values = np.zeros((count, width), dtype)
        if "sparse" in accessor:
            sparse = member(accessor, "sparse", dict, what)
            changed = whole(sparse.get("count"), f"sparse count of {what}", count + 1)
            places, news = (member(sparse, key, dict, f"sparse part of {what}") for key in ("indices", "values"))
            kind = _dtype(places, f"sparse indices of {what}")
            at = self._elements(places, kind, 1, changed, f"sparse indices of {what}")[:, 0]
            if kind.kind != "u" or (changed and at.max() >= count):
                raise ValueError(f"sparse indices of {what} must be unsigned and below {count}")
            values[at] = self._elements(news, dtype, width, changed, f"sparse values of {what}")
        if accessor.get("normalized") is True and dtype.kind in "iu":
            values = np.maximum(values / np.float32(np.iinfo(dtype).max), np.float32(-1))
        if width == 16:
            return values.reshape(count, 4, 4).transpose(0, 2, 1)  # stored column by column
        return values[:, 0] if width == 1 else values

    def add_view(self, data: bytes, target: int | None = None) -> int:
        """Append bytes to the binary data as a buffer view.

        Args:
            data: the bytes; they begin at a multiple of 4. target: ``VERTEX_DATA``, ``INDEX_DATA`` or neither.

        Returns:
            Index of the buffer view.

        Raises:
            ValueError: the first buffer of the document is another file.
        """
        view = self.place(data)
        if target is not None:
            view["target"] = target
        return self.append("bufferViews", view)

    def place(self, data: bytes) -> dict[str, Any]:
        """Append bytes to the binary data and return what a buffer view says of them, see :meth:`add_view`."""
        if not member(self.document, "buffers", list, "the GLB"):
            self.append("buffers", {"byteLength": 0})
        buffer = self.item("buffers", 0)
        if "uri" in buffer:
            raise ValueError("the first buffer lies outside the file; save the model with its data in one .glb")
        self.binary.extend(bytes(-len(self.binary) % 4))
        place = {"buffer": 0, "byteOffset": len(self.binary), "byteLength": len(data)}
        self.binary.extend(data)
        buffer["byteLength"] = len(self.binary)
        return place

    def add_array(
        self, values: np.ndarray, target: int | None = None, bounds: bool = False, normalized: bool = False
    ) -> int:
        """Append an array as an accessor.

        Args:
            values: (n,) scalars or (n, 2..4) vectors, of a dtype in ``COMPONENTS``.
            target: ``VERTEX_DATA``, ``INDEX_DATA`` or neither.
            bounds: write ``min`` and ``max``, which positions and times must have.
            normalized: integers stand for -1..1 or 0..1.

        Returns:
            Index of the accessor.
        """
        accessor = _describe(values, bounds)
        if normalized:
            accessor["normalized"] = True
        stored = np.ascontiguousarray(values, COMPONENTS[accessor["componentType"]])
        return self.append("accessors", {"bufferView": self.add_view(stored.tobytes(), target), **accessor})

    def add_sparse(self, values: np.ndarray, bounds: bool = False) -> int:
        """Append an array that is mostly zero as a sparse accessor: only rows that are not zero are stored.

        Args:
            values: (n, 2..4), of a dtype in ``COMPONENTS``. bounds: write ``min`` and ``max``.

        Returns:
            Index of the accessor.
        """
        accessor = _describe(values, bounds)
        rows = np.flatnonzero((values != 0).any(1)).astype(np.uint16 if len(values) <= 1 << 16 else np.uint32)
        if len(rows):
            stored = np.ascontiguousarray(values[rows], COMPONENTS[accessor["componentType"]])
            indices = {"bufferView": self.add_view(rows.tobytes()), "componentType": _code(rows.dtype)}
            accessor["sparse"] = {
                "count": len(rows), "indices": indices, "values": {"bufferView": self.add_view(stored.tobytes())},
            }  # fmt: skip
        return self.append("accessors", accessor)

    def add_animation(self, times: np.ndarray, channels: list[tuple[int, str, np.ndarray]], name: str) -> int:
        """Append an animation, linear between its keys.

        Args:
            times: (T,) seconds, increasing.
            channels: node, path and values: (T, targets of its mesh) ``weights``, (T, 3) ``translation``, (T, 4)
                ``rotation`` as quaternions x, y, z, w.
            name: of it.

        Returns:
            Index of the animation.
        """
        keys = self.add_array(np.asarray(times, np.float32), bounds=True)
        samplers: list[dict[str, Any]] = []
        listed: list[dict[str, Any]] = []
        for node, path, values in channels:
            values = np.asarray(values, np.float32)
            output = self.add_array(values.ravel() if path == "weights" else values)
            listed.append({"sampler": len(samplers), "target": {"node": node, "path": path}})
            samplers.append({"input": keys, "interpolation": "LINEAR", "output": output})
        return self.append("animations", {"name": name, "samplers": samplers, "channels": listed})


def _parse(chunk: bytes) -> dict[str, Any]:
    try:
        document = parse_json(chunk, standard=True)
    except ValueError as error:
        raise ValueError(f"JSON of the GLB cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise ValueError(f"JSON of the GLB must be an object, got {type(document).__name__}")
    return document


def _dtype(owner: dict[str, Any], what: str) -> np.dtype:
    code = owner.get("componentType")
    if not isinstance(code, int) or code not in COMPONENTS:
        raise ValueError(f"componentType of {what} must be one of {sorted(COMPONENTS)}, got {code!r:.60}")
    return COMPONENTS[code]


def _code(dtype: np.dtype) -> int:
    for code, known in COMPONENTS.items():
        if known == dtype:
            return code
    raise ValueError(f"glTF has no numbers of type {dtype}")


def _describe(values: np.ndarray, bounds: bool) -> dict[str, Any]:
    """The accessor of an array (n, ...), without its place."""
    columns = values.reshape(len(values), -1)
    kind = next(name for name, width in WIDTHS.items() if width == columns.shape[1])
    accessor: dict[str, Any] = {"componentType": _code(values.dtype), "count": len(values), "type": kind}
    if bounds:
        accessor |= {"min": columns.min(0).tolist(), "max": columns.max(0).tolist()}
    return accessor
