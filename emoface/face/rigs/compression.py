"""Compressed meshes made plain: glTF's extensions for Draco and meshoptimizer.

The libraries that decode them are the extra ``compressed``. Sources: the Khronos extensions
KHR_draco_mesh_compression and EXT_meshopt_compression.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np

from .gltf import COMPONENTS, INDEX_DATA, VERTEX_DATA, Gltf, check_limit, check_memory, member, whole

DRACO = "KHR_draco_mesh_compression"
MESHOPT = ("EXT_meshopt_compression", "KHR_meshopt_compression")
COMMAND = "npx @gltf-transform/cli copy compressed.glb plain.glb"
"""What makes such a file plain without Python."""
MODES = ("ATTRIBUTES", "TRIANGLES", "INDICES")
FILTERS = ("NONE", "OCTAHEDRAL", "QUATERNION", "EXPONENTIAL", "COLOR")


def decompress(gltf: Gltf) -> Gltf:
    """The same document with plain meshes; itself where they are plain already.

    Raises:
        ImportError: the library that decodes them is not installed. ValueError: compressed data that cannot be decoded,
            or that does not fit what the document says of it.
    """
    used = [
        name for key in ("extensionsUsed", "extensionsRequired") for name in member(gltf.document, key, list, "the GLB")
    ]
    if DRACO not in used and not any(name in used for name in MESHOPT):
        return gltf
    gltf = gltf.copy()
    for name in MESHOPT:
        if name in used:
            _decode_views(gltf, name, _library("meshopt", name))
            _drop(gltf, name)
    if DRACO in used:
        _decode_primitives(gltf, _library("DracoPy", DRACO))
        _drop(gltf, DRACO)
    _leave_out_unused_bytes(gltf)
    return gltf


def _library(name: str, extension: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"meshes compressed with {extension} need {name} (pip install emoface[compressed]); "
            f"or make the file plain: {COMMAND}"
        ) from error


def _drop(gltf: Gltf, extension: str) -> None:
    for key in ("extensionsUsed", "extensionsRequired"):
        left = [name for name in gltf.document.get(key, []) if name != extension]
        if left:
            gltf.document[key] = left
        else:
            gltf.document.pop(key, None)


def _taken(owner: dict[str, Any], extension: str, what: str) -> dict[str, Any] | None:
    """The extension's object of an owner, which loses it; None where it has none."""
    extensions = dict(member(owner, "extensions", dict, what))
    if extension not in extensions:
        return None
    taken = extensions.pop(extension)
    if not isinstance(taken, dict):
        raise ValueError(f"{extension} of {what} must be an object, got {taken!r:.60}")
    owner["extensions"] = extensions
    if not extensions:
        del owner["extensions"]
    return taken


def _decode_views(gltf: Gltf, extension: str, meshopt: ModuleType) -> None:
    """Put every buffer view that meshoptimizer compressed into the file's data, decoded."""
    total = 0
    for index, view in enumerate(gltf.items("bufferViews")):
        what = f"buffer view {index}"
        packed = _taken(view, extension, what)
        if packed is None:
            continue
        count, stride = (whole(packed.get(key), f"{key} of {what}") for key in ("count", "byteStride"))
        total += count * stride
        check_memory("its decompressed data", total)
        mode, filtered = packed.get("mode"), packed.get("filter", "NONE")
        if mode not in MODES or filtered not in FILTERS:
            raise ValueError(f"{what} is packed in mode {mode!r:.60} with filter {filtered!r:.60}, which are not known")
        data = gltf.bytes_at(packed, f"compressed {what}")
        try:
            rows = meshopt.decode_gltf_buffer(data, count, stride, mode, None if filtered == "NONE" else filtered)
        except Exception as error:  # whatever a native decoder makes of damaged data
            raise ValueError(f"{what} cannot be decoded by {extension}: {error}") from error
        plain = np.ascontiguousarray(rows).tobytes()
        if len(plain) != count * stride:
            raise ValueError(f"{what} must have {count * stride} bytes, got {len(plain)}")
        view |= gltf.place(plain)
    _drop_fallback(gltf, extension)


