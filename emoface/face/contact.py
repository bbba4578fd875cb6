"""Lips and jaw of another head: the lips meet on its own mesh where they meet on the open head's.

On a rig the inner lips' opening beyond rest is ``g = sum_s w_s h_s + sum_ab w_a w_b h_ab``, with h measured at three
pairs of facing vertices for each shape, and for each pair of shapes that the rig corrects. With g_o the opening on
the open head's mesh, drawn from ``MEET`` .. ``FREE`` out to 0 .. ``FREE``, for lips as near as ``MEET`` are meant to
meet, a frame's opening on the rig is to be at most

    goal = min(g, max(r g_o, r g S(g_o / FREE))),    S(x) = x^2 (3 - 2 x) for x in 0..1, then 1:

none where the open head's lips meet, and what the rig makes of the weights where they are ``FREE`` mm apart. r is 1,
but 0 at brief dips of g_o (``DIP``), where smoothing, or a voice of which little was heard, left a closure half done.
The goal is reached in the order of :mod:`emoface.face.lips`: mouthClose rises up to jawOpen, shapes that part the lips
are scaled down together, mouthPress rises, and what then is left is taken from jawOpen and mouthClose together.
Meshes come in any unit: of a face that is no person's size, a millimetre is one where it is as high as the open head's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .layout import ARKIT_INDEX, ARKIT_NAMES, FPS
from .lips import PRESSED
from .rig import Rig

FREE = 2.0
"""Millimetres of opening on the open head from which on the other head's lips are left as they are."""
MEET = 0.7
"""Millimetres of opening on the open head at which lips meet that were meant to."""
DIP, DIP_MM = 0.33, 4.0
"""A dip is a frame at which the lips are nearest, nearer than ``DIP_MM`` and than ``DIP`` of what they part before and
after."""
AROUND, FADING = 0.16, 0.08
"""Seconds before and after a dip that it is compared with, and over which what closes it fades."""
BESIDE = 0.12
"""Share of the mouth's half width by which the outer two of the three pairs lie beside its middle."""
NEAR = 0.3
"""Share of the mouth's half width within which a pair is looked for."""
REACH = (0.7, 1.3)
"""Least and greatest factor of the jaw's travel."""
PARTING = (
    "mouthFunnel", "mouthShrugUpper", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft",
    "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight", "mouthRollUpper", "mouthRollLower", "jawForward",
    "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthFrownLeft", "mouthFrownRight",
)  # fmt: skip
"""Shapes that give way where lips are to meet; a pucker may stay, p, b and m may be rounded."""
PERSONS = (0.5, 2.0)
"""Heights of a face, in those of the open head's, that a mesh in metres may have: a child's and a giant's."""
BROWS = ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")
LIP_SHAPES = ("mouthClose", "mouthPucker", "mouthUpperUpLeft", "mouthUpperUpRight", "mouthPressLeft", "mouthPressRight")
"""Shapes that move lips and little else."""
PRESSES = ("mouthPressLeft", "mouthPressRight")
"""Shapes that press the lips."""


@dataclass(frozen=True, eq=False)
class Lips:
    """The inner lips of a rig.

    Attributes:
        pairs: (3, 2) vertices of the upper and the lower lip that face each other, at the middle and beside it.
        heights: (52, 3) mm by which a unit of each ARKit shape parts each pair.
        drivers: (C, 2) ARKit shapes of each corrective. together: (C, 3) mm by which it parts each pair.
        travel: of the chin with an open jaw, as a share of the height from chin to brows.
        scale: how many times too large the mesh is, see :func:`face_scale`; mm are those of the mesh made right.
    """

    pairs: np.ndarray
    heights: np.ndarray
    drivers: np.ndarray
    together: np.ndarray
    travel: float
    scale: float

    def gaps(self, arkit: np.ndarray) -> np.ndarray:
        """Opening (T, 3) of the pairs beyond rest at ARKit weights (T, 52), mm; below 0 the lips overlap."""
        return arkit @ self.heights + arkit[:, self.drivers].clip(0, 1).prod(2) @ self.together

    def opening(self, arkit: np.ndarray) -> np.ndarray:
        """Opening (T,) of the lips: the mean over the pairs, where overlapping counts as none."""
        return self.gaps(arkit).clip(0).mean(1)


