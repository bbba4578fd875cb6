"""A speech encoder as its own teacher: what it hears in clean voices."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from emoface.audio.features import log_mel
from emoface.audio.normalize import normalize_clip
from emoface.audio.speech_encoder import SpeechEncoder


class Teacher(Protocol):
    """Gives features at 50 Hz.

    Attributes:
        width: their channels.
    """

    width: int

    def __call__(self, audio: Tensor) -> Tensor:
        """(B, N) float32 at 16 kHz to (B, N / 320, width)."""
        ...


class OwnTeacher:
    """A trained encoder that hears clean chunks, each normalised by itself.

    Attributes:
        width: channels of its features.
    """

    def __init__(self, encoder: SpeechEncoder) -> None:
        """Set up; ``encoder`` in evaluation mode."""
        self.encoder, self.width = encoder, encoder.width

    @torch.no_grad()
    def __call__(self, audio: Tensor) -> Tensor:
        """Encode recordings.

        Args:
            audio: (B, N) float32 at 16 kHz, N a multiple of 640.

        Returns:
            (B, N / 320, width) float32.
        """
        return self.encoder(torch.stack([normalize_clip(log_mel(one)) for one in audio]))
