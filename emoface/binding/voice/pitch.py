"""The pitch of a voice, read from its log-mel by a small network that learnt it from synthetic voices."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LOWEST, HIGHEST = 65.0, 520.0
"""Hz, the range of the pitch classes."""
CLASSES = 45
_BANDS = 44  # log-mel bins that are looked at, up to 3.3 kHz
_NEAR = 2  # classes on either side of the likeliest one that the estimate averages


class PitchTrack(NamedTuple):
    """Pitch (..., M) in octaves above 1 Hz, voicing (..., M) in 0..1, blur (..., M): entropy of the pitch in nats."""

    pitch: Tensor
    voicing: Tensor
    blur: Tensor


def pitch_classes() -> Tensor:
    """Centres (45,) of the pitch classes, octaves above 1 Hz."""
    return torch.linspace(math.log2(LOWEST), math.log2(HIGHEST), CLASSES)


class PitchNet(nn.Module):
    """Log-mel -> pitch classes and "unvoiced": three convolutions over time.

    The bins resolve the harmonics of voices above about 150 Hz; below, the place of the first harmonic and the
    ripple that is left still tell the pitch.

    Args:
        channels: width.
    """

    centres: Tensor

    def __init__(self, channels: int = 48) -> None:
        super().__init__()
        self.channels = channels
        self.enter = nn.Conv1d(2 * _BANDS, channels, 5, padding=2)
        self.near = nn.Conv1d(channels, channels, 5, padding=2)
        self.far = nn.Conv1d(channels, channels, 5, padding=4, dilation=2)
        self.leave = nn.Conv1d(channels, CLASSES + 1, 1)
        self.register_buffer("centres", pitch_classes(), persistent=False)

    def forward(self, mel: Tensor) -> Tensor:
        """Logits (B, M, 46) of log-mels (B, M, 64): the classes, then "unvoiced"."""
        low = mel[..., :_BANDS]
        smooth = F.avg_pool1d(F.pad(low.flatten(0, 1)[:, None], (4, 4), mode="replicate"), 9, 1)[:, 0].view_as(low)
        level = (low - low.amax((1, 2), keepdim=True) + 6) / 3
        x = torch.cat([low - smooth, level], -1).transpose(1, 2)  # (B, 88, M)
        h = F.gelu(self.enter(x))
        h = h + F.gelu(self.near(h))
        h = h + F.gelu(self.far(h))
        return self.leave(h).transpose(1, 2)

    def track(self, mel: Tensor) -> PitchTrack:
        """The pitch of log-mels (B, M, 64)."""
        shares = torch.softmax(self(mel), -1)  # (B, M, 46)
        voicing, shares = 1 - shares[..., -1], shares[..., :-1]
        shares = shares / shares.sum(-1, keepdim=True)
        place = torch.arange(CLASSES, device=mel.device)
        near = shares * ((place - shares.argmax(-1, keepdim=True)).abs() <= _NEAR)  # (B, M, 45)
        pitch = near @ self.centres / near.sum(-1)
        return PitchTrack(pitch, voicing, -(shares * shares.clamp(min=1e-6).log()).sum(-1))
