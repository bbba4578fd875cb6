"""Motion windows to learn emotions from: rule-made expression over the lips of corpus clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from emoface.binding.emotions import EMOTIONS, LEVELS
from emoface.binding.intensity import MOVING, intensity_of
from emoface.training.corpus.clips import Clip, mel_loudness
from emoface.training.corpus.visemes import rule_lips
from emoface.training.expressions import express

_LEAD = 25  # frames made before a window, so that onsets fall inside some windows and before others


@dataclass
class Windows:
    """Motion windows and what they express.

    Attributes:
        motion: (N, T, 53) float16. intensity: (N, 7) strength of each of ``MOVING``.
        emotion: (N,) index into ``EMOTIONS``, -1 for blends. level: (N,) 0..3.
    """

    motion: Tensor
    intensity: Tensor
    emotion: Tensor
    level: Tensor

    def classes(self) -> Tensor:
        """(N,) place among neutral and the 7 x 3 (emotion, level) pairs; -1 for blends and other levels."""
        whole = (self.level == self.level.round()) & (self.level > 0)
        place = torch.where(whole, (self.emotion - 1) * len(LEVELS) + self.level.long(), -1)
        return torch.where(self.emotion == 0, 0, torch.where(self.emotion > 0, place, -1))


class WindowMaker:
    """Makes motion windows: rule-made expression over the lips of corpus clips.

    Args:
        clips: the corpus. frames: T. captured: share of windows over captured lips.

    Raises:
        ValueError: no clip has phones or captured lips.
    """

    def __init__(self, clips: Sequence[Clip], frames: int, captured: float) -> None:
        self.frames = frames
        spoken = [clip for clip in clips if clip.visemes is not None and clip.frames > 1]
        real = [clip for clip in clips if clip.lips is not None and clip.layout == "open_head" and clip.frames > 1]
        if not spoken and not real:
            raise ValueError("clips must hold phones or captured lips, got none; run `emoface train corpus` first")
        self.pools = [pool for pool in (spoken, real) if pool]
        self.captured = captured if spoken and real else 0.0

    def speech(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Loudness (L,), lips (L, 53), closure (L,) of a random stretch, L = T + 25; still past the end."""
        pool = self.pools[int(rng.random() < self.captured)]
        clip = pool[int(rng.integers(len(pool)))]
        length = self.frames + _LEAD
        loudness = mel_loudness(clip.mel)
        if clip.lips is not None and pool is self.pools[-1]:
            lips, closure = np.nan_to_num(clip.lips.astype(np.float32)), np.zeros(clip.frames, np.float32)
        else:
            visemes = np.zeros((0, 3), np.float32) if clip.visemes is None else clip.visemes
            lips, closure = rule_lips(visemes, clip.frames, rng, loudness)
        begin = int(rng.integers(0, max(clip.frames - length, 0) + 1))
        part = slice(begin, begin + length)
        missing = max(length - len(loudness[part]), 0)
        return (
            np.pad(loudness[part], (0, missing)),
            np.pad(lips[part], ((0, missing), (0, 0))),
            np.pad(closure[part], (0, missing)),
        )

    def pure(self, emotion: str, level: float, rng: np.random.Generator) -> np.ndarray:
        """A window (T, 53) of one emotion."""
        motion = express(self.frames + _LEAD, emotion, level, rng, *self.speech(rng))
        return self._cut(motion, rng)

    def blend(self, intensity: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A window (T, 53) of several emotions: full expressions on the same lips, weighed by intensity."""
        speech = self.speech(rng)
        weights = {name: float(w) for name, w in zip(MOVING, intensity, strict=True) if w > 0.02}
        weights["neutral"] = max(1 - sum(weights.values()), 0.0)
        length = self.frames + _LEAD
        parts = [w * express(length, name, LEVELS[-1], rng, *speech) for name, w in weights.items() if w > 0]
        return self._cut(np.sum(parts, axis=0), rng)

    def _cut(self, motion: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        begin = int(rng.integers(0, _LEAD + 1))
        return motion[begin : begin + self.frames].astype(np.float16)


def make_windows(maker: WindowMaker, count: int, mixed: float, rng: np.random.Generator) -> Windows:
    """Random windows: half at levels 1, 2, 3, ``mixed`` of all blends, the rest anywhere in 0..3."""
    rows = []
    for _ in range(count):
        first, second = (str(name) for name in rng.choice(EMOTIONS, 2, replace=False))
        draw = rng.random()
        if draw < mixed:
            share, levels = rng.uniform(0.3, 1), rng.uniform(0.5, 3, 2)
            vector = share * intensity_of(first, levels[0]) + (1 - share) * intensity_of(second, levels[1])
            rows.append((maker.blend(vector, rng), vector, -1, 0.0))
            continue
        level = float(rng.choice(LEVELS)) if draw < mixed + 0.5 else float(rng.uniform(0, 3))
        rows.append((maker.pure(first, level, rng), intensity_of(first, level), EMOTIONS.index(first), level))
    return stack_windows(rows)


def class_windows(maker: WindowMaker, each: int, rng: np.random.Generator) -> Windows:
    """``each`` windows of neutral and of every (emotion, level) pair, in that order."""
    pairs = [("neutral", 1.0), *((name, float(level)) for name in MOVING for level in LEVELS)]
    return stack_windows(
        [
            (maker.pure(name, level, rng), intensity_of(name, level), EMOTIONS.index(name), level)
            for name, level in pairs
            for _ in range(each)
        ]
    )


def stack_windows(rows: list[tuple[np.ndarray, np.ndarray, int, float]]) -> Windows:
    """Join rows of motion (T, 53), intensity (T,), emotion index and level into tensors with a leading batch."""
    motion, intensity, emotion, level = zip(*rows, strict=True)
    return Windows(
        torch.from_numpy(np.stack(motion)),
        torch.from_numpy(np.stack(intensity).astype(np.float32)),
        torch.tensor(emotion),
        torch.tensor(level, dtype=torch.float32),
    )
