"""Real voices with emotion labels, and the training of the audio encoder on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from emoface.binding.emotions import EMOTIONS, LEVELS
from emoface.binding.hearing import CALM
from emoface.binding.intensity import intensity_of
from emoface.binding.modalities.audio import CHUNK, PROSODY, Audio
from emoface.training import run
from emoface.training.corpus.augment import augment_mel
from emoface.training.corpus.clips import Clip

from .adapters import Batch
from .config import BindingConfig
from .optimize import cosine_rate, take_step

AROUSAL = {
    "neutral": CALM, "happy": 0.75, "sad": 0.08, "surprised": 0.75, "fear": 0.8, "disgusted": 0.5, "angry":
    0.95, "contempt": 0.4,
}  # fmt: skip
"""Arousal taught for a voice of each emotion, 0..1."""


VOICED_STRENGTH = 0.8  # strength of expression that an acted emotional voice is bound to


class Voices:
    """Voices with emotion labels as inputs of the audio encoder, each in several augmented variants.

    Args:
        clips: voices; those without an emotion count as neutral. weights: how often each is drawn.
        audio: the modality that makes the inputs. variants: copies of each, the first as recorded. rng: of
            the copies.
    """

    def __init__(
        self,
        clips: Sequence[Clip],
        weights: Sequence[float],
        audio: Audio,
        variants: int,
        rng: np.random.Generator,
    ) -> None:
        self.emotions = [clip.emotion or "neutral" for clip in clips]
        self.weights = np.asarray(weights, float) / np.sum(weights)
        self.copies = []
        for clip in clips:
            mels = [clip.mel.astype(np.float32)] + [augment_mel(clip.mel, rng) for _ in range(variants - 1)]
            self.copies.append([audio.tracks(torch.from_numpy(mel)) for mel in mels])

    def prosody(self) -> Tensor:
        """Prosody (n, 6) of all speech frames."""
        return torch.cat([tracks[speech][:, -len(PROSODY) :] for copies in self.copies for tracks, speech in copies])

    def draw(self, count: int, rng: np.random.Generator) -> tuple[tuple[Tensor, ...], list[str]]:
        """Inputs (tracks, real, speech) of random stretches of 1.2 to 6 s, and their emotions."""
        rows = rng.choice(len(self.copies), count, p=self.weights)
        width = int(rng.integers(60, CHUNK + 1))
        pieces = []
        for row in rows:
            tracks, speech = self.copies[row][int(rng.integers(len(self.copies[row])))]
            begin = int(rng.integers(0, max(len(tracks) - width, 0) + 1))
            pieces.append((tracks[begin : begin + width], speech[begin : begin + width]))
        return _pad_voices(pieces), [self.emotions[row] for row in rows]

    def batches(self, config: BindingConfig, rng: np.random.Generator) -> Iterator[Batch]:
        """Batches for :func:`bind`."""
        while True:
            inputs, emotions = self.draw(config.audio_batch, rng)
            vectors = [VOICED_STRENGTH * intensity_of(name, LEVELS[-1]) for name in emotions]
            yield inputs, torch.from_numpy(np.stack(vectors))


def _pad_voices(pieces: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
    width = max(len(speech) for _, speech in pieces)
    tracks = torch.stack([F.pad(t, (0, 0, 0, width - len(t))) for t, _ in pieces])
    speech = torch.stack([F.pad(s, (0, width - len(s))) for _, s in pieces])
    real = torch.stack([F.pad(torch.ones(len(s), dtype=torch.bool), (0, width - len(s))) for _, s in pieces])
    return tracks, real, speech


def train_audio(audio: Audio, voices: Voices, config: BindingConfig, rng: np.random.Generator) -> float:
    """Train the audio encoder on arousal (soft binary cross-entropy) and emotion; returns the loss."""
    frames = voices.prosody()
    audio.track_mean.copy_(frames.mean(0))
    audio.track_scale.copy_(frames.std(0).clamp(min=0.05))
    parameters = list(audio.parameters())
    optimizer = torch.optim.AdamW(parameters, config.audio_rate, weight_decay=0.05)
    schedule = cosine_rate(optimizer, config.audio_steps)
    losses = []
    audio.train()
    for _ in run.progress(range(config.audio_steps), "audio encoder", config.audio_steps):
        inputs, emotions = voices.draw(config.audio_batch, rng)
        arousal, logits = audio.heads(*inputs)
        wanted = torch.tensor([AROUSAL[name] for name in emotions])
        places = torch.tensor([EMOTIONS.index(name) for name in emotions])
        loss = 2 * F.binary_cross_entropy_with_logits(arousal, wanted)
        loss = loss + F.cross_entropy(logits, places, label_smoothing=0.05)
        losses.append(take_step(loss, parameters, optimizer, schedule))
    audio.eval()
    return float(np.mean(losses[-max(len(losses) // 10, 1) :]))


def split_voices(clips: Sequence[Clip], validation: int) -> tuple[list[Clip], list[Clip]]:
    """Voices with an emotion label: (training, validation), the last speakers by name held back."""
    voices = [clip for clip in clips if clip.emotion is not None and clip.source in ("labelled", "voice")]
    speakers = sorted({(clip.dataset, clip.speaker) for clip in voices})
    kept = set(speakers[len(speakers) - validation :]) if len(speakers) > validation else set()
    inside = [clip for clip in voices if (clip.dataset, clip.speaker) not in kept]
    return inside, [clip for clip in voices if (clip.dataset, clip.speaker) in kept]


def voice_weights(
    clips: Sequence[Clip], inside: Sequence[Clip], synthetic: int, rng: np.random.Generator
) -> tuple[list[Clip], list[float]]:
    """Voices and how often to hear them: emotions nearly evenly, synthetic speech a tenth."""
    counts = {name: sum(clip.emotion == name for clip in inside) for name in EMOTIONS}
    weights = [counts[clip.emotion] ** -0.7 for clip in inside]  # type: ignore[index]
    others = [clip for clip in clips if clip.source == "tts" and clip.frames >= 25]
    chosen = [others[i] for i in rng.permutation(len(others))[:synthetic]]
    share = 0.1 * sum(weights) / 0.9 / max(len(chosen), 1)
    return [*inside, *chosen], [*weights, *[share] * len(chosen)]
