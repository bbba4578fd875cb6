"""Anyone's own avatar as an output rig: a GLB or VRM file with ARKit's morph targets."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES
from emoface.face.rig import Rig
from emoface.reading import read_bytes
from emoface.shown import by_shape

from .avatar_mesh import read_mesh
from .compression import decompress
from .eye_bones import LOOKS, eye_rotations, find_eye_bones, find_eyeballs
from .gltf import MAX_BYTES, Gltf, check_limit, finite, member
from .head_bone import find_head_bone, head_rotations
from .names import Found, NameMap, NamesOrPath, find_shapes, read_names
from .stand_ins import STAND_INS, mixed
from .vrm import Bind, read_expressions, vrm_version
from .vrm_animation import LOOK_PRESETS, add_expression_nodes, add_expressions, gaze

REST = ("basis", "base", "neutral", "default")  # names of the rest shape, which is no target
SHOWN = 12  # names listed in an error


@dataclass(frozen=True, eq=False)
class GlbRig(Rig):
    """An avatar read from a GLB file; its mesh, as a Rig, is the surroundings of the moving face.

    Attributes:
        follows: (52, N) float32, gain of each ARKit weight in each shape.
        binds: what each shape moves: mesh, index of its target, and the target's weight where the shape is at 1.
        families: of each shape, the rigs that spell it as this one does, see ``spellings.tsv``; "names" for a user's.
        gltf: the whole file.
        unused: names of morph targets that no ARKit weight moves; they keep the weight they have in the file.
        expressions: of each shape, the expressions of a VRM avatar that are it; empty where targets are.
        head_bone: node that turns the head, if it has one.
        eye_bones: nodes of the left and right eye where these turn with the gaze, for want of eyeLook shapes or beside
            such that move lids alone; seen in the written file, not in the mesh of this rig.
    """

    follows: np.ndarray
    binds: tuple[tuple[Bind, ...], ...]
    families: tuple[str, ...]
    gltf: Gltf
    unused: tuple[str, ...]
    expressions: tuple[tuple[str, ...], ...]
    eye_bones: tuple[int, int] | None
    head_bone: int | None = None

    __repr__ = by_shape

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """ARKit shapes that move nothing on this avatar, neither a bone nor a shape that stands in for them."""
        still = [name for name, gains in zip(ARKIT_NAMES, self.follows) if not gains.any()]
        return tuple(name for name in still if not self.eye_bones or name not in LOOKS)

    def weights(self, arkit: np.ndarray) -> np.ndarray:
        """Weights (T, N) float32, 0..1, of this rig's shapes from ARKit weights (T, 52)."""
        return mixed(self.shape_names, self.follows, arkit)

    @cached_property
    def looks(self) -> bool:
        """Whether shapes of its own for the gaze of each eye are there."""
        return any(name.startswith("eyeLook") for name in self.shape_names)

    def expression_curves(self, arkit: np.ndarray) -> tuple[dict[str, np.ndarray], bool]:
        """What the expressions of a VRM avatar can show of ARKit weights (T, 52), without other morph targets.

        Returns:
            Expression -> (T,) weights, but for those of the whole gaze, and whether the eyes have expressions of their
            own for it.
        """
        shapes = _match([], read_expressions(self.gltf), {})
        weights = mixed(tuple(shapes), _follows(shapes), arkit)
        curves = _curves([shape.expressions for shape in shapes.values()], weights)
        return curves, any(name.startswith("eyeLook") for name in shapes)

    def animated(
        self, arkit: np.ndarray, times: np.ndarray, name: str = "emoface", head: np.ndarray | None = None
    ) -> Gltf:
        """The avatar's file with one more animation; everything else in it stays as it was.

        A VRM avatar gets the animation of its expressions and its gaze beside that of the morph targets, and an
        expression for each shape that has none, see :mod:`emoface.face.rigs.vrm_animation`.

        Args:
            arkit: (T, 52) ARKit weights in the order of ``ARKIT_NAMES``.
            times: (T,) seconds, increasing.
            name: of the animation.
            head: (T, 4) turns of the head, quaternions x, y, z, w; None or no bone for it: it stays as it is.

        Returns:
            A copy; ``to_bytes()`` gives the file.

        Raises:
            ValueError: a wrong shape, values that are not finite, or times that do not increase.
        """
        arkit, times = np.asarray(arkit, np.float32), np.asarray(times, np.float32)
        if arkit.ndim != 2 or arkit.shape[1] != len(ARKIT_NAMES) or not len(arkit) or not np.isfinite(arkit).all():
            raise ValueError(f"arkit must be finite and (T, {len(ARKIT_NAMES)}), T at least 1, got {arkit.shape}")
        if times.shape != arkit.shape[:1] or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
            raise ValueError(f"times must be ({len(arkit)},), finite and increasing, got shape {times.shape}")
        weights = self.weights(arkit)
        moved: dict[int, dict[int, np.ndarray]] = {}  # mesh -> target -> (T,)
        for curve, binds in zip(weights.T, self.binds):
            for mesh, target, share in binds:
                targets = moved.setdefault(mesh, {})
                targets[target] = targets.get(target, 0) + share * curve
        rests = {
            index: rest_weights(self.gltf, node)
            for index, node in enumerate(self.gltf.items("nodes"))
            if node.get("mesh") in moved
        }
        size = len(self.gltf.binary) + 4 * len(arkit) * sum(map(len, rests.values()))
        if size > MAX_BYTES:
            raise ValueError(f"a GLB holds at most {MAX_BYTES} bytes, {len(arkit)} frames of this avatar need {size}")
        tracks = {}
        for index, rest in rests.items():
            tracks[index] = np.tile(rest, (len(arkit), 1)).astype(np.float32)  # (T, targets)
            for target, curve in moved[self.gltf.item("nodes", index)["mesh"]].items():
                tracks[index][:, target] = curve
        written = self.gltf.copy()
        channels = self._drive_expressions(written, arkit) if vrm_version(written) is not None else []
        channels += [(node, "weights", track) for node, track in tracks.items()]  # players count channels to here
        turns = eye_rotations(self.gltf, self.eye_bones, arkit) if self.eye_bones else {}
        channels += [(node, "rotation", turn) for node, turn in turns.items()]
        if head is not None and self.head_bone is not None:
            if head.shape != (len(arkit), 4) or not np.isfinite(head).all():
                raise ValueError(f"head must be finite and ({len(arkit)}, 4), got shape {head.shape}")
            channels.append((self.head_bone, "rotation", head_rotations(self.gltf, self.head_bone, head)))
        written.add_animation(times, channels, name)
        return written

    def _drive_expressions(self, written: Gltf, arkit: np.ndarray) -> list[tuple[int, str, np.ndarray]]:
        """Channels that move the expressions of a VRM avatar; ``written`` gets those that it lacks."""
        weights = self.weights(arkit)
        curves = _curves(self.expressions, weights)
        bare = {
            shape: binds
            for shape, binds, names in zip(self.shape_names, self.binds, self.expressions)
            if not names and shape not in LOOK_PRESETS
        }
        names = add_expressions(written, bare, set(read_expressions(written)))
        by_shape = dict(zip(self.shape_names, weights.T))
        curves |= {name: by_shape[shape] for shape, name in names.items()}
        return add_expression_nodes(written, curves, None if self.looks else gaze(arkit))


