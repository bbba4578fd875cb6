"""What stays the same between the frames of a film, to the bit."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

LEAST = 0.1  # share of the triangles at rest below which looking for what stays costs as much as it saves


@dataclass(eq=False)
class Still:
    """What does not move in some frames of a film.

    Attributes:
        resting, moving: (F, 3) int32, triangles that cast shadows, and whose corners are all fixed or not.
        maps: (K, M, M) float32, shadow maps of those at rest; set by the first of these frames. Several threads may
            set them at once: the bits are the same.
    """

    resting: Tensor
    moving: Tensor
    maps: Tensor | None = field(default=None, init=False)


class Film:
    """Finds what does not move in a film, whose frames are shown to it in order.

    What has moved once counts as moving to the end, so that there are few changes: one a group of vertices that start.
    """

    def __init__(self, casting: Tensor, count: int) -> None:
        """Begin a film of ``count`` vertices, in which triangles (F, 3) int32 cast shadows."""
        self._casting = casting
        self._fixed = torch.ones(count, dtype=torch.bool)
        self._places: Tensor | None = None  # (n, 3), of the fixed vertices
        self._still: Still | None = None

    def still(self, world: Tensor) -> Still | None:
        """What the next frame, of vertices (V, 3) float32, has in common with those before.

        None of the first, and from where on less than ``LEAST`` of what casts shadows rests.
        """
        if self._places is None:
            self._places = world
            return None
        same = world[self._fixed].view(torch.int32) == self._places.view(torch.int32)
        second = self._still is None and self._fixed.all()
        if second or not same.all():
            self._fixed[self._fixed.clone()] = same.all(1)
            rests = self._fixed[self._casting].all(1)
            self._still = Still(self._casting[rests], self._casting[~rests])
            if len(self._still.resting) < LEAST * len(self._casting):
                self._fixed[:], self._still = False, None
            self._places = world[self._fixed]
        return self._still
