"""Regions of a mesh, found in the shapes that move it: lips, mouth, upper face."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from emoface.face.rig import Rig
from emoface.face.rigs.open_head import open_head_rig

LIP_SHARE = 0.55
LEAST_MOVE = 5e-4  # metres at weight 1: less is a neighbour's ripple
LIP_NAMES = ("mouthPucker", "mouthRollUpper", "mouthRollLower", "mouthFunnel")
MOUTH_NAMES = ("jaw", "mouth", "cheekPuff")
UPPER_NAMES = ("brow", "eyeBlink", "eyeSquint", "eyeWide", "cheekSquint")


@dataclass(frozen=True, eq=False)
class Regions:
    """Vertex masks of one topology.

    Attributes:
        topology: the mesh, in words. size: number V of its vertices.
        lips, mouth, upper: (n,) indices; the lips belong to the mouth.
    """

    topology: str
    size: int
    lips: np.ndarray
    mouth: np.ndarray
    upper: np.ndarray

    def __post_init__(self) -> None:
        for name in ("lips", "mouth", "upper"):
            mask = np.asarray(getattr(self, name))
            if mask.ndim != 1 or mask.dtype.kind not in "iu" or not len(mask):
                raise ValueError(f"{name} must be vertex indices (n,), n at least 1, got {mask.dtype} {mask.shape}")
            if mask.min() < 0 or mask.max() >= self.size or len(np.unique(mask)) < len(mask):
                span = f"{mask.min()}..{mask.max()}"
                raise ValueError(f"{name} must hold different indices below {self.size}, got {span}")
            object.__setattr__(self, name, mask.astype(np.int64))

    def said(self, name: str) -> str:
        """A region in words, such as ``"lips, 254 of 5023 vertices of FLAME 2020"``."""
        return f"{name}, {len(getattr(self, name))} of {self.size} vertices of {self.topology}"


def rig_regions(rig: Rig) -> Regions:
    """Regions of a rig from its ARKit shapes.

    With m_s[v] = |delta_s[v]| in metres at weight 1, and only vertices of parts called skin where there are any:
    ``lips = {v: max_s m_s[v] / max_u m_s[u] > 0.55}`` over the shapes that move the lips and little else (pucker,
    rolls, funnel); ``upper = {v: U[v] > 0.5 mm and U[v] > M[v]}`` with U and M the largest movements by brow, lid
    and cheek-squint shapes and by jaw, mouth and cheek-puff shapes;
    ``mouth = lips or {v: M[v] > 0.5 mm and M[v] >= U[v]}``.

    Args:
        rig: with ARKit's names.

    Returns:
        The regions.

    Raises:
        ValueError: the rig lacks the shapes of a region, or they move nothing.
    """
    moved = np.linalg.norm(rig.deltas.astype(np.float64), axis=2)  # (N, V)
    skin = np.zeros(len(rig.template), bool)
    for part in rig.parts:
        if part.name.startswith("skin"):
            skin[slice(*part.vertices)] = True
    if skin.any():
        moved[:, ~skin] = 0

    def rows(prefixes: Iterable[str]) -> np.ndarray:
        chosen = [i for i, name in enumerate(rig.shape_names) if name.startswith(tuple(prefixes))]
        if not chosen or not moved[chosen].any():
            raise ValueError(f"rig {rig.name!r} must have shapes that move ({', '.join(prefixes)}), it has none")
        return moved[chosen]

    lip, mouth, upper = rows(LIP_NAMES), rows(MOUTH_NAMES).max(0), rows(UPPER_NAMES).max(0)
    lips = (lip / np.maximum(lip.max(1, keepdims=True), 1e-12)).max(0) > LIP_SHARE
    return Regions(
        rig.name, len(rig.template), np.flatnonzero(lips),
        np.flatnonzero(lips | ((mouth > LEAST_MOVE) & (mouth >= upper))),
        np.flatnonzero(~lips & (upper > LEAST_MOVE) & (upper > mouth)),
    )  # fmt: skip


@lru_cache(maxsize=1)
def open_head_regions() -> Regions:
    """Regions of the open head, from its shapes as they are now."""
    return rig_regions(open_head_rig())
