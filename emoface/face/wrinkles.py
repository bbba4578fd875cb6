"""Wrinkles of the open head: height maps over its skin, and how strongly a motion brings out each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emoface.shown import by_shape

STEP_MM = 0.01
"""Millimetres per unit of a stored height."""


@dataclass(frozen=True, eq=False)
class Wrinkles:
    """Height maps in a chart of the skin; G maps of H x W texels, of which the left half is stored.

    Attributes:
        uv: (V, 2) float32, place of each vertex in the chart, 0..1; u grows towards the head's own left, v downwards,
            as in glTF. Vertices beyond the chart lie on its edge, where all heights are zero.
        names: of the maps.
        stored: (G, H, W / 2) int8, heights over u = 0.5 .. 1 in units of ``STEP_MM``; the other half mirrors them.
        drivers: (2, G, K) float32, for the left and the right half of the face, how much of a map one unit of each
            expression component brings out.
    """

    uv: np.ndarray
    names: tuple[str, ...]
    stored: np.ndarray
    drivers: np.ndarray

    __repr__ = by_shape

    @cached_property
    def heights(self) -> np.ndarray:
        """(G, H, W) float32 millimetres over the skin at weight 1; row 0 is v = 0, column 0 is u = 0."""
        half = self.stored.astype(np.float32) * STEP_MM
        return np.concatenate([half[:, :, ::-1], half], 2)

    @cached_property
    def left(self) -> np.ndarray:
        """(W,) float32, share of the left half's weight in each column: a smooth step over the middle of the face."""
        width = 2 * self.stored.shape[2]
        t = np.clip(((np.arange(width) + 0.5) / width - 0.5) / 0.06 + 0.5, 0, 1)
        return (t * t * (3 - 2 * t)).astype(np.float32)

    def weights(self, expression: np.ndarray) -> np.ndarray:
        """Weights (T, 2, G) float32, 0..1, of the maps on the left and on the right of motions' expression (T, K)."""
        return np.clip(np.einsum("tk,sgk->tsg", expression, self.drivers), 0, 1).astype(np.float32)

    def height(self, weights: np.ndarray) -> np.ndarray:
        """The map (H, W) float32 in millimetres that weights (2, G) give."""
        left, right = (np.tensordot(side, self.heights, 1) for side in weights)
        return right + self.left * (left - right)
