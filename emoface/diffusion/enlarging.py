"""Small gestures of the lips are made larger about where the lips are; networks that predict means move them less."""

from __future__ import annotations

from torch import Tensor

from emoface.face.columns import places
from emoface.face.layout import MOTION_NAMES, MOUTH

from .following import SETTLES, running_mean

UPPER_LIP = tuple(i for i in MOUTH if MOTION_NAMES[i].startswith("mouthUpperUp"))
"""Shapes that raise the upper lip."""


class Enlarger:
    """Makes fast motion of the upper lip larger: ``x_t + (gain - 1) (x_t - m_t)``.

    ``m`` is the running mean of ``x`` over ``SETTLES`` seconds, so that a lip which a feeling raises stays where it is.
    It goes on from window to window and never looks ahead.
    """

    def __init__(self, gain: float) -> None:
        """Set up.

        Args:
            gain: of the fast motion; 1 leaves motion as it is.
        """
        self.gain = gain
        self.mean: Tensor | None = None

    def enlarge(self, motion: Tensor, kept: int, held: Tensor) -> Tensor:
        """Enlarge a window's motion.

        Args:
            motion: (B, k, 56). kept: frames that are final; the running mean goes on after them.
            held: (k,) how surely a sound is held, 0..1, while which the mean stands still.

        Returns:
            (B, k, 56), not clipped; a new tensor unless the gain is 1.
        """
        if self.gain == 1:
            return motion
        at = places(UPPER_LIP, motion.device)
        lips = motion[..., at]  # (B, k, 2)
        mean = running_mean(lips, self.mean, SETTLES, held if held.any() else None)
        self.mean = mean[:, kept - 1].clone()
        return motion.index_copy(2, at, lips + (self.gain - 1) * (lips - mean))
