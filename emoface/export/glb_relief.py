"""What glTF can hold of the open head's fine relief: pores as a normal map, furrows in the normals of the shapes.

Core glTF 2.0 has no maps that a shape's weight brings out. Each shape's NORMAL target therefore carries the furrows as
far as the mesh resolves them, and the maps themselves with what drives them are described in ``extras`` for viewers
that draw more.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from emoface.face.layout import EXPRESSION_NAMES
from emoface.face.normals import welded
from emoface.face.rig import Part, Rig
from emoface.face.rigs.gltf import VERTEX_DATA, Gltf
from emoface.face.surface import mesh_normals
from emoface.face.wrinkles import STEP_MM, Wrinkles
from emoface.render.png import png_bytes
from emoface.render.relief import FOLD_HEIGHT, TALL, pore_slopes

BLUR = 3.0  # texels: furrows finer than the mesh would show at some of its vertices only
LEAST_TURN = 0.035  # of a normal, 2 degrees: less is left out, which no one sees
EDGE = 0.06  # share of the chart over which the pores run out towards its border
EXTRAS = "wrinkles"


def add_relief(gltf: Gltf, rig: Rig, wrinkles: Wrinkles, deltas: np.ndarray, sparse: bool) -> None:
    """Give the skin of the file's first mesh a normal map and its targets normals, and describe the wrinkles.

    Args:
        gltf: the file, its primitives those of the rig's parts. rig: the open head in some identity.
        wrinkles: of the head. deltas: (N, V, 3) of the rig's shapes as written.
        sparse: store the normals that turn alone.
    """
    place = next(number for number, part in enumerate(rig.parts) if part.name == "skin")
    skin, primitive = rig.parts[place], gltf.item("meshes", 0)["primitives"][place]
    surface = _Surface(rig, skin, wrinkles)
    primitive["attributes"] |= {
        "TANGENT": gltf.add_array(surface.tangents(), VERTEX_DATA),
        "TEXCOORD_0": gltf.add_array(surface.uv.astype(np.float32), VERTEX_DATA),
    }
    still: int | None = None
    moved = deltas[:, slice(*skin.vertices)]
    for target, turn in zip(primitive["targets"], surface.turns(rig.shape_names, moved)):
        if turn.any() or not sparse:
            target["NORMAL"] = gltf.add_sparse(turn) if sparse else gltf.add_array(turn, VERTEX_DATA)
        else:
            still = target["NORMAL"] = gltf.add_sparse(turn) if still is None else still
    material = gltf.item("materials", primitive["material"])
    material["normalTexture"] = {"index": gltf.append("textures", {"source": _image(gltf, "pores", _pores_png())})}
    material["extras"] = {EXTRAS: _description(gltf, wrinkles)}


class _Surface:
    """The skin at rest: normals, and how its chart lies on it."""

    def __init__(self, rig: Rig, skin: Part, wrinkles: Wrinkles) -> None:
        self.vertices = rig.template[slice(*skin.vertices)].astype(np.float64)
        self.faces = rig.faces[slice(*skin.faces)] - skin.vertices[0]
        self.uv = wrinkles.uv[slice(*skin.vertices)].astype(np.float64)
        self._skin, self._wrinkles = skin, wrinkles
        self._weld = welded(self.vertices, self.faces)
        self.normals = self._normals(self.vertices)
        self._ways = self._gradients()  # (2, V, 3): by column and by row, share of the chart a metre

    def _normals(self, vertices: np.ndarray) -> np.ndarray:
        return mesh_normals(vertices, self._weld[self.faces])[self._weld]

    def _gradients(self) -> np.ndarray:
        a, b, c = (self.vertices[self.faces[:, k]] for k in range(3))
        u, v = b - a, c - a
        flat = np.cross(u, v)
        along, across = np.cross(v, flat), np.cross(flat, u)
        size = (flat**2).sum(1, keepdims=True)
        change = self.uv[self.faces[:, 1:]] - self.uv[self.faces[:, :1]]  # (F, 2, 2): corner, axis
        ways = np.zeros((2, *self.vertices.shape))
        for axis in range(2):
            # by area, and by the gradient itself: slivers and the folded chart's edge weigh nothing
            way = (change[:, :1, axis] * along + change[:, 1:, axis] * across) / (size + 1e-20) * np.sqrt(size)
            for corner in range(3):
                np.add.at(ways[axis], self.faces[:, corner], way)
        area = np.zeros((len(self.vertices), 1))
        np.add.at(area, self.faces.ravel(), np.sqrt(size).repeat(3, 0))
        return ways / (area + 1e-20)

    def tangents(self) -> np.ndarray:
        """(V, 4) float32: the way to the right in the chart, and 1: upwards is the bitangent, as glTF has it."""
        right = self._ways[0] - (self._ways[0] * self.normals).sum(1, keepdims=True) * self.normals
        beside = np.cross((0.0, 1.0, 0.0), self.normals)
        beside = np.where(np.linalg.norm(beside, axis=1, keepdims=True) > 1e-3, beside, (1.0, 0.0, 0.0))
        right = np.where(np.linalg.norm(right, axis=1, keepdims=True) > 1e-3, right, beside)
        right /= np.linalg.norm(right, axis=1, keepdims=True)
        return np.concatenate([right, np.ones((len(right), 1))], 1).astype(np.float32)

    def turns(self, names: tuple[str, ...], deltas: np.ndarray) -> np.ndarray:
        """What weight 1 of each shape adds to the normals, (N, V, 3) float32, furrows included."""
        out = np.zeros(deltas.shape, np.float32)
        for number, (name, delta) in enumerate(zip(names, deltas)):
            normals = self._normals(self.vertices + delta) if delta.any() else self.normals
            if name in EXPRESSION_NAMES:
                normals = self._furrowed(normals, EXPRESSION_NAMES.index(name))
            turn = normals - self.normals
            out[number] = np.where((turn**2).sum(1, keepdims=True) > LEAST_TURN**2, turn, 0.0)
        return out

    def _furrowed(self, normals: np.ndarray, component: int) -> np.ndarray:
        slopes = _furrows(self._wrinkles, component)
        if slopes is None:
            return normals
        by_column, by_row = slopes[:, slice(*self._skin.vertices)]
        tilt = by_column[:, None] * self._ways[0] + by_row[:, None] * self._ways[1]
        tilt -= (tilt * normals).sum(1, keepdims=True) * normals
        bent = normals - tilt / np.sqrt(1 + 0.25 * (tilt**2).sum(1, keepdims=True))
        return bent / np.linalg.norm(bent, axis=1, keepdims=True)


@functools.lru_cache(len(EXPRESSION_NAMES))
def _furrows(wrinkles: Wrinkles, component: int) -> np.ndarray | None:
    """Slopes (2, V) at the vertices of what weight 1 of a component brings out, None if that is nothing.

    Metres over the whole chart, to the right and down.
    """
    one = np.zeros((1, len(EXPRESSION_NAMES)), np.float32)
    one[0, component] = 1.0
    (weights,) = wrinkles.weights(one)
    if not weights.any():
        return None
    height = FOLD_HEIGHT * 1e-3 * _blurred(wrinkles.height(weights))  # metres
    size = np.array(height.shape)
    row, column = (wrinkles.uv[:, ::-1].astype(np.float64) * size).astype(int).clip(0, size - 1).T
    down, right = np.asarray(np.gradient(height))
    return np.stack([right[row, column] * size[1], down[row, column] * size[0]])


def _blurred(height: np.ndarray) -> np.ndarray:
    wave = 2 * np.pi * np.hypot(np.fft.fftfreq(len(height))[:, None], np.fft.rfftfreq(height.shape[1]))
    return np.fft.irfft2(np.fft.rfft2(height) * np.exp(-0.5 * (BLUR * wave) ** 2), height.shape)


@functools.cache
def _pores_png() -> bytes:
    return png_bytes(_pores())


def _pores() -> np.ndarray:
    """The normal map (N, N, 3) uint8 of skin at rest: x right, y up, z out."""
    slopes = pore_slopes()  # (N, N, 2), metres a texel to the right and down
    size = len(slopes)
    line = (np.arange(size) + 0.5) / size
    inside = np.clip(np.minimum(line, 1 - line) / EDGE, 0, 1)
    right, down = np.moveaxis(slopes * (size / TALL) * np.minimum(inside[:, None], inside)[..., None], -1, 0)
    normal = np.stack([-right, down, np.ones_like(right)], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return (128 + 2 * np.rint(63.5 * normal)).clip(0, 255).astype(np.uint8)  # coarse steps pack well


def _image(gltf: Gltf, name: str, png: bytes) -> int:
    return gltf.append("images", {"name": name, "mimeType": "image/png", "bufferView": gltf.add_view(png)})


def _description(gltf: Gltf, wrinkles: Wrinkles) -> dict[str, Any]:
    """The maps, one below the other in a grey image, and how much of each a shape's weight brings out on each side.

    ``image``: its index; ``names`` of the maps from above; a grey value g is ``(g - 128) * step`` millimetres over the
    skin; the left half of the face, u = 0.5 .. 1, of which the other is the mirror image. ``drivers``: side -> map ->
    shape -> what weight 1 adds to the map's weight, which is held to 0..1.
    """
    count, rows, columns = wrinkles.stored.shape
    atlas = (wrinkles.stored.astype(np.int16) + 128).astype(np.uint8).reshape(count * rows, columns, 1)
    drivers = {
        side: {
            name: {EXPRESSION_NAMES[k]: round(float(driver[k]), 4) for k in np.flatnonzero(driver)}
            for name, driver in zip(wrinkles.names, maps)
        }
        for side, maps in zip(("left", "right"), wrinkles.drivers)
    }
    return {
        "image": _image(gltf, EXTRAS, png_bytes(atlas)), "names": list(wrinkles.names), "texCoord": 0, "step": STEP_MM,
        "drivers": drivers,
    }  # fmt: skip
