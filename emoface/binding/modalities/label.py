"""The label modality: an emotion's name and a level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from emoface.binding.emotions import EMOTIONS, LEVELS, canonical_emotion, check_label
from emoface.binding.intensity import level_strength
from emoface.binding.modality import Example, Modality, register_modality


@register_modality("label")
class Label(Modality):
    """Emotion and level -> z: one learnt point per (emotion, level), linear in between, neutral at level 0.

    The encoder is fixed: the level's place on the path neutral - level 1 - level 2 - level 3 of its emotion,
    as weights of those points. The adapter holds the points. Neutral is one point at every level.

    Args:
        width: Z. emotions: names, in the order of the weights; a checkpoint is read by these names.
        levels: the levels that have a point each.
    """

    knots: Tensor
    adapter: nn.Linear

    def __init__(self, width: int, emotions: Sequence[str] = EMOTIONS, levels: Sequence[float] = LEVELS) -> None:
        super().__init__(width)
        if "neutral" not in emotions or len(set(emotions)) != len(emotions):
            raise ValueError(f"emotions must be distinct and include 'neutral', got {list(emotions)}")
        self.emotions, self.levels = tuple(emotions), tuple(float(level) for level in levels)
        knots = [0.0, *self.levels]
        if knots != sorted(set(knots)):
            raise ValueError(f"levels must rise from above 0, got {list(levels)}")
        self.moving = tuple(name for name in self.emotions if name != "neutral")
        self.register_buffer("knots", torch.tensor(knots), persistent=False)
        self.adapter = nn.Linear(1 + len(self.moving) * len(self.levels), width, bias=False)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, from which a checkpoint builds the modality again."""
        return {"emotions": list(self.emotions), "levels": list(self.levels)}

    def prepare(self, value: Any) -> tuple[Tensor, ...]:
        """Validate a label.

        Args:
            value: a name or synonym (at the default level 2), or (name, level) with a level in 0..3.

        Returns:
            index of the emotion (1,) int64, level (1,) float32.

        Raises:
            TypeError, ValueError: neither of the two forms, or unknown name or level.
        """
        told, level = check_label(value)
        name = canonical_emotion(told)
        if name not in self.emotions:
            raise ValueError(f"label {name!r} is not in this checkpoint, which knows {', '.join(self.emotions)}")
        place = torch.tensor([self.emotions.index(name)], device=self.device)
        return place, torch.tensor([level], device=self.device)

    def features(self, emotion: Tensor, level: Tensor) -> tuple[Tensor, Tensor | None]:
        """Weights of the points.

        Args:
            emotion: (B,) int64, places in ``emotions``. level: (B,) float, 0..3.

        Returns:
            (B, 1, 1 + 7 x 3): neutral's weight, then each emotion's levels; sums to 1. No mask.
        """
        neutral = self.emotions.index("neutral")
        level = level.clamp(max=self.levels[-1])
        upper = torch.bucketize(level, self.knots).clamp(1, len(self.levels))  # (B,)
        low, high = self.knots[upper - 1], self.knots[upper]
        share = (level - low) / (high - low)
        along = level.new_zeros(len(level), len(self.knots))  # (B, 1 + levels)
        along.scatter_(1, (upper - 1)[:, None], (1 - share)[:, None])
        along.scatter_(1, upper[:, None], share[:, None])
        along = torch.where((emotion == neutral)[:, None], torch.eye(len(self.knots)).to(along)[0], along)
        moving = (emotion - (emotion > neutral).long()).clamp(max=len(self.moving) - 1)  # place among the others
        grid = level.new_zeros(len(level), len(self.moving), len(self.levels))
        grid[torch.arange(len(level), device=level.device), moving] = along[:, 1:]
        return torch.cat([along[:, :1], grid.flatten(1)], 1)[:, None].to(self.adapter.weight.dtype), None

    def examples(self, count: int, rng: np.random.Generator) -> list[Example]:
        """Names with levels: half at 1, 2, 3, half anywhere in 0..3."""
        places = rng.integers(0, len(self.emotions), count)
        whole = rng.random(count) < 0.5
        levels = np.where(whole, rng.choice(self.levels, count), rng.uniform(0, 3, count)).astype(np.float32)
        names = [self.emotions[place] for place in places]
        return [
            ((name, float(level)), {} if name == "neutral" else {name: level_strength(level)})
            for name, level in zip(names, levels, strict=True)
        ]
