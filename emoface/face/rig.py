"""A rig: a mesh with named blend shapes, the form in which a head leaves for other programs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from emoface.host import own_settings
from emoface.shown import by_shape

from .layout import ARKIT_INDEX, ARKIT_NAMES, limit_turn
from .rotation import matrices


@dataclass(frozen=True)
class Part:
    """A piece of a rig with one material; its vertices and triangles are contiguous.

    Attributes:
        name: such as "skin" or "eye_left".
        vertices: first vertex and the one after the last.
        faces: first triangle and the one after the last.
        roughness: 0 mirror .. 1 chalk, as in glTF.
    """

    name: str
    vertices: tuple[int, int]
    faces: tuple[int, int]
    roughness: float = 0.6


@dataclass(frozen=True, eq=False)
class Neck:
    """Where a head turns: each vertex goes its share of the way, ``v + s (R (v - j) + j - v)``.

    Attributes:
        joint: (3,) float64 metres, j. shares: (V,) float32, 0..1, s.
    """

    joint: np.ndarray
    shares: np.ndarray

    __repr__ = by_shape


@dataclass(frozen=True, eq=False)
class Correctives:
    """What two shapes of a rig make together beyond what each makes alone, by the product of their weights.

    Attributes:
        names: of the correctives. drivers: (C, 2) int, the two shapes of each. deltas: (C, V, 3) float32, metres where
            both weights are 1.
    """

    names: tuple[str, ...]
    drivers: np.ndarray
    deltas: np.ndarray

    __repr__ = by_shape

    def weights(self, shapes: np.ndarray) -> np.ndarray:
        """Weights (T, C) of the correctives from those of the rig's shapes (T, N), each held to 0..1."""
        return shapes[:, self.drivers].clip(0, 1).prod(2)


@dataclass(frozen=True, eq=False)
class Rig:
    """A mesh with named blend shapes: vertices(w) = template + sum_n w_n deltas_n + sum_c w_i w_j correctives_c.

    Attributes:
        name: of the rig.
        template: (V, 3) float32, metres, y up, face towards +z.
        faces: (F, 3) int32, counter-clockwise seen from outside.
        shape_names: name of each shape; ARKit's where it is one of ARKit's.
        deltas: (N, V, 3) float32, metres at weight 1.
        colours: (V, 3) float32, sRGB, 0..1.
        parts: pieces in order, covering all vertices and triangles.
        neck: where the head turns; None if that is not known, and it does not.
        correctives: of pairs of shapes; None where there are none.
    """

    name: str
    template: np.ndarray
    faces: np.ndarray
    shape_names: tuple[str, ...]
    deltas: np.ndarray
    colours: np.ndarray
    parts: tuple[Part, ...]
    neck: Neck | None = field(default=None, kw_only=True)
    correctives: Correctives | None = field(default=None, kw_only=True)

    __repr__ = by_shape

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """ARKit shapes that the rig lacks."""
        return tuple(name for name in ARKIT_NAMES if name not in self.shape_names)

    @own_settings()
    def weights(self, arkit: np.ndarray) -> np.ndarray:
        """Weights (T, N) of this rig's shapes from ARKit weights (T, 52); shapes that ARKit lacks stay zero."""
        weights = np.zeros((len(arkit), len(self.shape_names)), np.float32)
        for place, name in enumerate(self.shape_names):
            if name in ARKIT_INDEX:
                weights[:, place] = arkit[:, ARKIT_INDEX[name]]
        return weights

    @own_settings()
    def vertices(self, weights: np.ndarray, neck_pose: np.ndarray | None = None) -> np.ndarray:
        """Vertices (T, V, 3) in metres at weights (T, N), with the head turned by ``neck_pose`` (T, 3) where it can."""
        weights = weights.astype(np.float32)
        moved = weights @ self.deltas.reshape(len(self.deltas), -1)  # (T, V * 3)
        if self.correctives is not None:
            together = self.correctives.weights(weights)
            moved += together @ self.correctives.deltas.reshape(together.shape[1], -1)
        vertices = self.template + moved.reshape(len(weights), *self.template.shape)
        if self.neck is None or neck_pose is None or not neck_pose.any():
            return vertices
        away = vertices - self.neck.joint.astype(np.float32)
        turned = away @ matrices(limit_turn(neck_pose)).transpose(0, 2, 1).astype(np.float32)  # (T, V, 3)
        return vertices + self.neck.shares[:, None] * (turned - away)

    def with_correctives(self, weights: np.ndarray) -> tuple[Rig, np.ndarray]:
        """The rig with its correctives as shapes like others, and the weights (T, N + C) float32 that they then need.

        For programs that know no correctives. The rig itself and its weights (T, N) where there are none.
        """
        if self.correctives is None:
            return self, weights
        both = np.concatenate([weights, self.correctives.weights(weights)], 1).astype(np.float32)
        names = (*self.shape_names, *self.correctives.names)
        deltas = np.concatenate([self.deltas, self.correctives.deltas])
        return replace(self, shape_names=names, deltas=deltas, correctives=None), both