def load_glb(path: str | os.PathLike[str], names: NamesOrPath | None = None) -> GlbRig:
    """Read an avatar: any GLB or VRM file whose meshes have morph targets named like ARKit's shapes.

    All meshes with such targets are moved (face, teeth, lashes, ...). Names may be spelt as
    :func:`emoface.face.rigs.names.find_shapes` allows, or be expressions of a VRM avatar. Where ARKit's shapes are
    absent, vowels, visemes and whole emotions stand in, see :mod:`emoface.face.rigs.stand_ins`.

    Args:
        path: the file. Textures colour the mesh where Pillow is installed; the written file has them in any case.
        names: what moves a shape, where its name is not to be guessed, see
            :func:`emoface.face.rigs.names.read_names`; ``{"jawOpen": "Mund_auf", "cheekPuff": None}``.

    Returns:
        The rig; ``missing`` and ``unused`` say what does not fit.

    Raises:
        FileNotFoundError: no such file. ValueError: not a GLB, broken, without such morph targets, or without a
            name that ``names`` gives. TypeError: ``names`` is no such table. ImportError: compressed meshes, and the
            extra ``compressed`` is not installed.
    """
    path, own = Path(path), read_names(names)
    data = read_bytes(path)
    try:
        return _read(path.stem, Gltf.from_bytes(data), own)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _read(name: str, gltf: Gltf, own: NameMap) -> GlbRig:
    gltf = decompress(gltf)
    check_limit("nodes", len(gltf.items("nodes")))
    check_limit("morph targets", sum(gltf.target_count(index) for index in range(len(gltf.items("meshes")))))
    meshes = [target_names(gltf, index) for index in range(len(gltf.items("meshes")))]
    if not any(meshes):
        raise ValueError("no mesh has morph targets; export the model with its shape keys")
    shapes = _match(meshes, read_expressions(gltf), own)
    if not shapes:
        known = [name for names in meshes for name in names]
        raise ValueError(f"none of its {len(known)} morph targets is one of ARKit's: {', '.join(known[:SHOWN])}")
    binds = tuple(shape.binds for shape in shapes.values())
    follows = _follows(shapes)
    used = {(mesh, target) for targets in binds for mesh, target, _ in targets}
    moved = {
        names[target] for mesh, names in enumerate(meshes) for target in range(len(names)) if (mesh, target) in used
    }
    unused = tuple(dict.fromkeys(name for names in meshes for name in names if name not in moved))
    head = find_head_bone(gltf)
    mesh = read_mesh(gltf, binds, head)
    looks: np.ndarray = np.any(follows[[ARKIT_INDEX[look] for look in LOOKS]], 0)  # (N,)
    looked = {mesh for targets, look in zip(binds, looks) if look for mesh, _, _ in targets}
    eyes = find_eyeballs(gltf, looked) if looks.any() else find_eye_bones(gltf)
    return GlbRig(
        name, mesh.template, mesh.faces, tuple(shapes), mesh.deltas, mesh.colours, mesh.parts, follows, binds,
        tuple(shape.family for shape in shapes.values()), gltf, unused,
        tuple(shape.expressions for shape in shapes.values()), eyes,
        None if head is None else head.bone, neck=mesh.neck,
    )  # fmt: skip


