"""What a point of the valence-arousal circumplex means in emotions and strengths."""

from __future__ import annotations

import numpy as np

from emoface.binding.emotions import LEVELS
from emoface.binding.valence_arousal import CIRCUMPLEX
from emoface.training.expressions import LEVEL_STRENGTH

from .windows import MOVING, intensity_of

_ALERT = ((0.3, 0.1), (0.6, 0.25), (0.9, 0.42))  # (arousal, strength of surprise) at valence 0


_CALM_POINTS = ((0.0, -0.3), (0.3, -0.3), (-0.25, 0.0), (0.25, 0.0))  # points that are neutral besides (0, 0)


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
