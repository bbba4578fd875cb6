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
from emoface.audio.lip_net import PERSON, RULE
from emoface.audio.normalize import SILENT_MEL, MelNormalizer
from emoface.binding.emotions import EMOTIONS
from emoface.face.layout import FPS, MOTION_INDEX, MOTION_SIZE, MOUTH, NECK, UPPER

from .corpus.augment import KINDS, augment_mel
from .corpus.backgrounds import Backgrounds
from .corpus.clips import Clip, mel_loudness
from .corpus.visemes import rule_lips
from .expressions import express

LEAD_FRAMES = 40  # extra frames before a captured window, so that onsets fall into some windows
TURN_SECONDS = 0.3, 0.9
"""How long the face takes from the emotion of the frames carried over to the asked one."""


@dataclass(frozen=True)
class MixConfig:
    """Shares of the sources and of the variations in a batch.

    Attributes:
        captured, person, labelled, voice: shares of curves that an artist cleaned, of filmed people's, of real voices
            with phone labels and of real voices with pseudo lips; the rest is synthetic speech.
        pseudo_labelled, pseudo_synthetic: how often those take pseudo lips of a measured style instead of rule lips.
        livelier: deviation of the logarithm by which artist-style lips move more or less, as people differ.
        augmented: share of windows with augmented mels. background: with music or other voices. listening: share of
            windows in which nobody speaks. mixed: share of windows that mix two emotions.
        short: share of windows below the full length, as short as ``shortest``.
        context: share of windows that begin with known frames, up to ``longest_context`` of the window.
        turned: share of those whose known frames have another emotion than the asked one, so that an emotion does
            not fade where context outweighs new frames.
    """

    captured: float = 0.22
    person: float = 0.0
    labelled: float = 0.18
    voice: float = 0.05
    pseudo_labelled: float = 0.3
    pseudo_synthetic: float = 0.08
    livelier: float = 0.12
    augmented: float = 0.7
    background: float = 0.0
    listening: float = 0.0
    mixed: float = 0.08
    short: float = 0.4
    shortest: int = 40
    context: float = 0.5
    longest_context: float = 0.5
    turned: float = 0.0


@dataclass
class WindowBatch:
    """A batch of training windows.

    Attributes:
        mel: (B, 2 T, 64) normalised. motion: (B, T, 56). known: (B, T, 56) 1 where the motion is a target.
        closure: (B, T) 0..1. style: (B,) int64. carried: (B,) int64, frames that are given from the start.
        emotion: (B, 2) int64 indices into ``EMOTIONS``; the second is mixed in by 1 - share.
        level: (B,) float. share: (B,) float in 0.5..1. turned: (B,) bool, another emotion comes before the asked one.
    """

    mel: Tensor
    motion: Tensor
    known: Tensor
    closure: Tensor
    style: Tensor
    carried: Tensor
    emotion: Tensor
    level: Tensor
    share: Tensor
    turned: Tensor


@dataclass
class Spoken:
    """Speech and the face that spoke it.

    Attributes:
        mel: (2 T, 64). lips: (T, 56) motion of speech alone. known: (T, 56) which of it is. closure: (T,).
        style: of the lips. head: (T, 3) captured rotation of the head, None where it was not captured.
    """

    mel: np.ndarray
    lips: np.ndarray
    known: np.ndarray
    closure: np.ndarray
    style: int
    head: np.ndarray | None


@dataclass(frozen=True)
class PseudoLips:
    """Lips that a lip net read off a voice: (T, 56), closures (T,), and in which style."""

    lips: np.ndarray
    closure: np.ndarray
    style: int


class Pools:
    """The clips that windows are cut from, by source, with how often each is drawn."""

    def __init__(
        self, clips: Sequence[Clip], pseudo: Mapping[str, PseudoLips], config: MixConfig
    ) -> None:
        """Set up.

        Args:
            clips: the corpus, or a part of it. pseudo: pseudo lips by clip name.
            config: the mixture; shares of sources that are missing go to the others.

        Raises:
            ValueError: no clip can be used.
        """
        self.pseudo, self.backgrounds = pseudo, Backgrounds([clip.mel for clip in clips])
        shares = {
            "captured": config.captured, "person": config.person, "labelled": config.labelled, "voice": config.voice,
        }  # fmt: skip
        pools: dict[str, list[Clip]] = {name: [] for name in (*shares, "tts")}
        for clip in clips:
            usable = {
                "captured": clip.lips is not None and clip.name in pseudo,
                "voice": clip.name in pseudo,
            }.get(clip.source, clip.visemes is not None)
            if usable:
                pools["person" if clip.source == "captured" and clip.style == "person" else clip.source].append(clip)
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
    """Gain of each channel (56,) of a speaker: one of the jaw, one of rounding, one of the other lips."""
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


