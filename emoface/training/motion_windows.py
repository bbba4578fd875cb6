"""Training windows for the denoiser: speech, emotional target motion and its emotion, made fresh at every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from emoface.audio.features import MEL_BINS, MEL_PER_FRAME
from emoface.audio.lip_net import ARTIST, RULE
from emoface.audio.normalize import SILENT_MEL, MelNormalizer
from emoface.binding.emotions import EMOTIONS
from emoface.face.layout import MOTION_INDEX, MOTION_SIZE, MOUTH

from .corpus.augment import KINDS, augment_mel
from .corpus.clips import Clip, mel_loudness
from .corpus.visemes import rule_lips
from .expressions import express

LEAD_FRAMES = 40  # extra frames before a captured window, so that onsets fall into some windows


@dataclass(frozen=True)
class MixConfig:
    """Shares of the sources and of the variations in a batch.

    Attributes:
        captured, labelled, voice: shares of real lip curves, of real voices with phone labels and of real voices with
            pseudo lips; the rest is synthetic speech. pseudo_labelled, pseudo_synthetic: how often those take
            artist-style pseudo lips instead of rule lips.
        livelier: deviation of the logarithm by which artist-style lips move more or less, as people differ.
        augmented: share of windows with augmented mels. mixed: share of windows that mix two emotions.
    """

    captured: float = 0.22
    labelled: float = 0.18
    voice: float = 0.05
    pseudo_labelled: float = 0.3
    pseudo_synthetic: float = 0.08
    livelier: float = 0.12
    augmented: float = 0.7
    mixed: float = 0.08


@dataclass
class WindowBatch:
    """A batch of training windows.

    Attributes:
        mel: (B, 2 T, 64) normalised. motion: (B, T, 53). closure: (B, T) 0..1. style: (B,) int64.
        emotion: (B, 2) int64 indices into ``EMOTIONS``; the second is mixed in by 1 - share.
        level: (B,) float. share: (B,) float in 0.5..1.
    """

    mel: Tensor
    motion: Tensor
    closure: Tensor
    style: Tensor
    emotion: Tensor
    level: Tensor
    share: Tensor


class Pools:
    """The clips that windows are cut from, by source, with how often each is drawn."""

    def __init__(
        self, clips: Sequence[Clip], pseudo: Mapping[str, tuple[np.ndarray, np.ndarray]], config: MixConfig
    ) -> None:
        """Set up.

        Args:
            clips: the corpus, or a part of it. pseudo: artist-style (lips (T, 53), closure (T,)) by clip name.
            config: the mixture; shares of sources that are missing go to the others.

        Raises:
            ValueError: no clip can be used.
        """
        self.pseudo = pseudo
        pools: dict[str, list[Clip]] = {"captured": [], "labelled": [], "voice": [], "tts": []}
        for clip in clips:
            usable = {
                "captured": clip.lips is not None and clip.name in pseudo,
                "voice": clip.name in pseudo,
            }.get(clip.source, clip.visemes is not None)
            if usable:
                pools[clip.source].append(clip)
        shares = {"captured": config.captured, "labelled": config.labelled, "voice": config.voice}
        shares["tts"] = 1 - sum(shares.values())
        self.pools = [pools[name] for name in shares if pools[name]]
        if not self.pools:
            raise ValueError("clips must hold at least one usable clip, got none; run `emoface train corpus` first")
        weights = np.array([shares[name] for name in shares if pools[name]])
        self.shares = weights / weights.sum()
        self.lengths = []
        for pool in self.pools:
            sizes = np.array([len(clip.mel) for clip in pool], float)
            self.lengths.append(sizes / sizes.sum())

    def at(self, number: int) -> Pools:
        """What batch ``number`` is made of: a corpus in memory, always itself."""
        return self

    def draw(self, rng: np.random.Generator) -> Clip:
        """A clip; longer ones more often."""
        pool = int(rng.choice(len(self.pools), p=self.shares))
        return self.pools[pool][int(rng.choice(len(self.pools[pool]), p=self.lengths[pool]))]


class Material(Protocol):
    """Where batches get their clips: :class:`Pools` in memory, or shards streamed from disk."""

    def at(self, number: int) -> Pools:
        """What batch ``number`` is made of."""
        ...


def _livelier(deviation: float, rng: np.random.Generator) -> np.ndarray:
    """Gain of each channel (53,) of a speaker: one of the jaw, one of rounding, one of the other lips."""
    gains = np.ones(MOTION_SIZE, np.float32)
    jaw, rounding, lips = np.exp(deviation * rng.standard_normal(3)).clip(0.7, 1.4)
    for name, index in MOTION_INDEX.items():
        if name.startswith(("jaw", "mouthClose")):  # mouthClose goes with the jaw, so that closed lips stay closed
            gains[index] = jaw
        elif name.startswith(("mouthFunnel", "mouthPucker")):
            gains[index] = rounding
        elif index in MOUTH:
            gains[index] = lips
    return gains


class MotionWindows(Dataset):
    """Batches by number: the same (seed, number) always gives the same batch, whoever makes it."""

    def __init__(
        self, material: Material, config: MixConfig, frames: int, batch: int, batches: int, seed: int
    ) -> None:
        """Set up.

        Args:
            material: the clips. config: the mixture. frames: longest window. batch: windows in a batch.
            batches: how many there are. seed: of everything drawn.
        """
        self.material, self.config, self.frames = material, config, frames
        self.batch, self.batches, self.seed = batch, batches, seed

    def __len__(self) -> int:
        return self.batches

    def __getitem__(self, number: int) -> WindowBatch:
        rng = np.random.default_rng((self.seed, number))
        pools = self.material.at(number)
        frames = self.frames if rng.random() < 0.6 else int(rng.integers(min(40, self.frames), self.frames + 1))
        rows = [self._window(pools, rng, frames) for _ in range(self.batch)]
        mel, motion, closure, style, emotion, level, share = zip(*rows, strict=True)
        return WindowBatch(
            torch.stack(mel),
            torch.from_numpy(np.stack(motion)),
            torch.from_numpy(np.stack(closure)),
            torch.tensor(style),
            torch.tensor(emotion),
            torch.tensor(level, dtype=torch.float32),
            torch.tensor(share, dtype=torch.float32),
        )

    def _window(self, pools: Pools, rng: np.random.Generator, frames: int) -> tuple:
        mel, lips, closure, style = self._speech(pools.draw(rng), pools.pseudo, rng, frames)
        loudness = mel_loudness(mel)  # (T,)
        first, second = rng.choice(len(EMOTIONS), 2, replace=False)
        level = float(rng.choice([1, 2, 3])) if rng.random() < 0.7 else float(rng.uniform(0.7, 3))
        total = len(lips)
        motion = express(total, EMOTIONS[first], level, rng, loudness, lips, closure)
        share = 1.0
        if rng.random() < self.config.mixed:
            share = float(rng.uniform(0.5, 1))
            other = express(total, EMOTIONS[second], level, rng, loudness, lips, closure)
            motion = share * motion + (1 - share) * other
        begin = int(rng.integers(0, max(total - frames, 0) + 1))
        begin_mel, end_mel = MEL_PER_FRAME * begin, MEL_PER_FRAME * (begin + frames)
        heard = int(rng.integers(0, begin_mel + 1)) if rng.random() < 0.5 else begin_mel
        kinds = KINDS if rng.random() < self.config.augmented else ()
        piece = torch.from_numpy(augment_mel(mel[heard:end_mel], rng, kinds))
        normalizer = MelNormalizer()
        normalizer.update(piece)
        window = normalizer.apply(piece[begin_mel - heard :])
        stop = begin + frames
        return (
            window, motion[begin:stop].astype(np.float32), closure[begin:stop].astype(np.float32), style,
            (int(first), int(second)), level, share,
        )  # fmt: skip

    def _speech(
        self,
        clip: Clip,
        pseudo: Mapping[str, tuple[np.ndarray, np.ndarray]],
        rng: np.random.Generator,
        frames: int,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """Mel (2 T, 64), lips (T, 53), closure (T,) and style of a clip, at least ``frames`` long."""
        mel = clip.mel.astype(np.float32)
        artist = {"labelled": self.config.pseudo_labelled, "tts": self.config.pseudo_synthetic}.get(clip.source, 1.0)
        if clip.name in pseudo and rng.random() < artist:
            lips, closure = pseudo[clip.name]
            style = ARTIST
            if clip.source == "captured":
                lips = clip.lips.astype(np.float32)  # type: ignore[union-attr]
            total = min(len(lips), len(mel) // MEL_PER_FRAME)
            begin = int(rng.integers(0, max(total - frames - LEAD_FRAMES, 0) + 1))
            stop = min(begin + frames + LEAD_FRAMES, total)
            mel = mel[MEL_PER_FRAME * begin : MEL_PER_FRAME * stop]
            lips = lips[begin:stop].astype(np.float32) * _livelier(self.config.livelier, rng)
            closure = closure[begin:stop].astype(np.float32)
        else:
            assert clip.visemes is not None  # the pools hold no other clips
            total = len(mel) // MEL_PER_FRAME
            lips, closure = rule_lips(clip.visemes, total, rng, mel_loudness(mel))
            style = RULE
        missing = frames - len(lips)
        if missing > 0:
            mel = np.concatenate([mel, np.full((missing * MEL_PER_FRAME, MEL_BINS), SILENT_MEL, np.float32)])
            rest = lips[-1:] * np.linspace(1, 0, 5)[1:, None] if len(lips) else np.zeros((0, MOTION_SIZE))
            tail = np.zeros((missing, MOTION_SIZE), np.float32)
            tail[: min(len(rest), missing)] = rest[:missing]
            lips = np.concatenate([lips, tail])
            closure = np.pad(closure, (0, missing))
        return mel, lips, closure, style