@dataclass(frozen=True)
class _Shape:
    """What a shape follows (ARKit name -> gain), what it moves, how it was found, and by which expressions."""

    follows: dict[str, float]
    binds: tuple[Bind, ...]
    family: str
    expressions: tuple[str, ...] = ()


def _follows(shapes: dict[str, _Shape]) -> np.ndarray:
    """(52, N) gain of each ARKit weight in each shape."""
    follows = np.zeros((len(ARKIT_NAMES), len(shapes)), np.float32)
    for place, shape in enumerate(shapes.values()):
        for arkit, gain in shape.follows.items():
            follows[ARKIT_INDEX[arkit], place] = gain
    return follows


def _curves(expressions: Iterable[tuple[str, ...]], weights: np.ndarray) -> dict[str, np.ndarray]:
    """Expression -> (T,) weights, from those (T, N) of shapes; the larger where two shapes are one expression."""
    curves: dict[str, np.ndarray] = {}
    for names, curve in zip(expressions, weights.T):
        for name in names:
            if name not in LOOK_PRESETS:
                curves[name] = np.maximum(curves[name], curve) if name in curves else curve
    return curves


@dataclass(frozen=True)
class _Group:
    """Names that belong together (of one mesh, or of the expressions) and the targets that each moves."""

    names: list[str]
    binds: list[tuple[Bind, ...]]
    taken: frozenset[tuple[int, int]]

    @cached_property
    def shapes(self) -> dict[str, Found]:
        """Shapes of the names whose targets no user's table has taken."""
        free = [not self.taken & {bind[:2] for bind in binds} for binds in self.binds]
        return find_shapes([name if left else "" for name, left in zip(self.names, free)])


