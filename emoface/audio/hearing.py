"""What is heard in a voice: speech features, mouth curves and closures, from normalised log-mels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .features import MEL_BINS, MEL_PER_FRAME, by_frame
from .lip_net import MOUTH_SCALE, LipNet
from .speech_encoder import SpeechEncoder

LOGIT_SCALE = 8.0
"""By which closure logits are divided before a network reads them."""


@dataclass(frozen=True)
class Heard:
    """What is heard in B windows of T motion frames.

    Attributes:
        mel: (B, 2 T, 64) normalised log-mels. speech: (B, 2 T, W) features of the speech encoder, None without one.
        curves: (B, T, len(MOUTH)) of the lip net, in motion units. closure: (B, T) logits that the lips are closed.
    """

    mel: Tensor
    speech: Tensor | None
    curves: Tensor
    closure: Tensor

    def content(self, kind: str) -> Tensor:
        """The input of a :class:`emoface.audio.encoder.ContentEncoder`.

        Args:
            kind: its kind: ``"mel"`` or ``"heard"``.

        Returns:
            (B, 2 T, 64) log-mels, or (B, T, F) everything that is heard, side by side.

        Raises:
            ValueError: another kind, or a kind that needs a speech encoder where there is none.
        """
        if kind == "mel":
            return self.mel
        if kind != "heard" or self.speech is None:
            raise ValueError(f"content must be of kind 'mel', or 'heard' with a speech encoder, got {kind!r}")
        curves = self.curves / self.curves.new_tensor(MOUTH_SCALE)
        logit = self.closure[..., None] / LOGIT_SCALE
        return torch.cat([by_frame(self.mel), by_frame(self.speech), curves, logit], -1)  # (B, T, F)


def heard_width(speech: int) -> int:
    """Width F of content input of kind ``"heard"`` with a speech encoder of ``speech`` features."""
    return MEL_PER_FRAME * (MEL_BINS + speech) + len(MOUTH_SCALE) + 1


class Hearing(nn.Module):
    """The speech encoder, where there is one, and the lip net on it."""

    def __init__(self, encoder: SpeechEncoder | None, lips: LipNet) -> None:
        super().__init__()
        self.encoder, self.lips = encoder, lips

    def forward(self, mel: Tensor, style: Tensor) -> Heard:
        """Listen.

        Args:
            mel: (B, 2 T, 64) log-mels normalised as by ``emoface.audio.normalize``. style: (B,) int64.

        Returns:
            What is heard.
        """
        speech = None if self.encoder is None else self.encoder(mel)  # (B, 2 T, W)
        curves, closure = self.lips(mel, style, speech)
        return Heard(mel, speech, curves, closure)
