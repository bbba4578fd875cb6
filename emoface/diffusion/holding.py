"""A mouth that keeps its shape as long as a sound is held."""

from __future__ import annotations

import torch
from torch import Tensor

from emoface.face.columns import places
from emoface.face.layout import MOUTH

FOLLOWS = 0.1
"""Share of the way to the network's mouth that a wholly held one goes in a frame."""


class Holder:
    """Holds the mouth while a sound is held: ``y_t = y_{t-1} + g (x_t - y_{t-1})``, ``g = 1 - s (1 - FOLLOWS)``.

    s is how surely the sound is held, :func:`emoface.audio.sustained.sustained`. A network that learnt from speech lets
    a long vowel die away, and moves the jaw with vibrato; where nothing is held, its motion stays as it is.
    """

    def __init__(self) -> None:
        self.last: Tensor | None = None  # (B, M)

    def hold(self, motion: Tensor, held: Tensor, kept: int) -> Tensor:
        """Hold a window's mouth.

        Args:
            motion: (B, k, 56). held: (k,) 0..1, how surely a sound is held.
            kept: frames that are final; the next window goes on after them.

        Returns:
            (B, k, 56), a new tensor if anything is held.
        """
        own = places(MOUTH, motion.device)
        mouth = motion[..., own]  # (B, k, M)
        if not held.any():
            self.last = mouth[:, kept - 1].clone()
            return motion
        rows, last = [], mouth[:, 0] if self.last is None else self.last
        for frame, share in enumerate(held.tolist()):
            new = mouth[:, frame]
            last = new if share == 0 else last + (1 - share * (1 - FOLLOWS)) * (new - last)
            rows.append(last)
        self.last = rows[kept - 1].clone()
        return motion.index_copy(2, own, torch.stack(rows, 1))
