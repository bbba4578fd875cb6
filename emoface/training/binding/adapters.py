"""Binding a modality's adapter to the motion embeddings, and the batches of the modalities that have no data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from emoface.binding.contrastive import ContrastiveLoss, soft_positives
from emoface.binding.emotions import EMOTIONS, LEVELS
from emoface.binding.modality import Modality
from emoface.binding.text.encoder import TextEncoder
from emoface.training import run
from emoface.training.expressions import level_strength
from emoface.training.text.grammar import Grammar

from .anchor import Anchors
from .circumplex import circumplex_intensity, circumplex_points
from .config import BindingConfig
from .optimize import cosine_rate, take_step
from .windows import MOVING, intensity_of

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
    This is
    all that a further modality needs: batches of its inputs with their intensities.

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


def label_batches(config: BindingConfig, rng: np.random.Generator) -> Iterator[Batch]:
    """Names with levels: half at 1, 2, 3, half anywhere in 0..3."""
    while True:
        emotion = rng.integers(0, len(EMOTIONS), config.adapter_batch)
        whole = rng.random(config.adapter_batch) < 0.5
        level = np.where(whole, rng.choice(LEVELS, len(whole)), rng.uniform(0, 3, len(whole))).astype(np.float32)
        intensity = np.stack([intensity_of(EMOTIONS[e], v) for e, v in zip(emotion, level, strict=True)])
        yield (torch.from_numpy(emotion), torch.from_numpy(level)), torch.from_numpy(intensity)


def circumplex_batches(config: BindingConfig, rng: np.random.Generator) -> Iterator[Batch]:
    """Points of the circumplex with the smooth blend they stand for."""
    while True:
        points = circumplex_points(config.adapter_batch, rng)
        yield (torch.from_numpy(points),), torch.from_numpy(circumplex_intensity(points))


class Prompts:
    """Generated prompts, their token features computed once.

    Args:
        encoder: the frozen prompt encoder. count: prompts. rng: of the grammar. excluded: texts not to learn from.
    """

    def __init__(
        self, encoder: TextEncoder, count: int, rng: np.random.Generator, excluded: Sequence[str] = ()
    ) -> None:
        grammar = Grammar(rng, excluded)
        prompts = [grammar.draw() for _ in range(count)]
        self.encoder = encoder
        self.texts = [prompt.text for prompt in prompts]
        self.intensity = torch.stack([torch.from_numpy(prompt_intensity(p.shares, p.level)) for p in prompts])
        self.order = np.argsort([len(text) for text in self.texts])  # rows of one batch are of similar length

    def batches(self, config: BindingConfig, rng: np.random.Generator) -> Iterator[Batch]:
        """Random prompts, similar ones in length together."""
        size = min(config.adapter_batch, len(self.texts))
        pool = min(len(self.texts), 8 * size)
        while True:
            begin = int(rng.integers(0, len(self.texts) - pool + 1))
            rows = rng.choice(self.order[begin : begin + pool], size, replace=False)
            yield self.encoder.tokenize([self.texts[row] for row in rows]), self.intensity[rows]


def prompt_intensity(shares: dict[str, float], level: float) -> np.ndarray:
    """Intensity vector (7,) of a prompt; one that tells nothing (all shares equal) is neutral."""
    values = np.array([shares.get(name, 0.0) for name in MOVING], np.float32)
    if max(shares.values()) < 0.3:
        return np.zeros_like(values)
    return values * level_strength(level or 2)
