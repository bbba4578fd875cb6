"""The default content encoder: convolutions on what is heard, trained with the denoiser (it stands in for HuBERT)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor, nn

from .convolution import TimeConv
from .features import MEL_BINS, MEL_PER_FRAME, by_frame


@dataclass(frozen=True)
class ContentConfig:
    """Sizes of a content encoder.

    Attributes:
        kind: ``"mel"`` for stacked log-mels; ``"heard"`` for log-mels, features of the speech encoder and the lip
            net's curves; ``"hubert"`` for features already at motion rate.
        features: width of one motion frame's input: 2 x 64 log-mel bins, or 768 for HuBERT-base.
        channels: width of the content features given to the denoiser.
    """

    kind: str = "mel"
    features: int = MEL_BINS * MEL_PER_FRAME
    channels: int = 128


class ContentEncoder(nn.Module):
    """Turns speech features into content features at motion rate: three convolutions and a layer norm."""

    def __init__(self, config: ContentConfig) -> None:
        super().__init__()
        if config.kind not in ("mel", "heard", "hubert"):
            raise ValueError(f"content encoder kind must be 'mel', 'heard' or 'hubert', got {config.kind!r}")
        self.config = config
        width = config.channels
        self.first = TimeConv(config.features, width, 5, padding=2)
        self.second = TimeConv(width, width, 5, padding=2)
        self.third = TimeConv(width, width, 3, padding=1)
        self.norm = nn.LayerNorm(width)

    def forward(self, features: Tensor) -> Tensor:
        """Encode.

        Args:
            features: (B, 2 T, 64) normalised log-mels, or (B, T, F) features at motion rate.

        Returns:
            (B, T, channels).
        """
        if self.config.kind == "mel":
            features = by_frame(features)  # (B, T, 2 * 64)
        hidden = self.first(features, gelu=True)
        hidden = self.second(hidden, gelu=True)
        return self.norm(self.third(hidden))  # (B, T, channels)

    def describe(self) -> dict[str, Any]:
        """The config as a JSON-able dict."""
        return asdict(self.config)
