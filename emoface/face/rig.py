"""A rig: a mesh with named blend shapes, the form in which a head leaves for other programs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .layout import ARKIT_INDEX, ARKIT_NAMES


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
class Rig:
    """A mesh with named blend shapes: vertices(w) = template + sum_n w_n deltas_n.

    Attributes:
        name: of the rig.
        template: (V, 3) float32, metres, y up, face towards +z.
        faces: (F, 3) int32, counter-clockwise seen from outside.
        shape_names: name of each shape; ARKit's where it is one of ARKit's.
        deltas: (N, V, 3) float32, metres at weight 1.
        colours: (V, 3) float32, sRGB, 0..1.
        parts: pieces in order, covering all vertices and triangles.
    """

    name: str
    template: np.ndarray
    faces: np.ndarray
    shape_names: tuple[str, ...]
    deltas: np.ndarray
    colours: np.ndarray
    parts: tuple[Part, ...]

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """ARKit shapes that the rig lacks."""
        return tuple(name for name in ARKIT_NAMES if name not in self.shape_names)

    def weights(self, arkit: np.ndarray) -> np.ndarray:
        """Weights (T, N) of this rig's shapes from ARKit weights (T, 52); shapes that ARKit lacks stay zero."""
        weights = np.zeros((len(arkit), len(self.shape_names)), np.float32)
        for place, name in enumerate(self.shape_names):
            if name in ARKIT_INDEX:
                weights[:, place] = arkit[:, ARKIT_INDEX[name]]
        return weights

    def vertices(self, weights: np.ndarray) -> np.ndarray:
        """Vertices (T, V, 3) in metres at weights (T, N)."""
        moved = weights.astype(np.float32) @ self.deltas.reshape(len(self.deltas), -1)  # (T, V * 3)
        return self.template + moved.reshape(len(weights), *self.template.shape)
