"""Closing lips with ``mouthClose`` as ARKit means it: it takes up what the jaw opens, and no more.

Beyond ``jawOpen`` it would push the lower lip through the upper one on rigs that follow ARKit. What other shapes part
is closed by pressing the lips together and by holding those shapes back.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from .columns import places, values
from .layout import JAW_OPEN_RADIANS, MOTION_INDEX, Array

OPENING_MM: dict[str, float] = {
    "jaw_pose_x": 109.0, "mouthClose": -32.7, "mouthFunnel": 14.2, "jawForward": 2.0, "mouthShrugUpper": 5.4,
    "mouthLowerDownLeft": 3.4, "mouthLowerDownRight": 3.4, "mouthUpperUpLeft": 3.8, "mouthUpperUpRight": 3.8,
    "noseSneerLeft": 3.1, "noseSneerRight": 3.1, "mouthRollUpper": 1.5, "mouthPucker": 1.4,
    "mouthPressLeft": -0.37, "mouthPressRight": -0.37,
}  # fmt: skip
"""Per unit of each shape, the most that it parts the lips on the open head and on a scanned one, or the least that it
closes them: lips that meet by this reading meet on both. ``LIP_GAP_MM`` of the layout reads the scanned one alone."""
PRESSED = 0.6
"""mouthPress up to which lips are pressed for what mouthClose may not take up."""

_COLUMNS = tuple(MOTION_INDEX[name] for name in OPENING_MM)
_JAW = list(OPENING_MM).index("jaw_pose_x")
_PRESSES = frozenset(name for name in OPENING_MM if name.startswith("mouthPress"))
_SNEERS = frozenset(name for name in OPENING_MM if name.startswith("noseSneer"))
_KEPT = frozenset(("jaw_pose_x", "mouthClose", "mouthPucker"))  # p, b and m may be rounded
_ALL = frozenset(OPENING_MM)
_PARTING = _ALL - _KEPT - _PRESSES - _SNEERS


def _columns(motion: Tensor) -> Tensor:
    """The places in a motion of the shapes of ``OPENING_MM``."""
    return places(_COLUMNS, motion.device)


@lru_cache(maxsize=16)
def _numbers(names: frozenset[str]) -> tuple[float, ...]:
    return tuple(by if name in names else 0.0 for name, by in OPENING_MM.items())


def _rates(like: Tensor, names: frozenset[str] = _ALL) -> Tensor:
    """(15,) millimetres per unit of the named shapes, 0 for the others."""
    return values(_numbers(names), like.dtype, like.device)


def opening(motion: Tensor) -> Tensor:
    """Opening of the lips by ``OPENING_MM``, in millimetres; below 0 they overlap.

    Args:
        motion: (..., 56).

    Returns:
        (...) millimetres.
    """
    return (motion[..., _columns(motion)] * _rates(motion)).sum(-1)


def beyond_jaw(motion: Array) -> Array:
    """How far mouthClose is beyond what the jaw opens, ``max(mouthClose - jawOpen, 0)``.

    Args:
        motion: (..., 56).

    Returns:
        (...) weight of mouthClose.
    """
    jaw_open = motion[..., MOTION_INDEX["jaw_pose_x"]].clip(min=0) / JAW_OPEN_RADIANS
    return (motion[..., MOTION_INDEX["mouthClose"]] - jaw_open).clip(min=0)


def close_lips(motion: Tensor, gap: Tensor, firmly: Tensor, beyond: Tensor | float = 0.0) -> Tensor:
    """Bring the lips to a gap without mouthClose beyond jawOpen.

    In this order, each as far as it is needed: mouthClose falls to ``jawOpen + beyond`` or rises up to it, shapes that
    part the lips are scaled down together, mouthPress rises to 0.6 on both sides, and last the sneers are scaled down,
    for the nose twitches with the lip that it lifts. Lips that are nearer than ``gap`` stay so.

    Args:
        motion: (..., 56). gap: (...) millimetres, as :func:`opening` reads them. firmly: (...) 0..1, the share
            of what is left for which sneers give way; with 1 the gap is reached, but for what a pucker parts. beyond:
            (...) how far mouthClose may exceed jawOpen.

    Returns:
        (..., 56), a new tensor.
    """
    columns, rates = _columns(motion), _rates(motion)
    lips = motion[..., columns]  # (..., 15)
    gap = gap[..., None]  # (..., 1)
    close = rates == OPENING_MM["mouthClose"]  # (15,)

    def left(lips: Tensor) -> Tensor:
        return ((lips * rates).sum(-1, keepdim=True) - gap).clamp(min=0)  # (..., 1) mm

    def held_back(lips: Tensor, names: frozenset[str], share: Tensor | float = 1.0) -> Tensor:
        by = _rates(motion, names)  # (15,)
        parted = (lips * by).clamp(min=0).sum(-1, keepdim=True).clamp(min=1e-6)  # (..., 1) mm
        return lips * (1 - (share * left(lips) / parted).clamp(max=1) * (by > 0))

    highest = (lips[..., _JAW].clamp(min=0) / JAW_OPEN_RADIANS + beyond)[..., None]  # (..., 1)
    lips = torch.where(close, torch.minimum(lips, highest), lips)
    lips = torch.where(close, torch.minimum(lips + left(lips) / -OPENING_MM["mouthClose"], highest), lips)
    lips = held_back(lips, _PARTING)
    press = -_rates(motion, _PRESSES)  # (15,)
    room = (PRESSED - lips).clamp(min=0) * (press > 0)  # (..., 15)
    lips = lips + room * (left(lips) / (room * press).sum(-1, keepdim=True).clamp(min=1e-6)).clamp(max=1)
    return motion.index_copy(-1, columns, held_back(lips, _SNEERS, firmly[..., None]))
