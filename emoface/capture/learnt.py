"""What a fit means: the motion of some channels, learnt from drawn faces whose motion is known.

Landmarks tell rounded lips and lowered brows only together with the rest of the face, and no two frames alike. With w
the fitted weights about their mean over a take,

    e_t = A_0 w_t + A_1 (w_t-1 + w_t+1) / 2 + A_2 (w_t-2 + w_t+2) / 2

is what the channels of ``LEARNT`` most likely do about theirs. Written by ``authoring.capture_learnt``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("learnt.npz")
LEARNT = ("mouthPucker", "mouthFunnel", "browDownLeft", "browDownRight")
"""Channels whose motion is read again."""
REACH = 2  # frames on each side


@dataclass(frozen=True, eq=False)
class Learnt:
    """The regression.

    Attributes:
        weights: (3 F, C) for features of :func:`around`, of the F fitted channels. errors: (C,) standard deviation of
            the channels of ``LEARNT`` about what it tells.
    """

    weights: np.ndarray
    errors: np.ndarray


@lru_cache(maxsize=1)
def learnt() -> Learnt:
    """The regression, read once."""
    with np.load(FILE, allow_pickle=False) as file:
        return Learnt(*(file[name].astype(np.float64) for name in ("weights", "errors")))


def around(fitted: np.ndarray) -> np.ndarray:
    """Weights (T, F) of each frame, and means of those one and two frames beside it: (T, 3 F); the ends are held."""
    place, last = np.arange(len(fitted)), len(fitted) - 1
    beside = [(fitted[(place - k).clip(0)] + fitted[(place + k).clip(0, last)]) / 2 for k in range(1, REACH + 1)]
    return np.concatenate([fitted, *beside], 1)


def motion_of(fitted: np.ndarray) -> np.ndarray:
    """What the channels of ``LEARNT`` do about their mean in a take, (T, C), of its fitted weights (T, F)."""
    features = around(fitted)
    return (features - features.mean(0)) @ learnt().weights
