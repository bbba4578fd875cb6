"""Where a voice stresses a syllable, begins a phrase and ends one, heard in its loudness piece by piece."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

RISE = 0.06
"""Rise and fall of relative loudness that make a syllable."""
SPEAKING, QUIET = 0.55, 0.35
"""Relative loudness above which somebody speaks, and below which nobody does."""
PHRASE, PAUSE = 0.4, 0.24  # seconds: least speech of a phrase, least silence that ends one
USUAL_PEAK, PEAK_SPREAD = 0.85, 0.12  # loudness of a syllable's peak before anything was heard, and its deviation
PEAK_MEMORY = 12.0  # syllables over which the mean peak is known

Kind = Literal["stress", "begin", "end"]


@dataclass(frozen=True)
class SpeechMark:
    """One place in a voice.

    Attributes:
        kind: ``"stress"`` at the peak of a stressed syllable, ``"begin"`` and ``"end"`` of a phrase.
        frame: where it is. heard: the frame at which it is known. size: 0..1, how much a stress stands out; 1 for
            phrases.
    """

    kind: Kind
    frame: int
    heard: int
    size: float = 1.0


class SpeechMarks:
    """Finds marks in loudness that arrives in pieces; nothing depends on where the pieces are cut."""

    def __init__(self, fps: float) -> None:
        self.step = 1 / fps
        self.frame = 0
        self.smooth = 0.0
        self.low, self.valley, self.high, self.peak = math.inf, 0.0, 0.0, 0
        self.rising = False
        self.usual, self.syllables = USUAL_PEAK, 1.0
        self.talked, self.quiet, self.speaking, self.last = 0.0, math.inf, False, 0

    def hear(self, loudness: np.ndarray) -> Iterator[SpeechMark]:
        """Marks that the next frames of relative loudness (T,) reveal, in the order in which they are known."""
        share = 1 - math.exp(-self.step / 0.03)
        for value in loudness.tolist():
            self.smooth += share * (value - self.smooth)
            yield from self._phrase(value)
            yield from self._syllable(self.smooth)
            self.frame += 1

    def _phrase(self, value: float) -> Iterator[SpeechMark]:
        if value > QUIET:
            if self.quiet >= PAUSE and value > SPEAKING:
                self.talked, self.speaking = 0.0, True
                yield SpeechMark("begin", self.frame, self.frame)
                self.quiet = 0.0
            elif self.quiet < PAUSE:
                self.quiet = 0.0
            self.talked += self.step
            self.last = self.frame
            return
        self.quiet += self.step
        if self.speaking and self.quiet >= PAUSE:
            self.speaking = False
            if self.talked >= PHRASE:
                yield SpeechMark("end", self.last, self.frame)

    def _syllable(self, value: float) -> Iterator[SpeechMark]:
        if not self.rising:
            self.low = min(self.low, value)
            if value > self.low + RISE and value > SPEAKING:
                self.rising, self.valley, self.high, self.peak = True, self.low, value, self.frame
            return
        if value > self.high:
            self.high, self.peak = value, self.frame
        if value < self.high - RISE:
            self.rising, self.low = False, value
            size = 0.42 + (self.high - self.usual) / (4 * PEAK_SPREAD) + 0.25 * (self.high - self.valley - 0.5)
            self.syllables = min(self.syllables + 1, PEAK_MEMORY)
            self.usual += (self.high - self.usual) / self.syllables
            if size > 0.5:
                yield SpeechMark("stress", self.peak, self.frame, min(size, 1.0))


def speech_marks(loudness: np.ndarray, fps: float) -> list[SpeechMark]:
    """All marks of a voice.

    Args:
        loudness: (T,) relative loudness, 1 where the voice is loud, 0 at 25 dB below it. fps: of it.

    Returns:
        The marks in the order in which a listener knows them.
    """
    return list(SpeechMarks(fps).hear(np.asarray(loudness, np.float64)))