def without_parts(rig: Rig, names: Collection[str]) -> Rig:
    """A rig without the parts of these names; the same one where it has none of them."""
    kept = [part for part in rig.parts if part.name not in names]
    if len(kept) == len(rig.parts):
        return rig
    rows = np.concatenate([np.arange(*part.vertices) for part in kept])
    place = np.zeros(len(rig.template), rig.faces.dtype)
    place[rows] = np.arange(len(rows))
    parts: list[Part] = []
    vertices = faces = 0
    for part in kept:
        more, wider = part.vertices[1] - part.vertices[0], part.faces[1] - part.faces[0]
        parts.append(replace(part, vertices=(vertices, vertices + more), faces=(faces, faces + wider)))
        vertices, faces = vertices + more, faces + wider
    together = rig.correctives
    return replace(
        rig, template=rig.template[rows], deltas=rig.deltas[:, rows], colours=rig.colours[rows], parts=tuple(parts),
        faces=place[np.concatenate([rig.faces[slice(*part.faces)] for part in kept])],
        neck=rig.neck and replace(rig.neck, shares=rig.neck.shares[rows]),
        correctives=together and replace(together, deltas=together.deltas[:, rows]),
    )  # fmt: skip


def check_rig(rig: Rig) -> None:
    """Raise ValueError unless the arrays of a rig fit each other and it has ARKit shapes."""
    count, shapes = len(rig.template), len(rig.shape_names)
    if len(rig.missing) == len(ARKIT_NAMES):
        raise ValueError(f"rig {rig.name!r} has none of the ARKit shapes; it has {shapes} others")
    for name, array, shape in (
        ("template", rig.template, (count, 3)),
        ("deltas", rig.deltas, (shapes, count, 3)),
        ("colours", rig.colours, (count, 3)),
    ):
        if array.shape != shape:
            raise ValueError(f"{name} of rig {rig.name!r} must have shape {shape}, got {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} of rig {rig.name!r} must be finite")
    if rig.neck is not None and (rig.neck.joint.shape != (3,) or rig.neck.shares.shape != (count,)):
        raise ValueError(f"neck of rig {rig.name!r} must have a joint (3,) and shares ({count},)")
    if rig.faces.ndim != 2 or rig.faces.shape[1] != 3 or len(rig.faces) == 0:
        raise ValueError(f"faces of rig {rig.name!r} must have shape (F, 3) with F at least 1, got {rig.faces.shape}")
    ends = {"vertices": (0, count), "faces": (0, len(rig.faces))}
    for part in rig.parts:
        for kind, (start, stop) in (("vertices", part.vertices), ("faces", part.faces)):
            if start != ends[kind][0] or not start < stop <= ends[kind][1]:
                raise ValueError(f"parts of rig {rig.name!r} must cover its {kind} in order; {part.name!r} does not")
            ends[kind] = (stop, ends[kind][1])
        used = rig.faces[slice(*part.faces)]
        if used.min() < part.vertices[0] or used.max() >= part.vertices[1]:
            raise ValueError(f"faces of part {part.name!r} of rig {rig.name!r} must stay within the part's vertices")
    if any(reached != end for reached, end in ends.values()):
        raise ValueError(f"parts of rig {rig.name!r} must cover all of its vertices and faces")
