"""Articulation follows the voice: what the lip net hears faster than the denoiser moves is added to its motion."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from emoface.face.columns import places
from emoface.face.layout import FPS, MOTION_NAMES, MOUTH

SETTLES = 0.5
"""Seconds within which a lasting difference counts as the emotion's or the manner's, and is left to the denoiser."""
ARTICULATING = tuple(
    i for i in MOUTH
    if MOTION_NAMES[i].startswith(("jaw_pose_x", "mouthFunnel", "mouthPucker", "mouthLowerDown", "mouthUpperUp"))
)  # fmt: skip
"""The jaw and the shapes with which lips articulate."""
_IN_MOUTH = tuple(MOUTH.index(i) for i in ARTICULATING)


@lru_cache(maxsize=16)
def _fading(frames: int, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """Weights (k, k) of the differences in the running mean of each frame, and (k, 1) of the mean before them."""
    with torch.inference_mode(False):
        step = 1 / (SETTLES * FPS)
        count = torch.arange(frames, device=device, dtype=dtype)
        weights = torch.tril(step * (1 - step) ** (count[:, None] - count).clamp(min=0))
        return weights, (1 - step) ** (count + 1)[:, None]


class Follower:
    """Adds the fast part of the difference between heard and denoised articulation, frame by frame.

    ``d = heard - denoised``; ``m_t = m_{t-1} + (d_t - m_{t-1}) / (SETTLES x 25)``; ``denoised + share (d - m)``. The
    running mean ``m`` begins with the first difference, goes on from window to window and never looks ahead.
    """

    def __init__(self, share: float) -> None:
        """Set up.

        Args:
            share: of the fast difference that is added; 0 leaves motion as it is.
        """
        self.share = share
        self.mean: Tensor | None = None

    def follow(self, motion: Tensor, curves: Tensor, present: Tensor, kept: int) -> Tensor:
        """Let a window's motion follow.

        Args:
            motion: (B, k, 56) denoised. curves: (k, len(MOUTH)) of the lip net. present: (k,) of speech, 0..1; nobody's
                lips are heard where nobody speaks.
            kept: frames that are final; the running mean goes on after them.

        Returns:
            (B, k, 56), not clipped; a new tensor unless the share is 0.
        """
        if self.share == 0:
            return motion
        device, frames = motion.device, motion.shape[1]
        at = places(ARTICULATING, device)
        heard = curves[:, places(_IN_MOUTH, device)]  # (k, A)
        difference = present[:, None] * (heard - motion[..., at])  # (B, k, A)
        before = difference[:, 0] if self.mean is None else self.mean  # (B, A)
        weights, fading = _fading(frames, motion.dtype, device)
        mean = fading * before[:, None] + weights @ difference  # (B, k, A)
        self.mean = mean[:, kept - 1].clone()
        followed = motion.clone()
        followed[..., at] += self.share * (difference - mean)
        return followed
