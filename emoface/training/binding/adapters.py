"""Binding a modality's adapter to the motion embeddings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from emoface.binding.contrastive import ContrastiveLoss, soft_positives
from emoface.binding.modality import Modality
from emoface.training import run

from .anchor import Anchors
from .config import BindingConfig
from .optimize import cosine_rate, take_step

Batch = tuple[tuple[Tensor, ...], Tensor]
"""Inputs of a modality's ``forward``, and the intensities (B, 7) that they tell."""


def bind(
    modality: Modality,
    anchors: Anchors,
    batches: Iterator[Batch],
    config: BindingConfig,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Train a modality's adapter to meet the motions that express what its inputs tell.

    ``L = symmetric InfoNCE(z_m, z_motion) + pull (1 - cos(z_m, mean motion z))``; the encoder stays as it is.
    This is all that a further modality needs: batches of its inputs with their intensities.

    Args:
        modality: a :class:`emoface.binding.Modality`. anchors: what to meet. batches: endless. config:
            settings.
        rng: of the motions drawn.

    Returns:
        Loss over the last tenth, and the temperature reached.
    """
    contrast = ContrastiveLoss(config.temperature)
    parameters = [*modality.adapter.parameters(), *contrast.parameters()]
    optimizer = torch.optim.AdamW(parameters, config.adapter_rate, weight_decay=0.0)
    schedule = cosine_rate(optimizer, config.adapter_steps)
    modality.eval()
    losses = []
    for _ in run.progress(range(config.adapter_steps), f"{modality.name} adapter", config.adapter_steps):
        inputs, intensity = next(batches)
        z = modality(*inputs)  # (B, Z)
        away = 1 - (z * anchors.mean(intensity)).sum(1)
        loss = contrast(z, anchors.draw(intensity, rng), soft_positives(intensity, config.kernel))
        losses.append(take_step(loss + config.pull * away.mean(), parameters, optimizer, schedule))
    modality.requires_grad_(False)
    tail = losses[-max(len(losses) // 10, 1) :]
    return {"loss": float(np.mean(tail)), "temperature": float(1 / contrast.scale().detach())}
