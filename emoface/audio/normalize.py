"""Channel and loudness normalisation of log-mels by running statistics, so that streaming equals one-shot."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from .features import MEL_BINS, MEL_PER_FRAME, POWER_FLOOR

SPEECH_MARGIN = 7.0  # natural-log units below the running peak within which a frame counts as speech (30 dB)
SPEECH_FLOOR = -6.5  # mean log-mel below which a frame is silence whatever the peak
PRIOR_FRAMES = 12.0  # weight, in mel frames, of the prior spectrum
PRIOR_LEVEL = -4.0  # mean log-mel of average speech
SCALE = 3.0
PRESENCE_RAMP = 2.3  # natural-log units over which speech fades into silence (10 dB)
HEARD_PRESENCE = 0.5  # a recording whose presence stays below counts as silence


def _prior() -> Tensor:
    """A falling speech-like spectrum, natural-log units per mel band."""
    return PRIOR_LEVEL + 2.0 * torch.linspace(1.0, -1.0, MEL_BINS)


@dataclass
class MelNormalizer:
    """Removes a running mean speech spectrum: ``(mel - mean) / 3``.

    The mean runs over the speech frames heard so far (within 30 dB of the running peak), starting from a weak prior.
    Silence is therefore far below zero, whatever the recording's level.
    """

    total: Tensor = field(default_factory=lambda: _prior() * PRIOR_FRAMES)
    weight: float = PRIOR_FRAMES
    peak: float = float("-inf")

    def update(self, mel: Tensor) -> None:
        """Take in new frames.

        Args:
            mel: (M, 64) log-mel frames that follow those seen before.
        """
        if mel.shape[0] == 0:
            return
        level = mel.mean(-1)  # (M,)
        self.peak = max(self.peak, float(level.max()))
        speech = (level > self.peak - SPEECH_MARGIN) & (level > SPEECH_FLOOR)
        self.total = self.total + mel[speech].sum(0)
        self.weight += float(speech.sum())

    def apply(self, mel: Tensor) -> Tensor:
        """Normalise frames by what was heard so far; (M, 64) -> (M, 64)."""
        return (mel - self.total / self.weight) / SCALE

    def presence(self, mel: Tensor) -> Tensor:
        """How surely somebody speaks: 1 from 30 dB below the running peak, 0 from 40 dB or in silence.

        Args:
            mel: (2 T, 64) log-mel frames.

        Returns:
            (T,) 0..1 per motion frame, held for two frames before and after speech.
        """
        threshold = max(self.peak - SPEECH_MARGIN, SPEECH_FLOOR)
        speech = ((mel.mean(-1) - threshold) / PRESENCE_RAMP + 1).clamp(0, 1)  # (2 T,)
        speech = speech.unflatten(0, (-1, MEL_PER_FRAME)).amax(1)  # (T,)
        return torch.nn.functional.max_pool1d(speech[None], 5, stride=1, padding=2)[0]

    def copy(self) -> MelNormalizer:
        """An independent normaliser in the same state."""
        return MelNormalizer(self.total.clone(), self.weight, self.peak)


def normalize_clip(mel: Tensor) -> Tensor:
    """Normalise a whole clip (M, 64) by its own statistics."""
    normalizer = MelNormalizer()
    normalizer.update(mel)
    return normalizer.apply(mel)


SILENT_MEL = float(torch.log(torch.tensor(POWER_FLOOR)))
"""Value of every log-mel bin in digital silence."""
