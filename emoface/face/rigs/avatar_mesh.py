"""The head of an avatar as it stands at rest: triangles in the world, their colours, and what each shape moves."""

from __future__ import annotations

import importlib.util
import io
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emoface.face.colour import linear_colours, srgb_colours
from emoface.face.rig import Neck, Part

from .gltf import Gltf, check_limit, check_memory, finite, member, whole
from .names import part_keys
from .vrm import Bind, vrm_version

TRIANGLES, STRIP, FAN = 4, 5, 6  # modes of a primitive that make a surface
TEXTURE_SIDE = 512  # pixels; vertices are too far apart to show more
AROUND, BELOW = 0.7, 0.3  # of the moving face's size: how far around it and below it the surface is kept
EYES = {"eyeleft": "eye_left", "eyeright": "eye_right"}  # parts that a camera looks for
STILL = 1e-5  # metres


@dataclass(frozen=True, eq=False)
class Hanging:
    """A bone and what hangs on it.

    Attributes:
        bone: its node. nodes: it and all below it. place: (3,) where it is in the world.
    """

    bone: int
    nodes: frozenset[int]
    place: np.ndarray


@dataclass
class AvatarMesh:
    """See :class:`emoface.face.rig.Rig`."""

    template: np.ndarray
    faces: np.ndarray
    deltas: np.ndarray
    colours: np.ndarray
    parts: tuple[Part, ...]
    neck: Neck | None


@dataclass
class _Piece:
    """One primitive of one node: like AvatarMesh, its triangles counted from 0."""

    name: str
    roughness: float
    template: np.ndarray
    faces: np.ndarray
    deltas: np.ndarray
    colours: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    shares: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    """(n,) of each vertex on the bone of the head."""


def read_mesh(gltf: Gltf, binds: tuple[tuple[Bind, ...], ...], head: Hanging | None = None) -> AvatarMesh:
    """The surface in and around the moving face; triangles farther away (arms, clothes) are left out.

    Positions are those at rest: node transforms and skins applied, other targets at the weights that the file gives
    them, turned to face +z where the file is of VRM 0. Colours are texture x factor x vertex colour; parts of
    textures that are seen through are left out.

    Args:
        gltf: the file. binds: of each shape, what it moves. head: the bone that turns the head, if there is one.

    Returns:
        The mesh, in metres.

    Raises:
        ValueError: data out of bounds, values that are not finite, no triangles, too many vertices.
    """
    with np.errstate(all="ignore"):  # what overflows is found below
        pieces = _pieces(gltf, binds, head)
    if not pieces:
        raise ValueError("no node shows a surface of triangles")
    if not all(np.isfinite(array).all() for piece in pieces for array in (piece.template, piece.deltas)):
        raise ValueError("positions of the meshes must be finite")
    pieces = _near_the_face(pieces)
    parts, vertices, triangles = [], 0, 0
    for piece in pieces:
        ends = vertices + len(piece.template), triangles + len(piece.faces)
        parts.append(Part(piece.name, (vertices, ends[0]), (triangles, ends[1]), piece.roughness))
        piece.faces = piece.faces + vertices
        vertices, triangles = ends
    return AvatarMesh(
        np.concatenate([piece.template for piece in pieces]).astype(np.float32),
        np.concatenate([piece.faces for piece in pieces]).astype(np.int32),
        np.concatenate([piece.deltas for piece in pieces], 1),
        np.concatenate([piece.colours for piece in pieces]).astype(np.float32),
        tuple(parts),
        None if head is None else Neck(head.place, np.concatenate([piece.shares for piece in pieces])),
    )


