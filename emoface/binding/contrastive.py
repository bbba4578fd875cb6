"""Symmetric InfoNCE between two modalities, with several positives per row."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SCALE_CEILING = 100.0


def same_class(emotions: Tensor, levels: Tensor) -> Tensor:
    """Which rows of a batch say the same thing.

    Args:
        emotions: (B,) int64. levels: (B,) float.

    Returns:
        (B, B) float32, 1 where emotion and level agree; the rows of one class are all positives of one
        another.
    """
    equal = (emotions[:, None] == emotions[None]) & ((levels[:, None] - levels[None]).abs() < 1e-4)
    return equal.float()


def soft_positives(intensities: Tensor, width: float) -> Tensor:
    """Positive weights that fall with the distance of what two rows say: ``exp(-|I_i - I_j|^2 / (2
    width^2))``.

    Args:
        intensities: (B, E) strength of each emotion. width: distance in strength, e.g. 0.12.

    Returns:
        (B, B) float32 in 0..1, diagonal 1; below 0.001 exactly 0.
    """
    weights = torch.exp(torch.cdist(intensities, intensities).square() / (-2 * width * width))
    return weights.masked_fill(weights < 1e-3, 0.0)


class ContrastiveLoss(nn.Module):
    """Symmetric InfoNCE with a learnt temperature (CLIP, Radford et al. 2021), generalised to several
    positives.

    With row-normalised positive weights W and P = softmax(s a b^T): ``mean_i KL(W_i || P_i)``, averaged over
    both directions. W = identity is InfoNCE. Rows of the same class share the target mass, so a true positive
    is never pushed away, and the minimum is zero whatever the classes in the batch.

    Args:
        temperature: 1 / s at the start. learnt: whether the temperature is trained.
    """

    def __init__(self, temperature: float = 0.07, learnt: bool = True) -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"temperature must be positive, got {temperature}")
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / temperature)), requires_grad=learnt)

    def scale(self) -> Tensor:
        """s = min(exp(logit_scale), 100)."""
        return self.logit_scale.exp().clamp(max=SCALE_CEILING)

    def forward(self, a: Tensor, b: Tensor, positives: Tensor | None = None) -> Tensor:
        """The loss of a batch of pairs.

        Args:
            a, b: (B, Z) unit vectors; row i of ``a`` belongs to row i of ``b``.
            positives: (B, B) non-negative weights with a positive diagonal; None for the identity.

        Returns:
            Scalar, at least 0.

        Raises:
            ValueError: shapes do not agree.
        """
        if a.ndim != 2 or a.shape != b.shape:
            raise ValueError(f"a and b must have one shape (B, Z), got {tuple(a.shape)} and {tuple(b.shape)}")
        if positives is None:
            positives = torch.eye(len(a), dtype=a.dtype, device=a.device)
        if positives.shape != (len(a), len(a)):
            raise ValueError(f"positives must have shape {(len(a), len(a))}, got {tuple(positives.shape)}")
        logits = self.scale() * a @ b.T  # (B, B)
        return (_divergence(logits, positives) + _divergence(logits.T, positives.T)) / 2


def _divergence(logits: Tensor, weights: Tensor) -> Tensor:
    target = weights / weights.sum(1, keepdim=True)
    return F.kl_div(F.log_softmax(logits, 1), target, reduction="batchmean")