def _match(meshes: list[list[str]], expressions: dict[str, tuple[Bind, ...]], own: NameMap) -> dict[str, _Shape]:
    """The shapes of an avatar; a user's table comes first, a VRM expression is preferred to plain target names."""
    targets: dict[str, list[Bind]] = {}
    for mesh, names in enumerate(meshes):
        for target, name in enumerate(names):
            targets.setdefault(name, []).append((mesh, target, 1.0))
    given: dict[str, tuple[Bind, ...]] = {}
    for shape, wanted in own.items():
        absent = [name for name in wanted if name not in expressions and name not in targets]
        if absent:
            raise ValueError(f"names: {shape} is to be {absent[0]!r:.60}, which is no morph target or expression of it")
        given[shape] = tuple(
            (mesh, target, share * weight)
            for name, weight in wanted.items()
            for mesh, target, share in expressions.get(name) or targets[name]
        )
    taken = frozenset((mesh, target) for binds in given.values() for mesh, target, _ in binds)
    plain = [
        _Group(names, [((mesh, target, 1.0),) for target in range(len(names))], taken)
        for mesh, names in enumerate(meshes)
    ]
    tiers = [[_Group(list(expressions), list(expressions.values()), taken)], plain]

    def search(shape: str, follows: dict[str, float]) -> _Shape | None:
        if shape in given:
            whole = tuple(name for name, weight in own[shape].items() if name in expressions and weight == 1)
            bound = whole if len(whole) == len(own[shape]) else ()
            return _Shape(follows, given[shape], "names", bound) if given[shape] else None
        for tier in tiers:
            found = [(group, group.shapes[shape]) for group in tier if shape in group.shapes]
            if found:
                binds = tuple(bind for group, one in found for i in one.indices for bind in group.binds[i])
                names = [group.names[i] for group, one in found for i in one.indices] if tier is tiers[0] else []
                return _Shape(follows, binds, found[0][1].family, tuple(names))
        return None

    shapes: dict[str, _Shape] = {}
    for name in ARKIT_NAMES:
        if one := search(name, {name: 1.0}):
            shapes[name] = one
    for stand_in in STAND_INS:
        if not shapes.keys() & set(stand_in.unless):
            if one := search(stand_in.name, stand_in.follows):
                shapes[stand_in.name] = one
    return shapes


def target_names(gltf: Gltf, index: int) -> list[str]:
    """Names of a mesh's morph targets, wherever its exporter put them; ``target 3`` where there is none.

    Raises:
        ValueError: the primitives of the mesh have different numbers of targets.
    """
    mesh, what = gltf.item("meshes", index), f"mesh {index}"
    count, primitives = gltf.target_count(index), member(mesh, "primitives", list, what)
    named = _listed_names([mesh, *primitives], count, what)
    if named is None:
        named = []
        for target in primitives[0].get("targets", []) if primitives else []:
            position = target.get("POSITION") if isinstance(target, dict) else None
            named.append(gltf.item("accessors", position).get("name") if position is not None else None)
    return [name if isinstance(name, str) and name else f"target {place}" for place, name in enumerate(named)]


def _listed_names(owners: list[dict], count: int, what: str) -> list[object] | None:
    """``targetNames`` of a mesh or its primitives; None where there are none that can belong to ``count`` targets."""
    for owner in owners:
        extras = owner.get("extras")
        listed = extras.get("targetNames") if isinstance(extras, dict) else None
        if not isinstance(listed, list) or not listed or not count:
            continue
        if len(listed) == count:
            return listed
        if len(listed) == count + 1 and str(listed[0]).lower() in REST:
            return listed[1:]
        warnings.warn(
            f"{what} has {count} morph targets and {len(listed)} targetNames: which name belongs to which target is "
            "not known, so none is used",
            stacklevel=2,
        )
    return None


def rest_weights(gltf: Gltf, node: dict) -> np.ndarray:
    """Weights (targets,) that a node's mesh has in the file while nothing moves it."""
    mesh = gltf.item("meshes", node.get("mesh"))
    count = gltf.target_count(node["mesh"])
    listed = node.get("weights", mesh.get("weights"))
    return np.zeros(count) if listed is None else finite(listed, "morph target weights", count)