def _pieces(gltf: Gltf, binds: tuple[tuple[Bind, ...], ...], head: Hanging | None) -> list[_Piece]:
    """Every primitive of every node that shows a surface."""
    shown = [(index, node) for index, node in enumerate(gltf.items("nodes")) if "mesh" in node]
    check_limit("primitives", sum(len(_primitives(gltf, node)) for _, node in shown))
    materials, worlds = _Materials(gltf), world_matrices(gltf)
    moves, names = _moves(binds), _node_names(gltf)
    pieces: list[_Piece] = []
    vertices = triangles = displacements = 0
    for index, node in shown:
        moved = moves.get(node["mesh"], {})
        for primitive in _primitives(gltf, node):
            if primitive.get("mode", TRIANGLES) not in (TRIANGLES, STRIP, FAN):
                continue
            base = _positions(gltf, primitive)
            vertices += len(base)
            displacements += len(base) * len(binds) * bool(moved)
            check_limit("vertices", vertices)
            check_memory("its displacements", 12 * displacements)
            place = _placement(gltf, index, primitive, worlds, len(base))  # (n, 3, 4)
            base = base + _resting_moves(gltf, index, primitive, moved, len(base))
            faces = _triangles(gltf, primitive, len(base))
            triangles += len(faces)
            check_limit("triangles", triangles)
            if len(place) and np.linalg.det(place[0, :, :3]) < 0:
                faces = faces[:, ::-1]  # mirrored: keep the outside outside
            deltas = np.broadcast_to(np.float32(0), (len(binds), len(base), 3))  # takes no memory
            if moved:
                deltas = np.zeros(deltas.shape, np.float32)
                for shape, targets in moved.items():
                    for target, share in targets:
                        deltas[shape] += _turned(place, share * _move(gltf, primitive, target, len(base)))
            colours, seen, roughness = materials.look(primitive, faces, len(base))
            name = _part_name(gltf, node["mesh"], primitive, names[index])
            template = _turned(place, base) + place[:, :, 3]
            shares = _shares(gltf, index, primitive, head, len(base))
            pieces.append(_Piece(name, roughness, template, faces[seen], deltas, colours, shares))
    return [piece for piece in pieces if len(piece.faces)]


def _primitives(gltf: Gltf, node: dict[str, Any]) -> list[dict[str, Any]]:
    """Those of the mesh that a node shows."""
    found = member(gltf.item("meshes", node["mesh"]), "primitives", list, f"mesh {node['mesh']}")
    if not all(isinstance(primitive, dict) for primitive in found):
        raise ValueError(f"primitives of mesh {node['mesh']} must be objects")
    return found


def _moves(binds: tuple[tuple[Bind, ...], ...]) -> dict[int, dict[int, list[tuple[int, float]]]]:
    """Mesh -> shape -> its targets there and their shares."""
    moves: dict[int, dict[int, list[tuple[int, float]]]] = {}
    for shape, targets in enumerate(binds):
        for mesh, target, share in targets:
            moves.setdefault(mesh, {}).setdefault(shape, []).append((target, share))
    return moves


