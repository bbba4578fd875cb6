"""Hearing an emotion by a convolutional network over log-mels and a prosody track, as older checkpoints do."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emoface.audio.features import FFT_SIZE, MEL_BINS, SAMPLE_RATE, WINDOW, mel_filters
from emoface.audio.normalize import normalize_clip

from .functionals import speech_frames

PROSODY = ("pitch", "voicing", "loudness", "tilt", "balance", "flux")
CHUNK = 300  # mel frames (6 s) that are heard at once; longer recordings are averaged over chunks
_PITCH_BINS = 30  # log-mel bins, up to about 1 kHz, in which harmonics are looked for
_PITCHES = 40


@lru_cache(maxsize=1)
def _pitch_templates() -> tuple[Tensor, Tensor]:
    """Log-mel shapes of harmonic combs: candidates (P,) in octaves above 150 Hz, unit templates (P, 30)."""
    pitches = torch.logspace(torch.tensor(75.0).log2(), torch.tensor(450.0).log2(), _PITCHES, 2.0)
    time = torch.arange(WINDOW) / SAMPLE_RATE
    window = torch.hann_window(WINDOW, periodic=False)
    templates = []
    for pitch in pitches:
        phases = 2 * torch.pi * pitch * time
        comb = sum(torch.cos(k * phases + k * k) / k for k in range(1, int(1500 / pitch) + 1))
        power = torch.fft.rfft(comb * window, FFT_SIZE).abs().square()
        templates.append(torch.log(power @ mel_filters() + 1e-3)[:_PITCH_BINS])
    shapes = _detrend(torch.stack(templates))
    return torch.log2(pitches / 150), shapes / shapes.norm(dim=1, keepdim=True).clamp(min=1.0)


def _detrend(mel: Tensor) -> Tensor:
    """Remove a moving average over 9 bins; (N, L) -> (N, L)."""
    padded = F.pad(mel[:, None], (4, 4), mode="replicate")
    return mel - F.avg_pool1d(padded, 9, 1)[:, 0]


def prosody(mel: Tensor) -> Tensor:
    """Prosody track of a clip, from its log-mel alone.

    Args:
        mel: (M, 64) log-mel of speech, M >= 1.

    Returns:
        (M, 6): pitch (octaves above 150 Hz, by the best-fitting harmonic comb; weak below 150 Hz, where the
        bins no longer resolve harmonics), voicing (fit of that comb), loudness relative to the clip's loud
        level (units of 3 natural-log units), spectral tilt (low minus high bands), balance (0.5-1.5 kHz
        against below), flux.
    """
    candidates, templates = _pitch_templates()
    fit = _detrend(mel[:, :_PITCH_BINS]) @ templates.T  # (M, P)
    pitch = torch.softmax(4 * fit, 1) @ candidates
    voicing = fit.amax(1) / 3
    loudness = torch.logsumexp(mel, -1)
    loudness = (loudness - loudness.quantile(0.95)) / 3
    low, middle, high = mel[:, 3:16].mean(1), mel[:, 16:30].mean(1), mel[:, 38:60].mean(1)
    flux = F.pad((mel[1:] - mel[:-1]).abs().mean(1), (1, 0))
    return torch.stack([pitch, voicing, loudness, (low - high) / 3, (middle - low) / 3, flux], 1)


class _Block(nn.Module):
    """``x + gelu(LN(conv(x)))``, a dilated convolution over time."""

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 5, padding=2 * dilation, dilation=dilation)
        self.norm = nn.LayerNorm(channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        h = self.conv((x * mask).transpose(1, 2)).transpose(1, 2)
        return x + self.dropout(F.gelu(self.norm(h)))


class MelNet(nn.Module):
    """A small convolutional network at 25 Hz over the normalised log-mel and the prosody track.

    Its heads read the mean and deviation of its features over the speech frames, and those of the prosody.

    Args:
        emotions: number of classes. channels: width. dilations: one residual block each. dropout: training only.
    """

    track_mean: Tensor
    track_scale: Tensor

    def __init__(self, emotions: int, channels: int, dilations: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.width = channels
        self.register_buffer("track_mean", torch.zeros(len(PROSODY)))
        self.register_buffer("track_scale", torch.ones(len(PROSODY)))
        self.enter = nn.Conv1d(MEL_BINS + len(PROSODY), channels, 5, stride=2, padding=2)
        self.blocks = nn.ModuleList(_Block(channels, dilation, dropout) for dilation in dilations)
        self.dropout = nn.Dropout(dropout)
        summary = 2 * (channels + len(PROSODY))
        self.arousal_head = nn.Linear(summary, 1)
        self.emotion_head = nn.Linear(summary, emotions)

    def inputs(self, mel: Tensor) -> tuple[Tensor, ...]:
        """Chunks of a voice (M, 64).

        Returns:
            tracks (n, M, 70), real (n, M) bool, speech (n, M) bool; M at most 300 (6 s), the chunks equally
            long.
        """
        tracks, speech = torch.cat([normalize_clip(mel), prosody(mel)], 1), speech_frames(mel)
        chunks = -(-len(tracks) // CHUNK)
        size = -(-len(tracks) // chunks)
        padding = chunks * size - len(tracks)
        real = F.pad(torch.ones_like(speech), (0, padding)).view(chunks, size)
        tracks = F.pad(tracks, (0, 0, 0, padding)).view(chunks, size, -1)
        return tracks, real, F.pad(speech, (0, padding)).view(chunks, size)

    @staticmethod
    def speech(tracks: Tensor, real: Tensor, speech: Tensor) -> Tensor:
        """Mel frames with speech in each chunk, (n,)."""
        return speech.float().sum(1)

    def encoder(self, tracks: Tensor, real: Tensor) -> Tensor:
        """Frozen features: tracks (B, M, 70), real (B, M) -> (B, ceil(M / 2), C)."""
        mel, track = tracks.split([MEL_BINS, len(PROSODY)], -1)
        x = torch.cat([mel, (track - self.track_mean) / self.track_scale], -1) * real[..., None]
        h = F.gelu(self.enter(x.transpose(1, 2)).transpose(1, 2))  # (B, M / 2, C)
        keep = real[:, ::2, None].to(h.dtype)
        for block in self.blocks:
            h = block(h, keep)
        return h

    def features(self, tracks: Tensor, real: Tensor, speech: Tensor) -> tuple[Tensor, Tensor]:
        """Features (B, M / 2, C) and the frames to pool (B, M / 2): speech, or all real ones without any."""
        halved = F.max_pool1d(speech[:, None].float(), 2, 2, ceil_mode=True)[:, 0] > 0
        real_half = real[:, ::2]
        pooled = torch.where(halved.any(1, keepdim=True), halved & real_half, real_half)
        return self.encoder(tracks, real), pooled

    def heads(self, tracks: Tensor, real: Tensor, speech: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of a batch: arousal (B,), emotion (B, 8)."""
        h, mask = self.features(tracks, real, speech)
        track = (tracks[..., MEL_BINS:] - self.track_mean) / self.track_scale  # (B, M, 6)
        heard = speech | (~speech.any(1, keepdim=True) & real)
        summary = torch.cat([*_moments(h, mask), *_moments(track, heard)], 1)
        summary = self.dropout(summary)
        return self.arousal_head(summary)[:, 0], self.emotion_head(summary)


def _moments(x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation over the frames that ``mask`` keeps: (B, L, F), (B, L) -> twice (B, F)."""
    weight = mask[..., None].to(x.dtype)
    weight = weight / weight.sum(1, keepdim=True).clamp(min=1)
    mean = (x * weight).sum(1)
    variance = ((x - mean[:, None]).square() * weight).sum(1)
    return mean, (variance + 1e-4).sqrt()
