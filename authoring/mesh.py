"""The skin as one mesh: patches round eyes, mouth, nostrils and ears, the fill between, and the mirrored half."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from . import fill
from .patch import Patch
from .skin import Skin


@dataclass(eq=False)
class HeadMesh:
    """Vertices and triangles of the skin, symmetric to rounding; the left half (x >= 0) comes first.

    Attributes:
        vertices: (V, 3) float64, centimetres.
        faces: (F, 3) int, counter-clockwise seen from outside.
        mirror: (V,) counterpart of each vertex on the other side; itself on the mid-line.
        half: number of vertices of the left half, mid-line included.
        eye, mouth, ear, nostril: (rows, columns) vertex indices of the left half's patches.
    """

    vertices: np.ndarray
    faces: np.ndarray
    mirror: np.ndarray
    half: int
    eye: np.ndarray = field(repr=False)
    mouth: np.ndarray = field(repr=False)
    ear: np.ndarray = field(repr=False)
    nostril: np.ndarray = field(repr=False)


class _Points:
    """Vertices gathered piece by piece."""

    def __init__(self) -> None:
        self.blocks: list[np.ndarray] = []
        self.count = 0

    def add(self, points: np.ndarray) -> np.ndarray:
        """Append (..., 3) points; their indices (...)."""
        index = self.count + np.arange(points[..., 0].size).reshape(points.shape[:-1])
        self.blocks.append(points.reshape(-1, 3))
        self.count += index.size
        return index


def build_mesh(skin: Skin, eye: Patch, mouth: Patch, ear: Patch, nostril: Patch, bust: Patch) -> HeadMesh:
    """Join the patches of the left half with the fill, and mirror.

    Args:
        skin: the shape.
        eye, mouth, ear, nostril, bust: patches of the left half; ear and nostril end in a hole that is closed here.

    Raises:
        ValueError: a patch's outer ring, or the mid-line, is not a row of edges of the fill.
    """
    points = _Points()
    patches = {"eye": eye, "mouth": mouth, "ear": ear, "nostril": nostril, "bust": bust}
    index = {name: points.add(patch.points) for name, patch in patches.items()}
    caps = {name: points.add(patches[name].points[0].mean(0)[None])[0] for name in ("ear", "nostril")}
    ends = mouth.points[-1][[0, -1]]
    middle = points.add(fill.midline(skin, ends, bust.points[-1][[0, -1]]))

    fixed = np.concatenate([index[name][-1] for name in patches] + [middle])
    vertices = np.concatenate(points.blocks)
    on_rings = len(fixed) - len(middle)
    keep_off = np.zeros(len(fixed))
    keep_off[:on_rings] = np.concatenate([_ring_spacing(patch) for patch in patches.values()])
    mouth_loop = np.concatenate([mouth.points[-1], [ends[1] - [1, 0, 0], ends[0] - [1, 0, 0]]])
    loops = [eye.points[-1], ear.points[-1], nostril.points[-1], mouth_loop]
    free = points.add(fill.scatter(skin, loops, vertices[fixed], keep_off))
    vertices = np.concatenate(points.blocks)

    skinned = np.concatenate([fixed, free])
    rings = [index[name][-1] for name in patches]
    faces = np.zeros((0, 3), int)
    for _ in range(2):  # relaxed points make a better triangulation
        on_middle = np.abs(vertices[skinned, 0]) < 1e-9
        faces = skinned[fill.triangulate(vertices[skinned], on_middle)]
        for ring in rings:
            faces = faces[~np.isin(faces, ring).all(1)]
        faces = fill.flip_edges(vertices, faces)
        vertices = fill.relax(skin, vertices, faces, free)
    faces = fill.flip_edges(vertices, faces)
    for name, patch in patches.items():
        _expect_edges(faces, index[name][-1], patch.closed, name)

    strips = [_wound(index[name].ravel()[patch.triangles()], faces, index[name][-1]) for name, patch in patches.items()]
    faces = np.concatenate([faces, *strips])
    for name, cap in caps.items():
        ring = index[name][0]
        fan = np.stack([ring, np.roll(ring, -1), np.full_like(ring, cap)], -1)
        faces = np.concatenate([faces, _wound(fan, faces, ring)])

    on_middle = np.abs(vertices[:, 0]) < 1e-9
    vertices[on_middle, 0] = 0.0
    side = np.flatnonzero(~on_middle)
    half = len(vertices)
    mirror = np.arange(half + len(side))
    mirror[side] = half + np.arange(len(side))
    mirror[half:] = side
    return HeadMesh(
        np.concatenate([vertices, vertices[side] * [-1, 1, 1]]),
        np.concatenate([faces, mirror[faces][:, ::-1]]),
        mirror,
        half,
        **{name: rows for name, rows in index.items() if name != "bust"},
    )


def _ring_spacing(patch: Patch) -> np.ndarray:
    """Distance that the fill keeps from each point of the outer ring, so that the ring's edges stay Delaunay."""
    ring = patch.points[-1]
    edges = np.linalg.norm(np.roll(ring, -1, 0) - ring, axis=1)
    if not patch.closed:
        edges[-1] = edges[-2]
    return 0.75 * np.maximum(edges, np.roll(edges, 1))


def _directed(faces: np.ndarray) -> set[tuple[int, int]]:
    return set(map(tuple, np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).tolist()))


def _expect_edges(faces: np.ndarray, ring: np.ndarray, closed: bool, name: str) -> None:
    edges = _directed(faces)
    ahead = np.roll(ring, -1) if closed else ring[1:]
    for a, b in zip(ring.tolist(), ahead.tolist()):
        if (a, b) not in edges and (b, a) not in edges:
            raise ValueError(f"the outer ring of the {name} patch is not an edge of the fill between {a} and {b}")


def _wound(strip: np.ndarray, faces: np.ndarray, ring: np.ndarray) -> np.ndarray:
    """The strip's triangles wound like `faces`, with which they share the first edge of `ring`."""
    edge = (int(ring[0]), int(ring[1]))
    return strip[:, ::-1] if (edge in _directed(faces)) == (edge in _directed(strip)) else strip
