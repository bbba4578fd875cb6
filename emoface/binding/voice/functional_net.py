"""Hearing an emotion by the functionals of a stretch of speech."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .functionals import FUNCTIONALS, functionals, speech_frames
from .pitch import PitchNet, PitchTrack

CHUNK = 300
"""Mel frames (6 s) that are heard at once; longer recordings are averaged over chunks."""
LIMIT = 2.5
"""Deviations from the mean beyond which a functional counts as no further away."""


class FunctionalNet(nn.Module):
    """Functionals of a chunk of speech -> a hidden layer -> arousal and emotion.

    Args:
        emotions: number of classes. hidden: width of the hidden layer. pitch: width of the pitch network.
    """

    mean: Tensor
    deviation: Tensor
    temperature: Tensor

    def __init__(self, emotions: int, hidden: int, pitch: int) -> None:
        super().__init__()
        self.width = hidden
        self.pitch = PitchNet(pitch)
        self.register_buffer("mean", torch.zeros(len(FUNCTIONALS)))
        self.register_buffer("deviation", torch.ones(len(FUNCTIONALS)))
        self.register_buffer("temperature", torch.ones(()))
        self.enter = nn.Linear(len(FUNCTIONALS), hidden)
        self.arousal_head = nn.Linear(hidden, 1)
        self.emotion_head = nn.Linear(hidden, emotions)

    @torch.no_grad()
    def inputs(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Chunks of a voice (M, 64): functionals (n, 49), and (n,) how many mel frames of each are speech."""
        speech = speech_frames(mel)
        chunks = mel.tensor_split(-(-len(mel) // CHUNK))
        rows = []
        for chunk in chunks:
            track = self.pitch.track(chunk[None])
            rows.append(functionals(chunk, PitchTrack(*(values[0] for values in track))))
        amounts = [part.sum() for part in speech.tensor_split(len(chunks))]
        return torch.stack(rows), torch.stack(amounts).float()

    @staticmethod
    def speech(values: Tensor, amount: Tensor) -> Tensor:
        """Mel frames with speech in each chunk, (n,)."""
        return amount

    def encoder(self, values: Tensor) -> Tensor:
        """Hidden features (n, H) of functionals (n, 49)."""
        return torch.tanh(self.enter(((values - self.mean) / self.deviation).clamp(-LIMIT, LIMIT)))

    def features(self, values: Tensor, amount: Tensor) -> tuple[Tensor, None]:
        """Hidden features (n, 1, H); no mask."""
        return self.encoder(values)[:, None], None

    def heads(self, values: Tensor, amount: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of chunks: arousal (n,), emotion (n, 8), the latter at a temperature that makes them honest."""
        h = self.encoder(values)
        return self.arousal_head(h)[:, 0], self.emotion_head(h) / self.temperature
