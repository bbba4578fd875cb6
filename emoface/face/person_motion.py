"""A person's range and level laid over motion: what the gain, the offset and the mixture of an adapter mean."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import torch
from torch import Tensor

from .layout import MOTION_NAMES

PersonMotion: TypeAlias = tuple[Tensor, Tensor, Tensor]
"""A person's gain (56,), offset (56,) and mixture (56, 56)."""
ARTICULATING = (
    "jaw_pose", "mouthClose", "mouthFunnel", "mouthPucker", "mouthLowerDown", "mouthUpperUp", "mouthRoll",
    "mouthShrug", "mouthPress", "mouthLeft", "mouthRight",
)  # fmt: skip
"""Beginnings of names of the channels with which lips speak, over whose whole range a gain goes."""
REACH = 0.25
"""How far speech moves the others, which feelings use too: beyond it nothing is made larger or smaller."""


@lru_cache(maxsize=4)
def _reach(device: torch.device) -> Tensor:
    rows = [float("inf") if name.startswith(ARTICULATING) else REACH for name in MOTION_NAMES]
    return torch.tensor(rows, device=device)


SPEAKING = tuple(place for place, name in enumerate(MOTION_NAMES) if name.startswith(ARTICULATING))
"""Channels that others may follow by a mixture."""


def as_person(motion: Tensor, gain: Tensor, offset: Tensor, mixture: Tensor) -> Tensor:
    """``m + (gain - 1) min(m, reach) + offset + mixture m``: as the person speaks, and feelings as strong as they were.

    Args:
        motion: (..., 56). gain, offset: (56,). mixture: (56, 56), of which the columns ``SPEAKING`` are used.
    """
    moved = motion + (gain - 1) * motion.minimum(_reach(motion.device).to(motion)) + offset
    for channel in SPEAKING:  # one by one: a product of matrices has other bits for other numbers of frames
        moved = moved + motion[..., channel : channel + 1] * mixture[:, channel]
    return moved
