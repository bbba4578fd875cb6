"""Audio-motion agreement: a small two-tower network that hears whether lips fit the speech, for the lip-sync loss."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from emoface.audio.features import MEL_BINS, MEL_PER_FRAME, by_frame
from emoface.face.layout import MOUTH

WIDTH = 64
MARGIN_FRAMES = 2  # neighbours this close are neither right nor wrong


class LipSync(nn.Module):
    """Embeds speech and mouth motion frame by frame; matching frames agree (SyncNet, Chung & Zisserman 2016)."""

    def __init__(self) -> None:
        super().__init__()

        def tower(channels: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Conv1d(channels, WIDTH, 5, padding=2), nn.GELU(),
                nn.Conv1d(WIDTH, WIDTH, 5, padding=2), nn.GELU(),
                nn.Conv1d(WIDTH, WIDTH, 1),
            )  # fmt: skip

        self.speech = tower(MEL_BINS * MEL_PER_FRAME)
        self.lips = tower(len(MOUTH))

    def embed(self, mel: Tensor, motion: Tensor) -> tuple[Tensor, Tensor]:
        """Unit-norm embeddings (B, T, 64) of speech (B, 2 T, 64) and of normalised motion (B, T, 53)."""
        stacked = by_frame(mel).transpose(1, 2)  # (B, 128, T)
        heard = self.speech(stacked).transpose(1, 2)
        seen = self.lips(motion[..., list(MOUTH)].transpose(1, 2)).transpose(1, 2)
        return F.normalize(heard, dim=-1), F.normalize(seen, dim=-1)

    def contrast(self, mel: Tensor, motion: Tensor, temperature: float = 0.1) -> Tensor:
        """Training loss: each frame's lips against the speech of the same clip at other times."""
        heard, seen = self.embed(mel, motion)
        scores = seen @ heard.transpose(1, 2) / temperature  # (B, T, T)
        frames = torch.arange(scores.shape[1], device=scores.device)
        distance = (frames[:, None] - frames).abs()
        near = (distance > 0) & (distance <= MARGIN_FRAMES)
        scores = scores.masked_fill(near, float("-inf"))
        target = frames.expand(scores.shape[0], -1)
        return F.cross_entropy(scores.transpose(1, 2), target)

    def disagreement(self, mel: Tensor, motion: Tensor, weight: Tensor) -> Tensor:
        """Lip-sync loss: ``mean(w (1 - cos(speech, lips)))``; weight (B,) per window."""
        heard, seen = self.embed(mel, motion)
        return ((1 - (heard * seen).sum(-1)).mean(1) * weight).mean()
