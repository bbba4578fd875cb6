"""Log-mels of a voice that arrives in chunks, as soon as their audio is there."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .features import HOP, WINDOW, log_mel
from .resampler import Resampler, delay
from .stream import SAMPLES_PER_FRAME

BEYOND = (WINDOW - HOP) // 2
"""Samples behind a motion frame that its log-mels hear."""


class ArrivingVoice:
    """A voice of unknown length, read as log-mels of motion frames in order.

    It is heard late by what the analysis and the resampler look ahead, 2.5 to 4.6 ms, so that the log-mels of a frame
    are ready when its own audio is there.

    Args:
        rate: of the source in Hz.
    """

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.samples = 0
        """Samples of the source that arrived."""
        self.ended = False
        self.read_to = 0
        """Motion frames that were read."""
        self.resampler = Resampler(rate)
        self.parts = [np.zeros(BEYOND + delay(rate), np.float32)]  # 16 kHz
        self.size = len(self.parts[0])
        self.origin = 0  # motion frame that the parts begin with

    def push(self, samples: np.ndarray) -> None:
        """Take in the next samples (n,) float32 of the source."""
        self.samples += len(samples)
        piece = self.resampler.push(samples)
        self.parts.append(piece)
        self.size += len(piece)

    def end(self) -> None:
        """Say that nothing more comes; silence follows."""
        self.ended = True
        lacking = np.zeros(2 * self.resampler.reach, np.float32)
        piece = self.resampler.push(lacking) if self.resampler.reach else lacking
        self.parts.append(piece)
        self.size += len(piece)

    @property
    def ready(self) -> int:
        """Motion frames from the start whose log-mels can be read; unlimited are those behind the end."""
        return self.origin + (self.size - BEYOND) // SAMPLES_PER_FRAME

    def read(self, stop: int) -> Tensor:
        """Log-mels (2 n, 64) of the motion frames from the last one read up to ``stop``."""
        waveform = np.concatenate(self.parts)
        mel = log_mel(torch.from_numpy(waveform), stop - self.read_to, self.read_to - self.origin)
        self.read_to = stop
        keep = max(stop - 1, self.origin)
        waveform = waveform[(keep - self.origin) * SAMPLES_PER_FRAME :]
        self.parts, self.size, self.origin = [waveform], len(waveform), keep
        return mel