def _listening(frames: int, style: int, rng: np.random.Generator) -> Spoken:
    """A face whose owner says nothing: a room's noise, and lips at rest."""
    room = np.full((MEL_PER_FRAME * frames, MEL_BINS), SILENT_MEL, np.float32)
    room += np.float32(rng.uniform(0, 4)) + 0.4 * rng.standard_normal(room.shape, np.float32)
    rest, told = np.zeros((frames, MOTION_SIZE), np.float32), np.ones((frames, MOTION_SIZE), np.float32)
    return Spoken(room, rest, told, np.zeros(frames, np.float32), style, None)


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
        least = min(self.config.shortest, self.frames)
        short = rng.random() < self.config.short
        frames = int(rng.integers(least, self.frames + 1)) if short else self.frames
        rows = [self._window(pools, rng, frames) for _ in range(self.batch)]
        mel, motion, known, closure, style, carried, emotion, level, share, turned = zip(*rows, strict=True)
        return WindowBatch(
            torch.stack(mel),
            torch.from_numpy(np.stack(motion)),
            torch.from_numpy(np.stack(known)),
            torch.from_numpy(np.stack(closure)),
            torch.tensor(style),
            torch.tensor(carried),
            torch.tensor(emotion),
            torch.tensor(level, dtype=torch.float32),
            torch.tensor(share, dtype=torch.float32),
            torch.tensor(turned),
        )

    def _window(self, pools: Pools, rng: np.random.Generator, frames: int) -> tuple:
        config = self.config
        speech = self._speech(pools.draw(rng), pools.pseudo, rng, frames)
        if rng.random() < config.listening:
            speech = _listening(frames + LEAD_FRAMES, speech.style, rng)
        loudness = mel_loudness(speech.mel)  # (T,)
        first, second = (int(i) for i in rng.choice(len(EMOTIONS), 2, replace=False))
        level = float(rng.choice([1, 2, 3])) if rng.random() < 0.7 else float(rng.uniform(0.7, 3))
        motion = self._perform(speech, first, level, rng, loudness)
        share = 1.0
        if rng.random() < config.mixed:
            share = float(rng.uniform(0.5, 1))
            motion = share * motion + (1 - share) * self._perform(speech, second, level, rng, loudness)
        total = len(motion)
        begin = int(rng.integers(0, max(total - frames, 0) + 1))
        carried, turned = 0, False
        if rng.random() < config.context:
            carried = int(rng.integers(1, max(2, int(config.longest_context * frames))))
            turned = bool(rng.random() < config.turned)
            if turned:
                other = self._perform(speech, second, float(rng.choice([1, 2, 3])), rng, loudness)
                turn = float(rng.uniform(*TURN_SECONDS)) * FPS
                after = ((np.arange(total) - begin - carried) / turn).clip(0, 1)
                motion = other + (motion - other) * (after * after * (3 - 2 * after))[:, None]
        begin_mel, end_mel = MEL_PER_FRAME * begin, MEL_PER_FRAME * (begin + frames)
        heard = int(rng.integers(0, begin_mel + 1)) if rng.random() < 0.5 else begin_mel
        kinds = KINDS if rng.random() < config.augmented else ()
        mel = augment_mel(speech.mel[heard:end_mel], rng, kinds)
        if rng.random() < config.background:
            mel = pools.backgrounds.under(mel, rng)
        piece = torch.from_numpy(mel)
        normalizer = MelNormalizer()
        normalizer.update(piece)
        window = normalizer.apply(piece[begin_mel - heard :])
        span = slice(begin, begin + frames)
        return (
            window, motion[span].astype(np.float32), speech.known[span], speech.closure[span].astype(np.float32),
            speech.style, carried, (first, second), level, share, turned,
        )  # fmt: skip

    def _perform(
        self, speech: Spoken, emotion: int, level: float, rng: np.random.Generator, loudness: np.ndarray
    ) -> np.ndarray:
        """Motion (T, 56) of speech with an emotion."""
        lips, closure = speech.lips, speech.closure
        return express(len(lips), EMOTIONS[emotion], level, rng, loudness, lips, closure, speech.head)

    def _speech(
        self, clip: Clip, pseudo: Mapping[str, PseudoLips], rng: np.random.Generator, frames: int
    ) -> Spoken:
        """A clip or a part of it, at least ``frames`` long."""
        mel = clip.mel.astype(np.float32)
        total = len(mel) // MEL_PER_FRAME
        measured = {"labelled": self.config.pseudo_labelled, "tts": self.config.pseudo_synthetic}.get(clip.source, 1.0)
        known, head = np.ones((total, MOTION_SIZE), np.float32), None
        if clip.name in pseudo and rng.random() < measured:
            read = pseudo[clip.name]
            lips, closure, style = read.lips, read.closure, read.style
            if clip.source == "captured":
                lips, seen = clip.measured()
                if seen[:, list(NECK)].any() and lips[:, list(NECK)].any():  # a head that never turns was not tracked
                    head = lips[:, list(NECK)] - lips[:, list(NECK)].mean(0)
                    known[:, list(NECK)] = seen[:, list(NECK)]
                lips[:, [*UPPER, *NECK]] = 0  # the upper face is the emotion's
                if style == PERSON:
                    known[:, list(MOUTH)] = seen[:, list(MOUTH)]
            total = min(len(lips), total)
            begin = int(rng.integers(0, max(total - frames - LEAD_FRAMES, 0) + 1))
            span = slice(begin, min(begin + frames + LEAD_FRAMES, total))
            mel, known = mel[MEL_PER_FRAME * span.start : MEL_PER_FRAME * span.stop], known[span]
            lips = lips[span].astype(np.float32) * _livelier(self.config.livelier, rng)
            closure = closure[span].astype(np.float32)
            head = None if head is None else head[span]
        else:
            assert clip.visemes is not None  # the pools hold no other clips
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
            known = np.pad(known, ((0, missing), (0, 0)), constant_values=1)
            if head is not None:  # held, and no target there
                head = np.pad(head, ((0, missing), (0, 0)), mode="edge")
                known[-missing:, list(NECK)] = 0
        return Spoken(mel, lips, known, closure, style, head)
