"""The valence-arousal modality: a point of the circumplex (Russell 1980)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from emoface.binding.modality import Modality, as_tensor, register_modality

CIRCUMPLEX: dict[str, tuple[float, float]] = {
    "neutral": (0.0, 0.0), "happy": (0.85, 0.4), "surprised": (0.35, 0.9), "fear": (-0.45, 0.85),
    "angry": (-0.8, 0.55), "disgusted": (-0.95, 0.1), "contempt": (-0.62, -0.12), "sad": (-0.6, -0.7),
}  # fmt: skip
"""(valence, arousal) of each emotion at level 3, our reading; lower levels lie nearer to (0, 0)."""


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
