"""Channel and loudness normalisation of log-mels by running statistics, so that streaming equals one-shot."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from .features import MEL_BINS, MEL_PER_FRAME, POWER_FLOOR
from .sustained import MEMORY, sustained

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
    Silence is therefore far below zero, whatever the recording's level. Frames of a sound that is held count the less
    the surer it is, or a long vowel would become the voice's average, and be heard as nothing.
    """

    total: Tensor = field(default_factory=lambda: _prior() * PRIOR_FRAMES)
    weight: float = PRIOR_FRAMES
    peak: float = float("-inf")
    past: Tensor = field(default_factory=lambda: torch.zeros(0, MEL_BINS))

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
        known = torch.cat([self.past, mel])
        held = self.held(known)[len(self.past) :]
        self.past = known[-MEMORY:].clone()
        counted = mel[speech]
        if held.any():
            share = (1 - held[speech]).to(mel)
            counted = share[:, None] * counted
            self.weight += float(share.sum())
        else:
            self.weight += float(speech.sum())
        self.total = self.total + counted.sum(0)

    def apply(self, mel: Tensor) -> Tensor:
        """Normalise frames by what was heard so far; (M, 64) -> (M, 64)."""
        return (mel - self.total / self.weight) / SCALE

    def held(self, mel: Tensor) -> Tensor:
        """How surely a sound is held, (M,) 0..1, in log-mel frames (M, 64); see :func:`~.sustained.sustained`.

        A hum and a u have little beside their lowest partials, and so a lower mean than other voices.
        """
        return sustained(mel, self.threshold - PRESENCE_RAMP)

    def presence(self, mel: Tensor) -> Tensor:
        """How surely somebody speaks: 1 from 30 dB below the running peak, 0 from 40 dB or in silence.

        Args:
            mel: (2 T, 64) log-mel frames.

        Returns:
            (T,) 0..1 per motion frame, held for two frames before and after speech.
        """
        speech = ((mel.mean(-1) - self.threshold) / PRESENCE_RAMP + 1).clamp(0, 1)  # (2 T,)
        speech = speech.unflatten(0, (-1, MEL_PER_FRAME)).amax(1)  # (T,)
        return torch.nn.functional.max_pool1d(speech[None], 5, stride=1, padding=2)[0]

    @property
    def threshold(self) -> float:
        """Mean log-mel from which on somebody speaks."""
        return max(self.peak - SPEECH_MARGIN, SPEECH_FLOOR)

    def copy(self) -> MelNormalizer:
        """An independent normaliser in the same state."""
        return MelNormalizer(self.total.clone(), self.weight, self.peak, self.past.clone())


def normalize_clip(mel: Tensor) -> Tensor:
    """Normalise a whole clip (M, 64) by its own statistics."""
    normalizer = MelNormalizer()
    normalizer.update(mel)
    return normalizer.apply(mel)


SILENT_MEL = float(torch.log(torch.tensor(POWER_FLOOR)))
"""Value of every log-mel bin in digital silence."""