def _turned(place: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Vectors (n, 3) by the linear part of each vertex's transform (n, 3, 4)."""
    return np.einsum("nij,nj->ni", place[:, :, :3], vectors)


def _resting_moves(
    gltf: Gltf, index: int, primitive: dict[str, Any], moved: dict[int, list[tuple[int, float]]], count: int
) -> np.ndarray:
    """Displacement (n, 3) by the targets that no shape moves, at the weights that the file gives them."""
    node = gltf.item("nodes", index)
    weights = node.get("weights", gltf.item("meshes", node["mesh"]).get("weights"))
    rest = np.zeros((count, 3))
    if weights is None:
        return rest
    used = {target for targets in moved.values() for target, _ in targets}
    total = len(member(primitive, "targets", list, "a primitive"))
    for target, weight in enumerate(finite(weights, "morph target weights", total)):
        if weight and target not in used:
            rest += weight * _move(gltf, primitive, target, count)
    return rest


def _node_names(gltf: Gltf) -> list[str]:
    """Each node's name; of one without, as packers make them, that of the nearest node above which has one."""
    nodes = gltf.items("nodes")
    parents = {child: place for place, node in enumerate(nodes) for child in node.get("children", [])}
    names: dict[int, str] = {}
    for place in range(len(nodes)):
        passed = [place]  # up to a node whose name is known; a chain of thousands is walked once
        while passed[-1] not in names and not nodes[passed[-1]].get("name") and passed[-1] in parents:
            passed.append(parents[passed[-1]])
        top = passed[-1]
        names.update(dict.fromkeys(passed, names.get(top) or str(nodes[top].get("name") or "")))
    return [names[place] for place in range(len(nodes))]


def _part_name(gltf: Gltf, index: int, primitive: dict[str, Any], node_name: str) -> str:
    """Name of a primitive: its mesh's, or its material's where the mesh has several, or else its node's."""
    mesh = gltf.item("meshes", index)
    name = mesh.get("name")
    if len(mesh["primitives"]) > 1 and "material" in primitive:
        name = gltf.item("materials", primitive["material"]).get("name") or name
    name = str(name or node_name or f"mesh {index}")
    return next((EYES[key] for key in part_keys(name) if key in EYES), name)


def points_below(gltf: Gltf, index: int, worlds: np.ndarray) -> tuple[np.ndarray, set[int], int]:
    """What hangs on a node and below it.

    Args:
        gltf: the file. index: the node. worlds: of :func:`world_matrices`.

    Returns:
        Positions in the world (n, 3) of all meshes without a skin, which meshes these are, and how many nodes.
    """
    waiting, points, meshes, count = [index], [np.zeros((0, 3))], set(), 0
    while waiting:
        place, count = waiting.pop(), count + 1
        node = gltf.item("nodes", place)
        waiting += member(node, "children", list, "a node")
        if "mesh" in node and "skin" not in node:
            meshes.add(node["mesh"])
            for primitive in _primitives(gltf, node):
                points.append(_positions(gltf, primitive) @ worlds[place, :3, :3].T + worlds[place, :3, 3])
    return np.concatenate(points), meshes, count


def _near_the_face(pieces: list[_Piece]) -> list[_Piece]:
    """Pieces cut to the triangles in the box around everything that moves, without the vertices left over."""
    moving = np.concatenate([piece.template[_moves_much(piece.deltas)] for piece in pieces])
    if not len(moving):
        return pieces
    low, high = moving.min(0), moving.max(0)
    size = (high - low).max()
    low, high = low - size * np.array([AROUND, BELOW, AROUND]), high + size * AROUND
    kept = []
    for piece in pieces:
        inside = ((piece.template >= low) & (piece.template <= high)).all(1)  # (n,)
        faces = piece.faces[inside[piece.faces].any(1)]
        used, renumbered = np.unique(faces, return_inverse=True)
        if len(faces):
            kept.append((piece, used, renumbered.reshape(-1, 3)))
    check_memory("its displacements", 12 * sum(len(used) * len(piece.deltas) for piece, used, _ in kept))
    return [
        _Piece(
            piece.name, piece.roughness, piece.template[used], faces, piece.deltas[:, used], piece.colours[used],
            piece.shares[used],
        )
        for piece, used, faces in kept
    ]  # fmt: skip


def _moves_much(deltas: np.ndarray) -> np.ndarray:
    """Which vertices (n,) any shape moves by more than ``STILL``."""
    much = np.zeros(deltas.shape[1], bool)
    if deltas.strides[0]:  # else no shape moves the piece
        for delta in deltas:
            much |= np.abs(delta).max(1, initial=0) > STILL
    return much


def world_matrices(gltf: Gltf) -> np.ndarray:
    """(nodes, 4, 4) float64 transform of every node into the world; a VRM 0 avatar is turned to face +z.

    Raises:
        ValueError: nodes that are their own ancestors or have two parents, transforms that are none.
    """
    nodes = gltf.items("nodes")
    worlds = _local_matrices(nodes)
    children = [
        [whole(child, f"child of node {i}", len(nodes)) for child in member(node, "children", list, f"node {i}")]
        for i, node in enumerate(nodes)
    ]
    all_children = [child for some in children for child in some]
    if len(all_children) != len(set(all_children)):
        raise ValueError("a node of the GLB has two parents")
    level = sorted(set(range(len(nodes))) - set(all_children))
    if vrm_version(gltf) == 0:
        worlds[level] = np.diag([-1.0, 1, -1, 1]) @ worlds[level]
    reached = len(level)
    while level:  # one generation of nodes at a time
        parents = [parent for parent in level for _ in children[parent]]
        level = [child for parent in level for child in children[parent]]
        worlds[level] = worlds[parents] @ worlds[level]
        reached += len(level)
    if reached < len(nodes):
        raise ValueError("nodes of the GLB go round in a circle")
    return worlds


def _local_matrices(nodes: list[dict[str, Any]]) -> np.ndarray:
    """Each node's own transform (nodes, 4, 4)."""
    x, y, z, w = _rows(nodes, "rotation", [0, 0, 0, 1]).T
    length = x * x + y * y + z * z + w * w
    if not length.all():
        raise ValueError(f"rotation of node {int(np.argmin(length))} must not be zero")
    zero = np.zeros(len(nodes))
    cross = np.array([[zero, -z, y], [z, zero, -x], [-y, x, zero]]).transpose(2, 0, 1)  # (nodes, 3, 3)
    turned = np.eye(3) + (2 / length)[:, None, None] * (w[:, None, None] * cross + cross @ cross)
    matrices = np.tile(np.eye(4), (len(nodes), 1, 1))
    matrices[:, :3, :3] = turned * _rows(nodes, "scale", [1, 1, 1])[:, None]
    matrices[:, :3, 3] = _rows(nodes, "translation", [0, 0, 0])
    for i, node in enumerate(nodes):
        if "matrix" in node:
            matrices[i] = finite(node["matrix"], f"matrix of node {i}", 16).reshape(4, 4).T  # stored column by column
    return matrices


def _rows(nodes: list[dict[str, Any]], key: str, default: list[float]) -> np.ndarray:
    """(nodes, n) numbers that each node has under a key."""
    rows = [node.get(key, default) for node in nodes]
    for i, row in enumerate(rows):
        if row is not default:
            finite(row, f"{key} of node {i}", len(default))
    return np.array(rows, np.float64).reshape(-1, len(default))


def _placement(gltf: Gltf, index: int, primitive: dict[str, Any], worlds: np.ndarray, count: int) -> np.ndarray:
    """(n, 3, 4) transform of each vertex into the world: by its node, or by its skin, which replaces the node."""
    node = gltf.item("nodes", index)
    attributes = member(primitive, "attributes", dict, "a primitive")
    if "skin" not in node or "JOINTS_0" not in attributes:
        return np.broadcast_to(worlds[index, :3], (count, 3, 4))
    skin = gltf.item("skins", node["skin"])
    joints = [whole(joint, "joint of a skin", len(worlds)) for joint in member(skin, "joints", list, "a skin")]
    matrices = worlds[joints]
    if "inverseBindMatrices" in skin:
        inverse = gltf.array(skin["inverseBindMatrices"], len(joints))
        if inverse.shape != matrices.shape:
            raise ValueError(f"a skin of {len(joints)} joints has inverse bind matrices of shape {inverse.shape}")
        matrices = matrices @ inverse
    which = gltf.array(attributes["JOINTS_0"], count)
    weights = gltf.array(attributes.get("WEIGHTS_0"), count).astype(np.float64)
    if which.shape != (count, 4) or weights.shape != (count, 4) or which.dtype.kind != "u":
        raise ValueError(
            f"a skinned primitive needs ({count}, 4) joints and weights, got {which.shape}, {weights.shape}"
        )
    if count and which.max() >= len(joints):
        raise ValueError(f"a vertex hangs on joint {which.max()} of a skin that has {len(joints)}")
    total = weights.sum(1, keepdims=True)
    weights = np.where(total > 0, weights / total, [1.0, 0, 0, 0])
    return np.einsum("nk,nkij->nij", weights, matrices[which][:, :, :3])


def _shares(gltf: Gltf, index: int, primitive: dict[str, Any], head: Hanging | None, count: int) -> np.ndarray:
    """How far each vertex (n,) goes with the head's bone: by its joints, or by its node where it has no skin.

    What :func:`_placement` found wrong with a skin is no matter here.
    """
    if head is None:
        return np.zeros(count, np.float32)
    node, attributes = gltf.item("nodes", index), primitive["attributes"]
    if "skin" not in node or "JOINTS_0" not in attributes:
        return np.full(count, index in head.nodes, np.float32)
    on_head = np.array([joint in head.nodes for joint in gltf.item("skins", node["skin"])["joints"]], np.float32)
    weights = gltf.array(attributes["WEIGHTS_0"], count).astype(np.float32)
    total = weights.sum(1, keepdims=True)
    first = np.array([1, 0, 0, 0], np.float32)  # as :func:`_placement` has it where all are zero
    return (np.where(total > 0, weights / total, first) * on_head[gltf.array(attributes["JOINTS_0"], count)]).sum(1)


def _positions(gltf: Gltf, primitive: dict[str, Any]) -> np.ndarray:
    """Base positions (n, 3) float64."""
    attributes = member(primitive, "attributes", dict, "a primitive")
    positions = gltf.array(attributes.get("POSITION")).astype(np.float64)
    if positions.ndim != 2 or positions.shape[1] != 3:
        raise ValueError(f"positions of a primitive must be (n, 3), got {positions.shape}")
    return positions


def _move(gltf: Gltf, primitive: dict[str, Any], index: int, count: int) -> np.ndarray:
    """Displacements (n, 3) of a morph target at weight 1."""
    target = primitive["targets"][index]
    if not isinstance(target, dict):
        raise ValueError(f"morph targets must be objects, got {target!r:.60}")
    if "POSITION" not in target:
        return np.zeros((count, 3), np.float32)
    move = gltf.array(target["POSITION"], count).astype(np.float32)
    if move.shape != (count, 3):
        raise ValueError(f"a morph target must be ({count}, 3) like its base, got {move.shape}")
    return move


def _triangles(gltf: Gltf, primitive: dict[str, Any], count: int) -> np.ndarray:
    """(F, 3) int64."""
    corners = gltf.array(primitive["indices"]) if "indices" in primitive else np.arange(count)
    if corners.ndim != 1 or corners.dtype.kind not in "ui" or (len(corners) and not 0 <= corners.max() < count):
        raise ValueError(f"indices of a primitive must be whole numbers below {count}")
    corners = corners.astype(np.int64)
    mode = primitive.get("mode", TRIANGLES)
    if mode == TRIANGLES:
        return corners[: len(corners) // 3 * 3].reshape(-1, 3)
    if len(corners) < 3:
        return np.zeros((0, 3), np.int64)
    if mode == FAN:
        return np.stack([np.full(len(corners) - 2, corners[0]), corners[1:-1], corners[2:]], 1)
    strip = np.stack([corners[:-2], corners[1:-1], corners[2:]], 1)
    strip[1::2] = strip[1::2, [1, 0, 2]]
    return strip


class _Materials:
    """Colours of vertices from materials and their textures."""

    def __init__(self, gltf: Gltf) -> None:
        self.gltf = gltf
        self.textures: dict[int, np.ndarray | None] = {}
        self.pixels = 0  # decoded so far

    def look(self, primitive: dict[str, Any], faces: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, float]:
        """Colours (n, 3) sRGB 0..1, which triangles (F,) can be seen, and the roughness."""
        attributes = member(primitive, "attributes", dict, "a primitive")
        material = self.gltf.item("materials", primitive["material"]) if "material" in primitive else {}
        surface = member(material, "pbrMetallicRoughness", dict, "a material")
        colours = np.tile(finite(surface.get("baseColorFactor", [1, 1, 1, 1]), "baseColorFactor", 4), (count, 1))
        texture = member(surface, "baseColorTexture", dict, "a material")
        pixels = self._texture(texture["index"]) if "index" in texture else None
        place = attributes.get(f"TEXCOORD_{texture.get('texCoord', 0)}")
        if pixels is not None and place is not None:
            uv = self.gltf.array(place, count)
            if uv.shape != (count, 2):
                raise ValueError(f"texture coordinates must be ({count}, 2), got {uv.shape}")
            size = np.array(pixels.shape[1::-1])
            x, y = np.minimum(np.nan_to_num(uv % 1.0) * size, size - 1).astype(int).T
            colours *= pixels[y, x]
        if "COLOR_0" in attributes:
            own = self.gltf.array(attributes["COLOR_0"], count)
            if own.ndim != 2 or len(own) != count or own.shape[1] not in (3, 4):
                raise ValueError(f"vertex colours must be ({count}, 3) or ({count}, 4), got {own.shape}")
            colours[:, : own.shape[1]] *= np.nan_to_num(own)
        seen = np.full(len(faces), True)
        if material.get("alphaMode", "OPAQUE") in ("MASK", "BLEND"):
            seen = colours[faces, 3].mean(1) >= 0.5
        roughness = float(finite([surface.get("roughnessFactor", 1)], "roughnessFactor", 1)[0])
        return srgb_colours(colours[:, :3].clip(0, 1)), seen, min(max(roughness, 0.0), 1.0)

    def _texture(self, index: Any) -> np.ndarray | None:
        """Pixels (height, width, 4) of a texture, linear, 0..1; None where Pillow is absent or cannot read it."""
        source = self.gltf.item("textures", index).get("source")
        if source is None:  # only in a compressed form that an extension defines
            return None
        image = self.gltf.item("images", source)
        if source not in self.textures:
            view = image.get("bufferView")
            self.textures[source] = None if view is None else self._decode(self.gltf.view(view))
        return self.textures[source]

    def _decode(self, data: bytes) -> np.ndarray | None:
        if importlib.util.find_spec("PIL") is None:
            warnings.warn(
                "textures are not read without Pillow (pip install emoface[avatar]): plain colours", stacklevel=2
            )
            return None
        from PIL import Image

        try:
            with Image.open(io.BytesIO(data)) as image:
                size = image.width * image.height
                check_limit("pixels of a texture", size)
                check_limit("pixels", self.pixels + size)
                self.pixels += size
                small = image.convert("RGBA")
        except Exception as error:  # decoders of damaged images raise anything
            warnings.warn(f"a texture cannot be read, plain colours: {error}", stacklevel=2)
            return None
        small.thumbnail((TEXTURE_SIDE, TEXTURE_SIDE))
        pixels = np.asarray(small, np.float64) / 255
        pixels[..., :3] = linear_colours(pixels[..., :3])
        return pixels