def _drop_fallback(gltf: Gltf, extension: str) -> None:
    """Leave out the buffers at the end that stood for decoded data."""
    buffers = gltf.items("buffers")
    used = {view.get("buffer") for view in gltf.items("bufferViews")}
    while len(buffers) > 1 and len(buffers) - 1 not in used and extension in buffers[-1].get("extensions", {}):
        buffers.pop()


def _leave_out_unused_bytes(gltf: Gltf) -> None:
    """Lay the buffer views out anew, one after the other, without what was decoded; not where they overlap."""
    views = [view for view in gltf.items("bufferViews") if view.get("buffer") == 0]
    if sum(whole(view.get("byteLength"), "byteLength of a buffer view") for view in views) > len(gltf.binary):
        return
    plain = [gltf.bytes_at(view, "a buffer view") for view in views]
    gltf.binary = bytearray()
    for view, data in zip(views, plain):
        view |= gltf.place(data)


def _decode_primitives(gltf: Gltf, draco: ModuleType) -> None:
    """Give every primitive that Draco compressed its attributes and corners as accessors of their own."""
    vertices = 0
    for index, mesh in enumerate(gltf.items("meshes")):
        primitives = member(mesh, "primitives", list, f"mesh {index}")
        mesh["primitives"] = [dict(one) if isinstance(one, dict) else one for one in primitives]
        for primitive in mesh["primitives"]:
            what = f"a primitive of mesh {index}"
            packed = _taken(primitive, DRACO, what) if isinstance(primitive, dict) else None
            if packed is None:
                continue
            attributes = member(primitive, "attributes", dict, what)
            position = gltf.item("accessors", attributes.get("POSITION"))
            vertices += whole(position.get("count"), f"count of positions of {what}")
            check_limit("vertices", vertices)
            try:
                decoded = draco.decode(gltf.view(packed.get("bufferView")))
            except ValueError:
                raise
            except Exception as error:  # whatever a native decoder makes of damaged data
                raise ValueError(f"{what} cannot be decoded by {DRACO}: {error}") from error
            free = [whole(packed["bufferView"], "bufferView")]
            for name, unique in member(packed, "attributes", dict, f"{DRACO} of {what}").items():
                rows = decoded.get_attribute_by_unique_id(whole(unique, f"{name} in {DRACO} of {what}"))
                if rows is None or name not in attributes:
                    raise ValueError(f"{what} has no attribute {name!r:.60} where {DRACO} says so")
                _fill(gltf, attributes[name], np.asarray(rows["data"]), VERTEX_DATA, free, f"{name} of {what}")
            if "indices" in primitive:
                faces = np.asarray(getattr(decoded, "faces", np.zeros((0, 3))))
                _fill(gltf, primitive["indices"], faces.reshape(-1, 1), INDEX_DATA, free, f"indices of {what}")


def _fill(gltf: Gltf, index: Any, rows: np.ndarray, target: int, free: list[int], what: str) -> None:
    """Store rows (n, columns) as the data of an accessor that has none, in a free buffer view if there is one."""
    accessor = gltf.item("accessors", index)
    if "bufferView" in accessor:
        return
    code = accessor.get("componentType")
    if code not in COMPONENTS or accessor.get("count") != len(rows):
        raise ValueError(f"{what} must be {accessor.get('count')!r:.20} rows, {len(rows)} are compressed")
    stored = rows.astype(COMPONENTS[code])
    padding = -stored.itemsize * stored.shape[1] % 4 if target == VERTEX_DATA else 0  # vertices begin at multiples of 4
    stored = np.pad(stored.view(np.uint8).reshape(len(rows), -1), ((0, 0), (0, padding)))
    view = gltf.place(stored.tobytes()) | {"target": target}
    if padding:
        view["byteStride"] = stored.shape[1]
    if free:
        accessor["bufferView"] = free.pop()
        gltf.document["bufferViews"][accessor["bufferView"]] = view
    else:
        accessor["bufferView"] = gltf.append("bufferViews", view)
    accessor["byteOffset"] = 0
    if "min" in accessor and len(rows):  # coordinates that were rounded are no longer quite within the bounds
        accessor |= {"min": rows.min(0).tolist(), "max": rows.max(0).tolist()}
