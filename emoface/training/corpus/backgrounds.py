"""What else is heard: music and other voices under a voice, or where nobody speaks, added to its log-mel in power."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch

from emoface.audio.features import log_mel

from .sounds import random_music

PIECES, PIECE_SECONDS = 40, 12.0
"""Music that is made up once in a process."""
MOST_VOICES = 9
CLEAREST, LOUDEST = 20.0, -3.0
"""Range of the signal-to-noise ratio, dB."""
HEARD = 3.0
"""Frames within so much log power of a voice's loudest count as voice."""
USUAL_LEVEL = 6.5
"""Log power of a voice, which a background is measured against where no voice is."""
SILENT_LEVEL = 2.5
"""Log power below which a clip holds no voice."""


@lru_cache(maxsize=1)
def music_mels(seed: int = 0) -> tuple[np.ndarray, ...]:
    """Log-mels (2 T, 64) float32 of pieces of music that never sounded before."""
    rng = np.random.default_rng(seed)
    pieces = (random_music(PIECE_SECONDS, rng) for _ in range(PIECES))
    return tuple(log_mel(torch.from_numpy(0.1 * piece)).numpy() for piece in pieces)


class Backgrounds:
    """Music, and babble of a corpus' own voices."""

    def __init__(self, voices: Sequence[np.ndarray]) -> None:
        """Set up.

        Args:
            voices: raw log-mels (2 T, 64), empty ones are left out.
        """
        self.voices = [mel for mel in voices if len(mel)]

    def under(self, mel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A raw log-mel with music or babble 20 dB below to 3 dB above the voice.

        Powers add up, as those of independent sounds do on average.

        Args:
            mel: (2 T, 64). rng: source of the choice.

        Returns:
            (2 T, 64) float32, a new array.
        """
        mel = np.asarray(mel, np.float32)
        if not len(mel):
            return mel.copy()
        sound = self._babble(len(mel), rng) if self.voices and rng.random() < 0.5 else self._music(len(mel), rng)
        level = _level(mel)
        if level < SILENT_LEVEL:
            level = USUAL_LEVEL + rng.normal(0, 1)
        decibels = rng.uniform(LOUDEST, CLEAREST)
        gain = level - _level(sound) - decibels / 10 * np.log(10)
        return np.logaddexp(mel, sound + np.float32(gain))

    def _music(self, count: int, rng: np.random.Generator) -> np.ndarray:
        pieces = music_mels()
        return _anywhere(pieces[int(rng.integers(len(pieces)))], count, rng)

    def _babble(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Log-mel (N, 64) of one to nine voices of equal level."""
        sound = np.full((count, 1), -np.inf, np.float32)
        for _ in range(int(rng.integers(1, MOST_VOICES + 1)) if rng.random() < 0.8 else 8):
            voice = np.asarray(self.voices[int(rng.integers(len(self.voices)))], np.float32)
            sound = np.logaddexp(sound, _anywhere(voice - _level(voice), count, rng))
        return sound


def _anywhere(mel: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """``count`` frames from a random place on, repeated as needed."""
    start = int(rng.integers(len(mel)))
    return mel[(start + np.arange(count)) % len(mel)]


def _level(mel: np.ndarray) -> float:
    """Log of the mean power of a log-mel's voiced frames."""
    power = np.exp(mel).sum(1)
    return float(np.log(power[power >= power.max() * np.exp(-HEARD)].mean()))