def find_lips(rig: Rig) -> Lips:
    """The inner lips of a rig, from how its jaw parts them.

    Raises:
        ValueError: the rig has no jawOpen, or its jaw parts no lips.
    """
    if "jawOpen" not in rig.shape_names:
        raise ValueError(f"face {rig.name!r} has no jawOpen, so it has no mouth whose lips could meet")
    shapes = {name: rig.deltas[rig.shape_names.index(name)] for name in ARKIT_NAMES if name in rig.shape_names}
    opened = shapes["jawOpen"]
    pairs = None
    for names in (("mouthClose",), LIP_SHAPES):  # some rigs close the mouth by the lower lip alone
        size = sum(moved_share(shapes[name]) for name in names if name in shapes)
        if pairs is None and np.any(size):
            pairs = facing_pairs(rig.template, opened, np.asarray(size))
    if pairs is None:
        raise ValueError(f"face {rig.name!r} has a jawOpen that parts no lips")
    at = np.array(pairs)
    height, scale = face_height(rig), face_scale(rig)
    heights = np.zeros((len(ARKIT_NAMES), 3))
    for name, deltas in shapes.items():
        heights[ARKIT_INDEX[name]] = parted(deltas, at) / scale
    drivers, together = [], []
    if rig.correctives is not None:
        for (one, other), deltas in zip(rig.correctives.drivers, rig.correctives.deltas):
            driving = rig.shape_names[one], rig.shape_names[other]
            if all(name in ARKIT_INDEX for name in driving):
                drivers.append([ARKIT_INDEX[name] for name in driving])
                together.append(parted(deltas, at) / scale)
    travel = -opened[_carried(opened), 1].mean() / height if height > 0 else 0.0
    return Lips(
        at, heights, np.array(drivers, int).reshape(-1, 2), np.array(together).reshape(-1, 3), float(travel), scale
    )


