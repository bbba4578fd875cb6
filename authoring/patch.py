"""A patch: rows of vertices that follow a feature of the face, such as lips or lids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(eq=False)
class Patch:
    """Structured rows of the head's left half; the last row lies on the skin and is shared with the fill.

    Attributes:
        points: (rows, columns, 3), centimetres; the order of rows and columns is such that going along a column
            towards the last row leads away from the feature.
        closed: the columns wrap round (eye, ear); otherwise the first and the last column lie on the mid-line (mouth).
    """

    points: np.ndarray
    closed: bool

    def triangles(self) -> np.ndarray:
        """Triangles (2 (rows - 1) steps, 3) of the flattened points, diagonals alternating; either winding."""
        rows, columns = self.points.shape[:2]
        steps = columns if self.closed else columns - 1
        row, column = np.meshgrid(np.arange(rows - 1), np.arange(steps), indexing="ij")
        a, b = row * columns + column, row * columns + (column + 1) % columns
        c, d = a + columns, b + columns
        swap = ((row + column) % 2 == 1)[..., None]
        first = np.where(swap, np.stack([a, c, d], -1), np.stack([a, c, b], -1))
        second = np.where(swap, np.stack([d, b, a], -1), np.stack([b, c, d], -1))
        return np.stack([first, second], 2).reshape(-1, 3)
