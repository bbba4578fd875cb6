"""Articulation follows the voice: what the lip net hears faster than the denoiser moves is added to its motion."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from emoface.face.columns import places
from emoface.face.layout import FPS, MOTION_NAMES, MOUTH

SETTLES, SHAPES_SETTLE = 1.0, 2.5
"""Seconds within which a lasting difference of the jaw counts as the emotion's or the manner's, and is left to the
denoiser; and within which one of the lips' shapes does, or a lasting spread of the heard lips.
"""
_LIPS = ("jaw_pose_x", "mouthFunnel", "mouthPucker", "mouthStretch", "mouthLowerDown", "mouthUpperUp")
ARTICULATING = tuple(i for i in MOUTH if MOTION_NAMES[i].startswith(_LIPS))
"""The jaw and the shapes with which lips articulate."""
_JAW = tuple(i for i in ARTICULATING if MOTION_NAMES[i].startswith("jaw"))
_SHAPES = tuple(i for i in ARTICULATING if i not in _JAW)
SPREADING = tuple(i for i in MOUTH if MOTION_NAMES[i].startswith("mouthSmile"))
"""Shapes that spread the lips in speech and whose coming and going is a feeling's."""
_FOLLOWING = (*_JAW, *_SHAPES, *SPREADING)
_HEARD = tuple(MOUTH.index(i) for i in _FOLLOWING)


@lru_cache(maxsize=32)
def _fading(frames: int, seconds: float, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """Weights (k, k) of the values in the running mean of each frame, and (k, 1) of the mean before them."""
    with torch.inference_mode(False):
        step = 1 / (seconds * FPS)
        count = torch.arange(frames, device=device, dtype=dtype)
        weights = torch.tril(step * (1 - step) ** (count[:, None] - count).clamp(min=0))
        return weights, (1 - step) ** (count + 1)[:, None]


def running_mean(values: Tensor, before: Tensor | None, seconds: float, held: Tensor | None) -> Tensor:
    """``m_t = m_{t-1} + (1 - s) (v_t - m_{t-1}) / (seconds x 25)`` of values (B, k, C), from (B, C) or the first.

    s is ``held`` (k,), 0 where it is None.
    """
    begun = values[:, 0] if before is None else before
    if held is None:
        weights, faded = _fading(values.shape[1], seconds, values.dtype, values.device)
        return faded * begun[:, None] + weights @ values
    means = []
    for frame, share in enumerate(held.tolist()):
        begun = begun + (1 - share) / (seconds * FPS) * (values[:, frame] - begun)
        means.append(begun)
    return torch.stack(means, 1)


class Follower:
    """Adds the fast part of the difference between heard and denoised articulation, frame by frame.

    ``d = heard - denoised``; ``m_t = m_{t-1} + (d_t - m_{t-1}) / (S x 25)`` with S of ``SETTLES`` for the jaw and of
    ``SHAPES_SETTLE`` for the lips' shapes; ``denoised + share (d - m)``. The running mean ``m`` begins with the first
    difference, goes on from window to window and never looks ahead. Of the shapes that spread the lips ``d`` is what is
    heard, so a smile comes and goes as the denoiser has it, and all of ``d - m`` is added. While a sound is held as
    surely as s, ``m`` stands still and ``denoised + (share + s (1 - share)) (d - (1 - s) m)`` follows the whole of what
    is heard: a denoiser that learnt from speech lets a long vowel die away.
    """

    def __init__(self, share: float) -> None:
        """Set up.

        Args:
            share: of the fast difference that is added; 0 leaves motion as it is.
        """
        self.share = share
        self.mean: Tensor | None = None
        self.shaped: Tensor | None = None

    def follow(
        self, motion: Tensor, curves: Tensor, present: Tensor, kept: int, held: Tensor | None = None
    ) -> Tensor:
        """Let a window's motion follow.

        Args:
            motion: (B, k, 56) denoised. curves: (k, len(MOUTH)) of the lip net. present: (k,) of speech, 0..1; nobody's
                lips are heard where nobody speaks.
            kept: frames that are final; the running mean goes on after them.
            held: (k,) how surely a sound is held, 0..1; None for not at all.

        Returns:
            (B, k, 56), not clipped; a new tensor unless the share is 0.
        """
        if self.share == 0:
            return motion
        device, gate, jaws, shapes = motion.device, present[:, None], len(_JAW), len(_SHAPES)
        at = places(_FOLLOWING, device)
        heard, moved = curves[:, places(_HEARD, device)], motion[..., at].clone()  # jaw, shapes, spread
        moved[..., jaws + shapes :] = 0  # of what spreads the lips all that is heard is added
        difference = gate * (heard - moved)  # (B, k, C)
        held = None if held is None or not held.any() else held
        mean = running_mean(difference[..., :jaws], self.mean, SETTLES, held)
        shaped = running_mean(difference[..., jaws:], self.shaped, SHAPES_SETTLE, held)
        self.mean, self.shaped = mean[:, kept - 1].clone(), shaped[:, kept - 1].clone()
        mean = torch.cat([mean, shaped], -1)
        share = difference.new_full((difference.shape[-1],), self.share)
        share[jaws + shapes :] = 1
        if held is not None:
            lasting = held.to(device, non_blocking=True)[:, None]  # (k, 1)
            mean = (1 - lasting) * mean
            share = share + lasting * (1 - share)
        followed = motion.clone()
        followed[..., at] += share * (difference - mean)
        return followed
