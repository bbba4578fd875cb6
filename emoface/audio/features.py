"""Log-mel features of speech at 50 Hz, two to each 25 fps motion frame."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

SAMPLE_RATE = 16000
MEL_RATE = 50
MEL_BINS = 64
MEL_PER_FRAME = 2
HOP = SAMPLE_RATE // MEL_RATE
WINDOW = 400
FFT_SIZE = 512
LOW_HZ, HIGH_HZ = 60.0, 7600.0
POWER_FLOOR = 1e-5
BLOCK = 4096  # mel frames transformed at once, so that long recordings need little memory


def frame_count(num_samples: int, rate: float, fps: float) -> int:
    """Number of motion frames of a recording: ``round(num_samples / rate * fps)``."""
    return round(num_samples / rate * fps)


@lru_cache(maxsize=1)
def mel_filters() -> Tensor:
    """Triangular mel filters (FFT_SIZE // 2 + 1, MEL_BINS), float32, on the scale mel = 2595 log10(1 + f / 700)."""
    mel = 2595 * torch.log10(1 + torch.tensor([LOW_HZ, HIGH_HZ], dtype=torch.float64) / 700)
    points = torch.linspace(float(mel[0]), float(mel[1]), MEL_BINS + 2, dtype=torch.float64)
    edges = 700 * (10 ** (points / 2595) - 1)  # (MEL_BINS + 2,) Hz
    hertz = torch.linspace(0, SAMPLE_RATE / 2, FFT_SIZE // 2 + 1, dtype=torch.float64)[:, None]
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    return torch.minimum(rising, falling).clamp(min=0).float()  # (257, 64)


@lru_cache(maxsize=1)
def _hann() -> Tensor:
    return torch.hann_window(WINDOW, periodic=False)


def log_mel(waveform: Tensor, frames: int | None = None, start: int = 0) -> Tensor:
    """Log-mel spectrogram, ``log(power @ filters + 1e-5)``; frame i is centred at (i + 0.5) / 50 s.

    Args:
        waveform: (N,) float32 mono samples at 16 kHz. Samples beyond either end count as zero.
        frames: number T of motion frames (25 fps) to cover; the recording's own length if None.
        start: first motion frame; with ``waveform`` still counted from sample 0.

    Returns:
        (2 T, 64) float32.

    Raises:
        ValueError: ``waveform`` is not one-dimensional.
    """
    if waveform.ndim != 1:
        raise ValueError(f"waveform must have shape (N,), got {tuple(waveform.shape)}")
    if frames is None:
        frames = frame_count(waveform.shape[0], SAMPLE_RATE, MEL_RATE // MEL_PER_FRAME) - start
    first, count = start * MEL_PER_FRAME, frames * MEL_PER_FRAME
    blocks = []
    for block in range(first, first + count, BLOCK):
        size = min(BLOCK, first + count - block)
        low = block * HOP + HOP // 2 - WINDOW // 2
        high = low + (size - 1) * HOP + WINDOW
        inside = waveform[max(low, 0) : max(high, 0)]
        left = max(-low, 0)
        padded = torch.nn.functional.pad(inside, (left, high - low - left - inside.shape[0]))
        windows = padded.unfold(0, WINDOW, HOP)  # (size, WINDOW)
        spectrum = torch.fft.rfft(windows * _hann(), FFT_SIZE)  # (size, 257)
        power = spectrum.real.square().addcmul(spectrum.imag, spectrum.imag)  # a third of the time of abs().square()
        blocks.append(torch.log(power @ mel_filters() + POWER_FLOOR))
    return torch.cat(blocks) if blocks else waveform.new_zeros(0, MEL_BINS)


def by_frame(features: Tensor) -> Tensor:
    """Features at 50 Hz, two of them side by side for each motion frame: (B, 2 T, F) -> (B, T, 2 F)."""
    return features.unflatten(1, (-1, MEL_PER_FRAME)).flatten(2)


def loudness(mel: Tensor) -> Tensor:
    """Loudness per motion frame: mean over its mel frames of ``log10`` of the summed mel power.

    Args:
        mel: (..., 2 T, 64) log-mel.

    Returns:
        (..., T).
    """
    level = torch.logsumexp(mel, -1) / 2.302585092994046  # (..., 2 T)
    return level.unflatten(-1, (-1, MEL_PER_FRAME)).mean(-1)
