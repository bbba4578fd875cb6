"""The valence-arousal modality: a point of the circumplex (Russell 1980)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from emoface.binding.emotions import LEVELS
from emoface.binding.intensity import LEVEL_STRENGTH, MOVING, intensity_of
from emoface.binding.modality import Example, Modality, as_tensor, register_modality

CIRCUMPLEX: dict[str, tuple[float, float]] = {
    "neutral": (0.0, 0.0), "happy": (0.85, 0.4), "surprised": (0.35, 0.9), "fear": (-0.45, 0.85),
    "angry": (-0.8, 0.55), "disgusted": (-0.95, 0.1), "contempt": (-0.62, -0.12), "sad": (-0.6, -0.7),
}  # fmt: skip
"""(valence, arousal) of each emotion at level 3, our reading; lower levels lie nearer to (0, 0)."""
_ALERT = ((0.3, 0.1), (0.6, 0.25), (0.9, 0.42))  # (arousal, strength of surprise) at valence 0
_CALM_POINTS = ((0.0, -0.3), (0.3, -0.3), (-0.25, 0.0), (0.25, 0.0))  # points that are neutral besides (0, 0)


@register_modality("valence_arousal")
class ValenceArousal(Modality):
    """(valence, arousal) -> z: a small network on the point's polynomial terms, smooth everywhere.

    The encoder is fixed (``v, a, v^2, v a, a^2, r``), the network is the adapter. Where no labelled emotion
    lies (valence near 0) it was trained towards alertness: mild surprise above, calm below.

    Args:
        width: Z. hidden: width of the two hidden layers.
    """

    def __init__(self, width: int, hidden: int = 64) -> None:
        super().__init__(width)
        self.hidden = hidden
        self.adapter = nn.Sequential(
            nn.Linear(6, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, width)
        )

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, from which a checkpoint builds the modality again."""
        return {"hidden": self.hidden}

    def prepare(self, value: Any) -> tuple[Tensor, ...]:
        """Validate a point.

        Args:
            value: (valence, arousal), each in -1..1.

        Returns:
            (1, 2) float32.

        Raises:
            TypeError: no numbers. ValueError: not two of them, out of range, or not finite.
        """
        point = as_tensor(value, "valence_arousal").to(self.device)
        if point.shape != (2,):
            raise ValueError(f"valence_arousal must be (valence, arousal), got shape {tuple(point.shape)}")
        if point.abs().max() > 1:
            raise ValueError(f"valence_arousal must lie in -1..1 each, got {tuple(point.tolist())}")
        return (point[None],)

    def features(self, point: Tensor) -> tuple[Tensor, Tensor | None]:
        """Polynomial terms (B, 1, 6) of points (B, 2); no mask."""
        v, a = point.unbind(-1)
        terms = torch.stack([v, a, v * v, v * a, a * a, (v * v + a * a + 1e-4).sqrt()], -1)  # (B, 6)
        return terms[:, None], None

    def examples(self, count: int, rng: np.random.Generator) -> list[Example]:
        """Points of the circumplex with the smooth blend that they stand for."""
        points = circumplex_points(count, rng)
        strengths = circumplex_intensity(points)
        return [
            (point, dict(zip(MOVING, row, strict=True)))
            for point, row in zip(points.tolist(), strengths.tolist(), strict=True)
        ]


def circumplex_intensity(points: np.ndarray) -> np.ndarray:
    """What a point of the circumplex means, as a smooth blend of the emotions around it.

    A Gaussian-weighted mean (sigma 0.14) over anchors: neutral at (0, 0) and below, each emotion at its
    canonical place with the level's strength as radius, and growing alertness (mild surprise) up the axis of
    valence 0.

    Args:
        points: (N, 2) valence and arousal, -1..1.

    Returns:
        (N, 7) intensities.
    """
    anchors = [((0.0, 0.0), np.zeros(len(MOVING), np.float32), 4.0)]
    anchors += [(point, np.zeros(len(MOVING), np.float32), 1.0) for point in _CALM_POINTS]
    anchors += [
        ((0.0, arousal), strength * np.eye(len(MOVING), dtype=np.float32)[MOVING.index("surprised")], 3.0)
        for arousal, strength in _ALERT
    ]
    for name in MOVING:
        for level in LEVELS:
            strength = LEVEL_STRENGTH[level]
            place = (CIRCUMPLEX[name][0] * strength, CIRCUMPLEX[name][1] * strength)
            anchors.append((place, intensity_of(name, level), 1.0))
    where = np.array([place for place, _, _ in anchors])  # (A, 2)
    what = np.stack([vector for _, vector, _ in anchors])  # (A, 7)
    much = np.array([weight for _, _, weight in anchors])
    distance = ((points[:, None] - where[None]) ** 2).sum(-1)  # (N, A)
    logits = -distance / (2 * 0.14**2)
    weights = much * np.exp(logits - logits.max(1, keepdims=True))
    return (weights @ what / weights.sum(1, keepdims=True)).astype(np.float32)


def circumplex_points(count: int, rng: np.random.Generator) -> np.ndarray:
    """Points (N, 2) to learn from, in thirds: over the square, near the emotions, on the arousal axis."""
    points = rng.uniform(-1, 1, (count, 2))
    kind = rng.integers(0, 3, count)
    names = rng.choice(MOVING, count)
    centres = np.array([CIRCUMPLEX[name] for name in names]) * rng.uniform(0, 1.05, (count, 1))
    points = np.where((kind == 1)[:, None], centres + 0.06 * rng.standard_normal((count, 2)), points)
    axis = np.stack([0.04 * rng.standard_normal(count), rng.uniform(-0.45, 1, count)], 1)
    return np.clip(np.where((kind == 2)[:, None], axis, points), -1, 1).astype(np.float32)
