"""Losses of the denoiser, on motion normalised to unit variance per channel."""

from __future__ import annotations

import torch
from torch import Tensor

from emoface.face.layout import LIP_GAP_MM, MOTION_INDEX, MOTION_NAMES, MOTION_SIZE, MOUTH, NECK, UPPER


def channel_weights(jaw: float, lips: float, sideways: float) -> Tensor:
    """Weight of each channel (56,), mean 1: the jaw and the lips count more, sideways and rare shapes less."""
    weights = torch.ones(MOTION_SIZE)
    rare = ("jaw_pose_y", "jaw_pose_z", "mouthLeft", "mouthRight", "cheekPuff", "tongue", "eyeLookIn", "eyeLookOut")
    for name, index in MOTION_INDEX.items():
        if name.startswith(rare) or name.startswith("eyeLookUp"):
            weights[index] = sideways
        elif name.startswith(("mouthFunnel", "mouthLowerDown")):
            weights[index] = lips
        elif name == "jaw_pose_x":
            weights[index] = jaw
    return weights / weights.mean()


def channel_mask(indices: tuple[int, ...]) -> Tensor:
    """A 0/1 mask (56,) of channels."""
    mask = torch.zeros(MOTION_SIZE)
    mask[list(indices)] = 1.0
    return mask


def reconstruction(error: Tensor, weights: Tensor, closure: Tensor, closure_weight: float, activity: Tensor) -> Tensor:
    """Weighted L2 on x0: ``mean(w (1 + c closure on the mouth) (1 + activity) e^2)``.

    Args:
        error: (B, T, 56) predicted minus target motion. weights: (56,). closure: (B, T).
        closure_weight: c, how much more the lips count on p, b, m. activity: (B, T) phonetic-context weight.
    """
    frame = weights * (1 + closure_weight * closure[..., None] * channel_mask(MOUTH).to(error))  # (B, T, 56)
    frame = frame * (1 + activity[..., None])
    return (frame * error.square()).sum() / frame.sum()


def velocity(error: Tensor, weights: Tensor, mouth: float) -> Tensor:
    """L2 on frame-to-frame differences; ``mouth`` below 0.5, since more destroys closures."""
    share = weights * (mouth * channel_mask(MOUTH) + channel_mask((*UPPER, *NECK))).to(error)
    return (share * error.diff(dim=1).square()).mean()


def acceleration(error: Tensor) -> Tensor:
    """L2 on second differences of the upper face and the head, against jitter."""
    return (channel_mask((*UPPER, *NECK)).to(error) * error.diff(n=2, dim=1).square()).mean()


def lip_opening(motion: Tensor, closure: Tensor) -> Tensor:
    """Mean squared inner-lip opening (cm^2) on frames that must be closed: the lip-vertex term of the open head.

    Args:
        motion: (B, T, 56) in motion units. closure: (B, T).
    """
    per_unit = torch.tensor([LIP_GAP_MM.get(name, 0.0) / 10 for name in MOTION_NAMES], device=motion.device)
    gap = (motion @ per_unit).clamp(min=0)  # (B, T) cm
    return (closure * gap.square()).sum() / closure.sum().clamp(min=1)


def phonetic_activity(target: Tensor, strength: float) -> Tensor:
    """Phonetic-context weight (B, T): larger where the lips move more around a frame, mean ``strength``.

    Args:
        target: (B, T, 56) normalised target motion.
    """
    speed = target[..., list(MOUTH)].diff(dim=1).square().mean(-1)  # (B, T - 1)
    speed = torch.nn.functional.pad(speed[:, None], (1, 0), mode="replicate")  # (B, 1, T)
    around = torch.nn.functional.avg_pool1d(speed, 5, stride=1, padding=2, count_include_pad=False)[:, 0]
    return strength * (around / around.mean().clamp(min=1e-6)).clamp(max=3)
