"""The voice in front: what is heard only behind it, as music and the talk of others, is taken for silence.

In a recording with an audible background nobody near speaks where the sound stays clearly below the loudest voice for a
while. Recordings whose pauses are quiet are left as they are.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from .features import MEL_RATE
from .normalize import SILENT_MEL

BELOW, RAMP = 11.0, 2.0
"""Decibels below the peak from which a sound is no voice in front, and over which it becomes one."""
AUDIBLE, QUIET = 32.0, 40.0
"""Decibels between floor and peak: with fewer the background is audible, with more there is none that matters."""
FAINT = -26.0, -20.0
"""Decibels of a floor that is digital silence, and from which on it is a background."""
BEFORE, AFTER = 40, 45
"""Log-mel frames before and after a voice in front that belong to it."""
FADE = 7
"""Log-mel frames over which it fades in and out."""
SMOOTH, FLOOR_SMOOTH = 5, 9
"""Log-mel frames over which levels are averaged, for the peak and for the floor."""
MEMORY = 8 * MEL_RATE
"""Log-mel frames from which the floor is taken."""
FLOOR_SHARE = 0.1
"""Share of them that is below the floor."""
FORGET, USUAL_FORGET = 0.25 / MEL_RATE, 1.0 / MEL_RATE
"""Decibels a log-mel frame by which the peak of what was heard falls, and that of a usual voice."""
USUAL_PEAK, VOICE_RANGE = 38.0, 18.0
"""Decibels of a usual voice, and from floor to peak of any voice; what has less range waits for a usual voice."""
DEPTH = 12.0
"""Natural-log units by which a background is lowered."""
_DECIBELS = 10 / float(np.log(10))


def _level(mel: Tensor) -> Tensor:
    """Decibels (M,) of log-mels (M, 64)."""
    return _DECIBELS * torch.logsumexp(mel, -1)


def _means(levels: np.ndarray, width: int) -> np.ndarray:
    """Means of all ``width`` levels that follow each other, or of all levels if they are fewer."""
    width = min(width, len(levels))
    return np.convolve(levels, np.full(width, 1 / width), "valid")


class Foreground:
    """Lowers log-mels where nobody near speaks, by what was heard so far.

    ``loudest_t = max(loudest_{t-1} - FORGET, mean of the last SMOOTH levels)`` is the peak, or a usual voice's as long
    as it is not ``VOICE_RANGE`` above the floor, a low quantile of the last ``MEMORY`` levels. A frame is in front if
    one from ``AFTER`` before it to ``BEFORE`` behind it is within ``BELOW`` of the peak. Others are lowered, wholly
    where peak and floor are less than ``AUDIBLE`` apart, not at all from ``QUIET`` on or where the floor is silence.
    """

    def __init__(self, waits: bool = True) -> None:
        """Begin; ``waits`` for a usual voice, which recordings need not, as they are heard ahead."""
        self.usual, self.loudest = USUAL_PEAK if waits else -np.inf, -np.inf
        self.levels = np.zeros(0, np.float32)  # dB, the latest
        self.floor = -np.inf

    def update(self, mel: Tensor) -> None:
        """Take in new frames.

        Args:
            mel: (M, 64) log-mel frames that follow those seen before.
        """
        if not len(mel):
            return
        known = np.concatenate([self.levels, _level(mel).numpy()])
        recent = known[-(len(mel) + SMOOTH - 1) :]
        self.usual, self.loudest = self.usual - USUAL_FORGET * len(mel), self.loudest - FORGET * len(mel)
        means = _means(recent, SMOOTH)
        self.loudest = max(self.loudest, float((means - FORGET * np.arange(len(means))[::-1]).max()))
        self.levels = known[-MEMORY:].astype(np.float32)
        means = _means(self.levels, FLOOR_SMOOTH)
        place = int(FLOOR_SHARE * (len(means) - 1))
        self.floor = float(np.partition(means, place)[place])

    @property
    def peak(self) -> float:
        """Decibels of the loudest voice."""
        waiting = self.loudest - self.floor < VOICE_RANGE
        return max(self.usual, self.loudest) if waiting else self.loudest

    @property
    def background(self) -> float:
        """How audible the background is, 0..1."""
        beside = np.clip((QUIET - (self.peak - self.floor)) / (QUIET - AUDIBLE), 0, 1)
        return float(beside * np.clip((self.floor - FAINT[0]) / (FAINT[1] - FAINT[0]), 0, 1))

    def apply(self, mel: Tensor) -> Tensor:
        """Lower frames in which nobody near speaks; (M, 64) -> (M, 64), ``mel`` itself where there is no background."""
        audible = self.background
        if audible == 0 or not len(mel):
            return mel
        near = ((_pool(_level(mel), SMOOTH // 2, SMOOTH // 2) - self.peak + BELOW) / RAMP + 0.5).clamp(0, 1)  # (M,)
        held = nn.functional.pad(near[None], (AFTER, BEFORE))
        held = nn.functional.max_pool1d(held, AFTER + BEFORE + 1, stride=1)[0]
        behind = 1 - _pool(held, FADE // 2, FADE // 2)
        return (mel - (audible * DEPTH * behind)[:, None]).clamp(min=SILENT_MEL)


def _pool(values: Tensor, before: int, after: int) -> Tensor:
    """Means of values (M,) from ``before`` to ``after`` of each, ends held."""
    padded = nn.functional.pad(values[None], (before, after), mode="replicate")
    return nn.functional.avg_pool1d(padded, before + after + 1, stride=1)[0]
