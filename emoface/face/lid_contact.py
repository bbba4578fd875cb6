"""Lids of another head: its eyes shut where the open head's do, and by the same share.

On a rig the aperture of an eye is linear in the weights, ``a = a_0 + sum_s w_s h_s``, with h measured at three pairs of
vertices of the lids' edges; below 0 the lids overlap. With s the aperture of the open head as a share of its own at
rest, that of a frame on the rig is to be

    goal = (1 - S) s a_0 + S a,    S = x^2 (3 - 2 x) with x = s in 0..1:

as far shut as the open head's, and what the rig makes of the weights where the eye is open. Lids that are to be shut
meet at all three pairs, and overlap no further than the open head's do. eyeBlink is solved for it; where it is 1 and
the lids still part, eyeWide gives way and then eyeSquint rises.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .contact import face_scale, facing_pairs, moved_share, parted
from .layout import ARKIT_INDEX, ARKIT_NAMES
from .rig import Rig

SIDES = ("Left", "Right")
LASHES = "lashes"
"""Part whose vertices are no edge of a lid, though they go with it."""
LEAST_MM = 2.0
"""Aperture at rest of a face in metres below which what was found is no eye that could shut."""
_UPSIDE_DOWN = np.array([1, -1, 1])


@dataclass(frozen=True, eq=False)
class Lids:
    """The lids of one eye of a rig.

    Attributes:
        pairs: (3, 2) vertices on the edges of the upper and the lower lid that meet when the eye is shut.
        rest: (3,) mm between them at rest.
        heights: (52, 3) mm by which a unit of each ARKit shape parts each pair.
    """

    pairs: np.ndarray
    rest: np.ndarray
    heights: np.ndarray

    def gaps(self, arkit: np.ndarray) -> np.ndarray:
        """Distance (T, 3) of the pairs at ARKit weights (T, 52), mm; below 0 the lids overlap."""
        return self.rest + arkit @ self.heights

    def aperture(self, arkit: np.ndarray) -> np.ndarray:
        """Aperture (T,) as a share of that at rest, the mean over the pairs."""
        return self.gaps(arkit).mean(1) / self.rest.mean()


def find_lids(rig: Rig) -> dict[str, Lids]:
    """The lids of a rig's eyes by side, from how its blinks close them; without eyes that shut by eyeBlink none."""
    shapes = {name: rig.deltas[rig.shape_names.index(name)] for name in ARKIT_NAMES if name in rig.shape_names}
    found = {}
    for side in SIDES:
        blink = shapes.get("eyeBlink" + side)
        if blink is None or not blink.any():
            continue
        # a shut eye that opens is a mouth upside down: what moves most is the upper lid
        size = moved_share(blink)
        for part in rig.parts:
            if part.name == LASHES:
                size[slice(*part.vertices)] = 0
        facing = facing_pairs((rig.template + blink) * _UPSIDE_DOWN, -blink * _UPSIDE_DOWN, size)
        if facing is None:
            continue
        pairs = np.array(facing)[:, ::-1]
        heights = np.zeros((len(ARKIT_NAMES), 3))
        for name, deltas in shapes.items():
            heights[ARKIT_INDEX[name]] = parted(deltas, pairs)
        rest = parted(rig.template, pairs)
        if rest.min() >= LEAST_MM * face_scale(rig) and heights[ARKIT_INDEX["eyeBlink" + side]].mean() < 0:
            found[side] = Lids(pairs, rest, heights)
    return found


@lru_cache(maxsize=1)
def open_lids() -> dict[str, Lids]:
    """The lids of the open head."""
    from .rigs.open_head import open_head_rig

    return find_lids(open_head_rig())


def fit_lids(arkit: np.ndarray, rig: Rig) -> np.ndarray:
    """ARKit weights for a rig whose lids shut as the open head's do.

    Args:
        arkit: (T, 52) of the open head, 0..1. rig: the head; one whose eyes do not shut by eyeBlink is left alone.

    Returns:
        (T, 52) float32, 0..1.
    """
    weights = arkit.astype(np.float64)
    for side, lids in find_lids(rig).items():
        share = open_lids()[side].aperture(arkit)
        blend = share.clip(0, 1) ** 2 * (3 - 2 * share.clip(0, 1))
        goal = (1 - blend) * share + blend * lids.aperture(weights)
        rates = lids.heights.mean(1) / lids.rest.mean()  # (52,) shares a unit
        for name, opens in (("eyeBlink", False), ("eyeWide", True), ("eyeSquint", False)):
            shape = ARKIT_INDEX[name + side]
            if (rates[shape] > 0) == opens and rates[shape] != 0:
                over = _over(weights, lids, share, goal)
                over = over if name == "eyeBlink" else over.clip(0)  # the others help to shut, and open nothing
                weights[:, shape] = (weights[:, shape] - over / rates[shape]).clip(0, 1)
    return weights.astype(np.float32)


def _over(weights: np.ndarray, lids: Lids, share: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """Share (T,) by which an eye is too far open; of one that is to be shut, by which any pair still parts."""
    own, widest = lids.aperture(weights), lids.gaps(weights).max(1) / lids.rest.mean()
    return np.where(share > 0, own - goal, np.maximum(widest, np.minimum(own - share, 0)))
