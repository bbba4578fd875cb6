"""How loud a recording's voice is, so that a quiet one is brought to the level that the networks know."""

from __future__ import annotations

import numpy as np

PIECE_SECONDS, FRAME_PIECES, BLOCK_FRAMES = 0.005, 8, 20
"""Pieces of 5 ms, whose means are left out, as offset and rumble are no voice; 8 make a frame, 20 frames a block."""
LAG = 3
"""Frames (0.12 s, about half a syllable) over which changes of level are looked at."""
FLUCTUATION = 4.0
"""Median change of level over the lag, in dB, from which a block is a voice. Steady noise stays below 3.5 whatever its
level; clear speech has 5 to 16."""
LEAST_BLOCKS = 2
"""Blocks with a voice that a recording must have, if it has as many."""
LOUD_PERCENTILE = 90
QUIET, LOUD = -26.0, 0.0
"""Levels of a voice, dB below full scale, between which a recording is left as it is."""
_NOTHING = 1e-60  # power that stands for digital silence


class VoiceLevel:
    """Measures the level of the voice in a recording that is read from start to end.

    A recording is cut into blocks of 0.8 s. A block is a voice where its level rises and falls as syllables do, however
    quiet it is; hiss, hum and clicks are none. Their levels are kept, 32 bits for each block.

    Args:
        sample_rate: Hz.
    """

    def __init__(self, sample_rate: float) -> None:
        self.size = max(round(sample_rate * PIECE_SECONDS), 1)
        self.rest = np.zeros(0, np.float32)
        self.frames: list[float] = []  # power of the frames that are not yet a block
        self.zeros: list[float] = []  # share of samples that are zero
        self.blocks = 0
        self.levels = np.zeros(0, np.float32)  # dB, of blocks with a voice

    def add(self, samples: np.ndarray) -> None:
        """Take in mono samples (n,) that follow those seen before."""
        samples = np.concatenate([self.rest, samples]) if len(self.rest) else samples
        frame = FRAME_PIECES * self.size
        whole = len(samples) // frame * frame
        self.rest = samples[whole:].copy()
        pieces = samples[:whole].reshape(-1, FRAME_PIECES, self.size)
        squares = np.einsum("fps,fps->fp", pieces, pieces) / self.size
        power = (squares - pieces.mean(2) ** 2).mean(1)  # (frames,)
        self.frames += power.clip(0).tolist()
        self.zeros += (1 - np.count_nonzero(pieces, (1, 2)) / frame).tolist()
        found = []
        while len(self.frames) >= BLOCK_FRAMES:
            found += self._voices(BLOCK_FRAMES)
        self.levels = np.concatenate([self.levels, np.array(found, np.float32)])

    def _voices(self, count: int) -> list[float]:
        """Take a block off the waiting frames: its level in dB if it is a voice, else nothing."""
        power, zeros = np.array(self.frames[:count]), self.zeros[:count]
        del self.frames[:count], self.zeros[:count]
        self.blocks += 1
        decibels = 10 * np.log10(power + _NOTHING)
        changes = np.abs(decibels[LAG:] - decibels[:-LAG])
        if np.median(changes) < FLUCTUATION or np.mean(zeros) > 0.5:  # mostly zeros: the last bit flickers
            return []
        return [10 * float(np.log10(power.mean() + _NOTHING))]

    def level(self) -> float | None:
        """The level of the louder passages of the voice in dB below full scale; None where nobody speaks."""
        if len(self.frames) > 2 * LAG:
            self.levels = np.concatenate([self.levels, np.array(self._voices(len(self.frames)), np.float32)])
        if len(self.levels) < max(1, min(LEAST_BLOCKS, self.blocks)):
            return None
        return float(np.percentile(self.levels, LOUD_PERCENTILE))

    def gain(self) -> float:
        """Factor that brings a voice below -26 dB to that level and one above full scale to that; 1 for others."""
        level = self.level()
        if level is None or QUIET <= level <= LOUD:
            return 1.0
        return float(10 ** (((QUIET if level < QUIET else LOUD) - level) / 20))
