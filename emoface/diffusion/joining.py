"""Windows that are denoised afresh go on from each other."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from emoface.face.layout import MOTION_NAMES, MOTION_SIZE, MOUTH, NECK, UPPER

HOLD_UPPER, HOLD_MOUTH = 0.9, 0.5
"""Share of the difference between two windows that is left after a frame. A window tells how a face moves better than
where it is: its frames go on from those before, and the difference fades."""

EASE = 0.4
"""Share of the way to the next frame that brows, lids, cheeks and head go at once."""
_EASED = [i for i in (*UPPER, *NECK) if not MOTION_NAMES[i].startswith("noseSneer")]  # sneers part the lips


class Easing:
    """Takes the last trembling out of what is slow by nature, ``y_t = y_{t-1} + EASE (x_t - y_{t-1})``: a frame late.

    A filter that foresees two frames sees them again, a little changed, in the next window.
    """

    def __init__(self) -> None:
        self.last: np.ndarray | None = None  # (56,)

    def ease(self, motion: np.ndarray) -> np.ndarray:
        """The next finished frames (k, 56), eased."""
        eased = motion.copy()
        for row in eased:
            if self.last is not None:
                row[_EASED] = self.last[_EASED] + EASE * (row[_EASED] - self.last[_EASED])
            self.last = row.copy()
        return eased


@lru_cache(maxsize=16)
def _fading(frames: int, device: torch.device) -> Tensor:
    """Share (k, 56) of the difference between two windows that is left after 1, 2, ... frames."""
    with torch.inference_mode(False):
        share = torch.empty(MOTION_SIZE)
        share[list(MOUTH)], share[[*UPPER, *NECK]] = HOLD_MOUTH, HOLD_UPPER
        return (share ** torch.arange(1, frames + 1)[:, None]).to(device, non_blocking=True)


class Joiner:
    """Lays a window's motion on to where the last one ended: ``x_t + h^t (y_0 - x_0)``.

    x_0 is the frame before as this window has it, y_0 as it was given; h is held longer on the upper face than on the
    mouth.
    """

    def __init__(self) -> None:
        self.last: Tensor | None = None  # (B, 1, 56)

    def join(self, motion: Tensor, before: int, kept: int) -> Tensor:
        """Join the next window.

        Args:
            motion: (B, before + k, 56). before: frames that were given already, 1, or 0 for windows that share none.
            kept: of the k frames.

        Returns:
            (B, k, 56).
        """
        if not before:
            return motion
        own, given = motion[:, before - 1 : before], motion[:, before:]
        if self.last is not None:
            given = given + (self.last - own) * _fading(given.shape[1], motion.device)
        self.last = given[:, kept - 1 : kept].clone()
        return given