def parted(deltas: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Millimetres (3,) by which displacements (V, 3) part the pairs (3, 2)."""
    return 1000 * (deltas[pairs[:, 0], 1] - deltas[pairs[:, 1], 1])


def moved_share(deltas: np.ndarray) -> np.ndarray:
    """How far a shape (V, 3) moves each vertex, as a share of the furthest."""
    size = np.linalg.norm(deltas, axis=1)
    return size / max(size.max(initial=0), 1e-9)


def facing_pairs(template: np.ndarray, opened: np.ndarray, size: np.ndarray) -> list[tuple[int, int]] | None:
    """Vertices of the upper and the lower lip, or lid, at three places across; None where there are no two.

    Args:
        template: (V, 3) shut. opened: (V, 3) displacements that part them, the lower one down and further. size: (V,)
            how much each vertex belongs to them.
    """
    moving = size > 0.02
    lowest = opened[moving, 1].min(initial=0)
    middle = float(np.average(template[moving, 0], weights=size[moving]))
    half = float(np.abs(template[moving, 0] - middle).max())
    upper = np.flatnonzero(moving & (opened[:, 1] > 0.4 * lowest))
    lower = np.flatnonzero(moving & (opened[:, 1] < 0.55 * lowest))
    if not len(upper) or not len(lower):
        return None
    found = []
    for side in (-1, 0, 1):
        away = np.abs(template[:, 0] - middle - side * BESIDE * half)
        above, below = (rows[away[rows] <= max(NEAR * half, away[rows].min())] for rows in (upper, lower))
        near, apart = (
            np.linalg.norm(shape[above][:, None] - shape[below], axis=-1) for shape in (template, template + opened)
        )  # (U, L) each: nearest at rest, and parted by the jaw
        cost = near + 0.1 * apart + away[above][:, None] + away[below]
        one, other = np.unravel_index(cost.argmin(), cost.shape)
        found.append((int(above[one]), int(below[other])))
    return found


def face_height(rig: Rig) -> float:
    """From chin to brows, metres; 0 where no jaw or no brows of a rig move to tell it by."""
    shapes, still = dict(zip(rig.shape_names, rig.deltas)), np.zeros_like(rig.template)
    lifted = np.max([np.linalg.norm(shapes.get(name, still), axis=1) for name in BROWS], axis=0)  # (V,)
    carried = _carried(shapes.get("jawOpen", still))
    if not lifted.any() or not carried.any():
        return 0.0
    return max(float(np.average(rig.template[:, 1], weights=lifted) - rig.template[carried, 1].min()), 0.0)


def face_scale(rig: Rig) -> float:
    """How many times too large a rig is that was not made in metres, by its face's height; 1 for a person's."""
    ratio = face_height(rig) / _open_height()
    return 1.0 if ratio == 0 or PERSONS[0] <= ratio <= PERSONS[1] else ratio


def _carried(opened: np.ndarray) -> np.ndarray:
    """Which vertices (V,) the jaw carries with it."""
    return opened[:, 1] < 0.8 * opened[:, 1].min()


@lru_cache(maxsize=1)
def open_lips() -> Lips:
    """The inner lips of the open head."""
    from .rigs.open_head import open_head_rig

    return find_lips(open_head_rig())


@lru_cache(maxsize=1)
def _open_height() -> float:
    from .rigs.open_head import open_head_rig

    return face_height(open_head_rig())


def dips(apart: np.ndarray, fps: float) -> np.ndarray:
    """How much of an opening is left where each brief dip in it is closed.

    Args:
        apart: (T,) mm. fps: of the frames.

    Returns:
        (T,) shares: 0 at a dip, 1 away from dips and where the lips are shut.
    """
    count = len(apart)
    held = np.concatenate([[np.inf], apart, [np.inf]])
    least = (apart <= held[:-2]) & (apart <= held[2:]) & (apart < DIP_MM)
    left, time = np.ones(count), np.arange(count) / fps
    reach = round(AROUND * fps)
    for k in np.flatnonzero(least):
        around = min(apart[max(k - reach, 0) : k + 1].max(), apart[k : k + reach + 1].max())
        if 0 < apart[k] <= DIP * around:
            near = slice(max(k - reach, 0), k + reach + 1)
            taken = apart[k] * (1 - np.abs(time[near] - time[k]) / FADING).clip(0)
            left[near] = np.minimum(left[near], 1 - taken / np.maximum(apart[near], 1e-9))
    return left.clip(0, 1)


def fit_lips(arkit: np.ndarray, rig: Rig, jaw: bool = True, fps: float = FPS) -> np.ndarray:
    """ARKit weights for a rig: its jaw travels as far for its face as the open head's, and its lips meet.

    Args:
        arkit: (T, 52) of the open head, 0..1. rig: the head. jaw: whether the jaw's travel follows the face's height;
            False: jawOpen changes only where lips are to meet. fps: of the frames.

    Returns:
        (T, 52) float32, 0..1.

    Raises:
        ValueError: the rig has no mouth.
    """
    lips, ours = find_lips(rig), open_lips()
    weights = arkit.astype(np.float64)
    place = {name: ARKIT_INDEX[name] for name in ("jawOpen", "mouthClose")}
    if jaw and lips.travel > 0:
        factor = np.clip(ours.travel / lips.travel, *REACH)
        weights[:, list(place.values())] = (weights[:, list(place.values())] * factor).clip(0, 1)
    apart = ours.opening(arkit)
    left = dips(apart, fps)
    apart = np.where(apart < FREE, (apart - MEET).clip(0) * FREE / (FREE - MEET), apart)
    share = (apart / FREE).clip(0, 1)
    own = lips.opening(weights)
    goal = np.minimum(own, left * np.maximum(apart, own * share**2 * (3 - 2 * share)))
    _close(weights, lips, goal, (apart < FREE) | (left < 1))
    return weights.astype(np.float32)


def _close(weights: np.ndarray, lips: Lips, goal: np.ndarray, chosen: np.ndarray) -> None:
    """Bring the opening of chosen frames down to the goal, in place."""
    jaw, close = ARKIT_INDEX["jawOpen"], ARKIT_INDEX["mouthClose"]
    parting = [ARKIT_INDEX[name] for name in PARTING if lips.heights[ARKIT_INDEX[name]].mean() > 0]
    presses = [ARKIT_INDEX[name] for name in PRESSES if lips.heights[ARKIT_INDEX[name]].mean() < 0]

    def towards(target: np.ndarray) -> None:
        """Go as far towards other weights as the goal asks, by halving."""
        if not chosen.any():
            return
        start, way = weights[chosen], target[chosen] - weights[chosen]
        low, high = np.zeros(len(start)), np.ones(len(start))
        needed = lips.opening(start) > goal[chosen] + 1e-6
        for _ in range(12):
            middle = (low + high) / 2
            over = lips.opening(start + middle[:, None] * way) > goal[chosen]
            low, high = np.where(over, middle, low), np.where(over, high, middle)
        weights[chosen] = start + (high * needed)[:, None] * way

    if lips.heights[close].mean() < 0:
        shut = np.array(weights)
        shut[:, close] = np.maximum(shut[:, close], shut[:, jaw])
        towards(shut)
    gone = np.array(weights)
    gone[:, parting] = 0
    towards(gone)
    pressed = np.array(weights)
    pressed[:, presses] = np.maximum(pressed[:, presses], PRESSED)
    towards(pressed)
    still = np.array(weights)
    still[:, [jaw, close]] = 0
    towards(still)
