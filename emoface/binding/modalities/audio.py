"""The audio modality: how a voice sounds, from its log-mel spectrogram and a prosody track."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emoface.audio.features import FFT_SIZE, MEL_BINS, SAMPLE_RATE, WINDOW, log_mel, mel_filters
from emoface.audio.normalize import SPEECH_FLOOR, SPEECH_MARGIN, normalize_clip
from emoface.binding.emotions import EMOTIONS
from emoface.binding.hearing import SILENCE, Heard
from emoface.binding.modality import Modality, as_tensor, register_modality

if TYPE_CHECKING:
    from emoface.binding.space import EmotionSpace

PROSODY = ("pitch", "voicing", "loudness", "tilt", "balance", "flux")
CHUNK = 300  # mel frames (6 s) that are heard at once; longer recordings are averaged over chunks
SHORTEST = 5  # mel frames (0.1 s)
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


def speech_frames(mel: Tensor) -> Tensor:
    """Mel frames within 30 dB of the clip's loudest that are no silence; (M, 64) -> (M,) bool."""
    level = mel.mean(-1)
    return (level > level.max() - SPEECH_MARGIN) & (level > SPEECH_FLOOR)


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


@register_modality("audio")
class Audio(Modality):
    """A voice -> z, its arousal, and a weak guess at its emotion.

    The encoder is a small convolutional network at 25 Hz over the normalised log-mel and the prosody track;
    the heads read its mean and deviation over the speech frames, together with those of the prosody. Today's
    training data (eight actors) supports the arousal well and the eight classes poorly.

    Args:
        width: Z. channels: width of the network. dilations: one residual block each. dropout: training only.
        emotions: names, in the order of the class head.
    """

    track_mean: Tensor
    track_scale: Tensor

    def __init__(
        self,
        width: int,
        channels: int = 80,
        dilations: Sequence[int] = (1, 2, 4),
        dropout: float = 0.25,
        emotions: Sequence[str] = EMOTIONS,
    ) -> None:
        super().__init__(width)
        self.channels, self.dilations, self.emotions = channels, tuple(dilations), tuple(emotions)
        self.register_buffer("track_mean", torch.zeros(len(PROSODY)))
        self.register_buffer("track_scale", torch.ones(len(PROSODY)))
        self.enter = nn.Conv1d(MEL_BINS + len(PROSODY), channels, 5, stride=2, padding=2)
        self.blocks = nn.ModuleList(_Block(channels, dilation, dropout) for dilation in self.dilations)
        self.dropout = nn.Dropout(dropout)
        summary = 2 * (channels + len(PROSODY))
        self.arousal_head = nn.Linear(summary, 1)
        self.emotion_head = nn.Linear(summary, len(self.emotions))
        self.adapter = nn.Sequential(nn.Linear(channels, channels), nn.GELU(), nn.Linear(channels, width))

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, from which a checkpoint builds the modality again."""
        return {
            "channels": self.channels, "dilations": list(self.dilations), "dropout": self.dropout.p,
            "emotions": list(self.emotions),
        }  # fmt: skip

    def check(self, value: Any) -> Tensor:
        """Validate a voice and return its log-mel (M, 64).

        Args:
            value: (N,) mono samples at 16 kHz, or a (2 T, 64) log-mel from ``emoface.audio.features``; at
                least 0.1 s.

        Raises:
            TypeError: no array of numbers. ValueError: another shape, shorter than 0.1 s, NaN or infinite.
        """
        sound = as_tensor(value, "audio").to(self.device)
        if sound.ndim == 2 and sound.shape[1] == MEL_BINS:
            mel = sound
        elif sound.ndim == 1:
            mel = log_mel(sound)
        else:
            raise ValueError(
                f"audio must be samples (N,) at {SAMPLE_RATE} Hz or a log-mel (2T, {MEL_BINS}), "
                f"got shape {tuple(sound.shape)}"
            )
        if len(mel) < SHORTEST:
            raise ValueError(f"audio must last at least 0.1 s, got shape {tuple(sound.shape)}")
        return mel

    def tracks(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Network input of a log-mel (M, 64): normalised mel and raw prosody (M, 70), speech (M,) bool."""
        return torch.cat([normalize_clip(mel), prosody(mel)], 1), speech_frames(mel)

    def prepare(self, value: Any) -> tuple[Tensor, ...]:
        """Validate a voice (see :meth:`check`) and cut it into chunks.

        Returns:
            tracks (n, M, 70), real (n, M) bool, speech (n, M) bool; M at most 300 (6 s), the chunks equally
            long.
        """
        tracks, speech = self.tracks(self.check(value))
        chunks = -(-len(tracks) // CHUNK)
        size = -(-len(tracks) // chunks)
        padding = chunks * size - len(tracks)
        real = F.pad(torch.ones_like(speech), (0, padding)).view(chunks, size)
        tracks = F.pad(tracks, (0, 0, 0, padding)).view(chunks, size, -1)
        return tracks, real, F.pad(speech, (0, padding)).view(chunks, size)

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

    @torch.no_grad()
    def listen(self, value: Any) -> Heard:
        """What is heard in a voice; its chunks are averaged by amount of speech.

        Args:
            value: (N,) samples at 16 kHz or a (2 T, 64) log-mel, any length from 0.1 s.

        Returns:
            Arousal and the shares of the emotions; ``SILENCE`` where nobody speaks.

        Raises:
            TypeError, ValueError: see :meth:`check`.
        """
        tracks, real, speech = self.prepare(value)
        weights = speech.float().sum(1)
        if weights.sum() == 0:
            return SILENCE
        weights = weights / weights.sum()
        blocks = zip(tracks.split(32), real.split(32), speech.split(32), strict=True)
        arousal, emotion = (torch.cat(parts) for parts in zip(*(self.heads(*block) for block in blocks), strict=True))
        shares = (torch.softmax(emotion, 1) * weights[:, None]).sum(0)
        told = dict(zip(self.emotions, shares.tolist(), strict=True))
        return Heard(float((torch.sigmoid(arousal) * weights).sum()), told)

    def arousal(self, value: Any) -> float:
        """How agitated a voice sounds, see :meth:`listen`: 0 (tired, sad) to 1 (shouting), 0.25 for silence."""
        return self.listen(value).arousal

    def predict(self, value: Any) -> dict[str, float]:
        """The emotion heard, see :meth:`listen`: name -> probability; neutral for silence."""
        return dict(self.listen(value).shares)

    def embed(self, value: Any, space: EmotionSpace) -> Tensor:
        """z (Z,) of the emotion that a voice expresses (:meth:`Heard.named`); neutral, with a warning, for silence.

        The label of that name stands for the voice: means of the adapter's z over a whole recording lie between
        emotions, where neutral voices make sad faces.
        """
        heard = self.listen(value)
        if heard is SILENCE:
            warnings.warn("the voice that should give the emotion counts as silence; using neutral", stacklevel=2)
        return space.encode(label=heard.named())


def _moments(x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation over the frames that ``mask`` keeps: (B, L, F), (B, L) -> twice (B, F)."""
    weight = mask[..., None].to(x.dtype)
    weight = weight / weight.sum(1, keepdim=True).clamp(min=1)
    mean = (x * weight).sum(1)
    variance = ((x - mean[:, None]).square() * weight).sum(1)
    return mean, (variance + 1e-4).sqrt()
