"""The binding stage: first the motion encoder, then every other modality against it, frozen."""

from __future__ import annotations

import dataclasses
import json
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emoface.binding.audio import CALM, CHUNK, PROSODY, Audio
from emoface.binding.contrastive import ContrastiveLoss, soft_positives
from emoface.binding.emotions import EMOTIONS, LEVELS
from emoface.binding.motion import Motion
from emoface.binding.space import DEFAULT_WIDTH, EmotionSpace
from emoface.binding.text.encoder import TextEncoder
from emoface.binding.valence_arousal import CIRCUMPLEX
from emoface.face.layout import MOTION_SIZE
from emoface.training import run
from emoface.training.corpus.augment import augment_mel
from emoface.training.corpus.clips import Clip, load_clips, relative_loudness
from emoface.training.corpus.visemes import rule_lips
from emoface.training.expressions import LEVEL_STRENGTH, express, level_strength
from emoface.training.text.grammar import Grammar
from emoface.training.text.train import read_held_out

MOVING = EMOTIONS[1:]  # the emotions that move the face: the axes of an intensity vector
AROUSAL = {
    "neutral": CALM, "happy": 0.75, "sad": 0.08, "surprised": 0.75, "fear": 0.8, "disgusted": 0.5, "angry":
    0.95, "contempt": 0.4,
}  # fmt: skip
"""Arousal taught for a voice of each emotion, 0..1."""
VOICED_STRENGTH = 0.8  # strength of expression that an acted emotional voice is bound to
_LEAD = 25  # frames made before a window, so that onsets fall inside some windows and before others
_ALERT = ((0.3, 0.1), (0.6, 0.25), (0.9, 0.42))  # (arousal, strength of surprise) at valence 0
_CALM_POINTS = ((0.0, -0.3), (0.3, -0.3), (-0.25, 0.0), (0.25, 0.0))  # points that are neutral besides (0, 0)


@dataclass
class BindingConfig:
    """Settings of the stage.

    Attributes:
        seed: of everything. width: Z. modalities: those to train besides motion; ``label`` is always trained.
        windows: rule-made motion windows to learn from. frames: their length. shortest: shortest crop seen.
        mixed: share of windows that blend two emotions. captured: share over captured lips, where the corpus
            has any.
        motion: arguments of the motion encoder. motion_steps, motion_batch, motion_rate: its training.
        temperature: of the contrast. kernel: distance in strength over which two windows count as alike.
        masked: weight of the masked reconstruction.
        adapter_steps, adapter_batch, adapter_rate, pull: training of an adapter; ``pull`` weighs the cosine
            to the mean motion z of what is told.
        audio: arguments of the audio modality. audio_steps, audio_batch, audio_rate: training of its encoder.
        variants: augmented copies of each voice. synthetic: TTS clips heard as neutral voices.
        validation_speakers: voices kept for validation. prompts: text prompts to learn from.
        held_out: folder of prompts that are never learnt from, whose emotions the figures count.
        check: windows per (emotion, level) in the figures.
    """

    seed: int = 0
    width: int = DEFAULT_WIDTH
    modalities: list[str] = field(default_factory=lambda: ["label", "valence_arousal", "audio", "text"])
    windows: int = 6000
    frames: int = 100
    shortest: int = 12
    mixed: float = 0.15
    captured: float = 0.2
    motion: dict[str, Any] = field(default_factory=dict)
    motion_steps: int = 320
    motion_batch: int = 40
    motion_rate: float = 2e-3
    temperature: float = 0.07
    kernel: float = 0.12
    masked: float = 0.3
    adapter_steps: int = 350
    adapter_batch: int = 128
    adapter_rate: float = 3e-3
    pull: float = 4.0
    audio: dict[str, Any] = field(default_factory=dict)
    audio_steps: int = 300
    audio_batch: int = 32
    audio_rate: float = 1.5e-3
    variants: int = 4
    synthetic: int = 120
    validation_speakers: int = 2
    prompts: int = 12000
    held_out: str | None = "tests/binding/prompts"
    check: int = 12


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


def intensity_of(emotion: str, level: float) -> np.ndarray:
    """Intensity vector (7,) of one emotion at a level."""
    vector = np.zeros(len(MOVING), np.float32)
    if emotion != "neutral":
        vector[MOVING.index(emotion)] = level_strength(level)
    return vector


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
        loudness = relative_loudness(clip.mel)
        if clip.visemes is None or (clip.lips is not None and pool is self.pools[-1] and len(self.pools) > 1):
            lips, closure = np.nan_to_num(clip.lips.astype(np.float32)), np.zeros(clip.frames, np.float32)
        else:
            lips, closure = rule_lips(clip.visemes, clip.frames, rng, loudness)
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
    return _stack(rows)


def class_windows(maker: WindowMaker, each: int, rng: np.random.Generator) -> Windows:
    """``each`` windows of neutral and of every (emotion, level) pair, in that order."""
    pairs = [("neutral", 1.0), *((name, float(level)) for name in MOVING for level in LEVELS)]
    return _stack(
        [
            (maker.pure(name, level, rng), intensity_of(name, level), EMOTIONS.index(name), level)
            for name, level in pairs
            for _ in range(each)
        ]
    )


def _stack(rows: list[tuple[np.ndarray, np.ndarray, int, float]]) -> Windows:
    motion, intensity, emotion, level = zip(*rows, strict=True)
    return Windows(
        torch.from_numpy(np.stack(motion)),
        torch.from_numpy(np.stack(intensity).astype(np.float32)),
        torch.tensor(emotion),
        torch.tensor(level, dtype=torch.float32),
    )


# --- the circumplex ---------------------------------------------------------------------------------------


def circumplex_intensity(points: np.ndarray) -> np.ndarray:
    """What a point of the circumplex means, as a smooth blend of the emotions around it.

    A Gaussian-weighted mean (sigma 0.14) over anchors: neutral at (0, 0) and below, each emotion at its
    canonical place with the level's strength as radius, and growing alertness (mild surprise) up the axis of
    valence 0.

    Args:
        points: (N, 2) valence and arousal, -1..1.

    Returns:
        (N, 7) intensities.
    """
    anchors = [((0.0, 0.0), np.zeros(len(MOVING), np.float32), 4.0)]
    anchors += [(point, np.zeros(len(MOVING), np.float32), 1.0) for point in _CALM_POINTS]
    anchors += [
        ((0.0, arousal), strength * np.eye(len(MOVING), dtype=np.float32)[MOVING.index("surprised")], 3.0)
        for arousal, strength in _ALERT
    ]
    for name in MOVING:
        for level in LEVELS:
            strength = LEVEL_STRENGTH[level]
            place = (CIRCUMPLEX[name][0] * strength, CIRCUMPLEX[name][1] * strength)
            anchors.append((place, intensity_of(name, level), 1.0))
    where = np.array([place for place, _, _ in anchors])  # (A, 2)
    what = np.stack([vector for _, vector, _ in anchors])  # (A, 7)
    much = np.array([weight for _, _, weight in anchors])
    distance = ((points[:, None] - where[None]) ** 2).sum(-1)  # (N, A)
    logits = -distance / (2 * 0.14**2)
    weights = much * np.exp(logits - logits.max(1, keepdims=True))
    return (weights @ what / weights.sum(1, keepdims=True)).astype(np.float32)


def circumplex_points(count: int, rng: np.random.Generator) -> np.ndarray:
    """Points (N, 2) to learn from, in thirds: over the square, near the emotions, on the arousal axis."""
    points = rng.uniform(-1, 1, (count, 2))
    kind = rng.integers(0, 3, count)
    names = rng.choice(MOVING, count)
    centres = np.array([CIRCUMPLEX[name] for name in names]) * rng.uniform(0, 1.05, (count, 1))
    points = np.where((kind == 1)[:, None], centres + 0.06 * rng.standard_normal((count, 2)), points)
    axis = np.stack([0.04 * rng.standard_normal(count), rng.uniform(-0.45, 1, count)], 1)
    return np.clip(np.where((kind == 2)[:, None], axis, points), -1, 1).astype(np.float32)


# --- the motion encoder -----------------------------------------------------------------------------------


def train_motion(motion: Motion, windows: Windows, config: BindingConfig, rng: np.random.Generator) -> float:
    """Train the anchor: contrast of two crops, masked reconstruction, (emotion, level) classes and
    intensities.

    ``L = KL(soft positives || softmax(z1 z2^T / 0.07)) + 0.5 CE + 5 |W z - I|^2 + w |decode(frames) -
    motion|^2``.

    Args:
        motion: the encoder, trained in place. windows: what to learn from. config: settings. rng: of the
            crops.

    Returns:
        Mean loss over the last tenth.
    """
    motion.set_statistics(windows.motion.flatten(0, 1)[::7].float())
    contrast = ContrastiveLoss(config.temperature, learnt=False)
    classify = nn.Linear(config.width, 1 + len(MOVING) * len(LEVELS))
    grade = nn.Linear(config.width, len(MOVING))
    decode = nn.Linear(config.width, MOTION_SIZE)
    parameters = [p for part in (motion, classify, grade, decode) for p in part.parameters()]
    optimizer = torch.optim.AdamW(parameters, config.motion_rate, weight_decay=0.01)
    schedule = _cosine(optimizer, config.motion_steps)
    classes, losses = windows.classes(), []
    motion.train()
    for _ in run.progress(range(config.motion_steps), "motion encoder", config.motion_steps):
        rows = torch.from_numpy(rng.integers(0, len(classes), config.motion_batch))
        loss = torch.zeros(())
        z = []
        for _crop in range(2):
            x = _crop_windows(windows.motion[rows], config.shortest, rng)
            x = motion.normalize(x + 0.01 * float(rng.random()) * torch.randn(x.shape))  # (B, L, 53)
            hidden = _spans(x.shape[:2], rng)  # (B, L)
            frames = motion.encode_normalized(x * ~hidden[..., None], None)  # (B, L, Z)
            wrong = ((decode(frames) - x) * motion.heard).clamp(-3, 3).square().mean(-1)
            loss = loss + config.masked * (wrong * (1 + 2 * hidden)).mean()
            z.append(F.normalize(frames.amax(1), dim=-1))
        positives = soft_positives(windows.intensity[rows], config.kernel)
        loss = loss + contrast(z[0], z[1], positives)
        both, wanted = torch.cat(z), classes[rows].repeat(2)
        known = wanted >= 0
        if known.any():
            loss = loss + 0.5 * F.cross_entropy(10 * classify(both[known]), wanted[known])
        loss = loss + 5 * F.mse_loss(grade(both), windows.intensity[rows].repeat(2, 1)) * len(MOVING)
        losses.append(_step(loss, parameters, optimizer, schedule))
    motion.eval().requires_grad_(False)
    return float(np.mean(losses[-max(len(losses) // 10, 1) :]))


def _crop_windows(motion: Tensor, shortest: int, rng: np.random.Generator) -> Tensor:
    """One length for the batch, a start for each row: (B, T, 53) float16 -> (B, L, 53) float32."""
    total = motion.shape[1]
    length = int(rng.integers(min(shortest, total), total + 1))
    starts = torch.from_numpy(rng.integers(0, total - length + 1, len(motion)))
    index = starts[:, None] + torch.arange(length)  # (B, L)
    return motion[torch.arange(len(motion))[:, None], index].float()


def _spans(shape: Sequence[int], rng: np.random.Generator) -> Tensor:
    """(B, L) bool, true in one stretch of up to 30 % of each of half of the rows."""
    batch, length = shape
    size = rng.integers(0, max(int(0.3 * length), 1) + 1, (batch, 1)) * (rng.random((batch, 1)) < 0.5)
    start = rng.integers(0, length, (batch, 1))
    place = np.arange(length)[None]
    return torch.from_numpy((place >= start) & (place < start + size))


# --- what the other modalities are bound to ---------------------------------------------------------------


class Anchors:
    """Motion embeddings and the intensities they express, to which other modalities are bound.

    Args:
        motion: the frozen encoder. windows: motion windows; each is embedded whole and twice in part.
        shortest: shortest part. kernel: width, in strength, of the mean in :meth:`mean`. rng: of the parts.
    """

    def __init__(
        self, motion: Motion, windows: Windows, shortest: int, kernel: float, rng: np.random.Generator
    ) -> None:
        with torch.no_grad():
            views = [embed_windows(motion, windows.motion)]
            views += [embed_windows(motion, windows.motion, max(shortest, 25), rng) for _ in range(2)]
        self.z = torch.stack(views, 1)  # (N, 3, Z)
        self.intensity, self.kernel = windows.intensity, kernel

    def mean(self, intensity: Tensor) -> Tensor:
        """Mean motion z around intensities (B, 7): ``normalize(sum_j exp(-|I - I_j|^2 / 2k^2) z_j)``."""
        distance = torch.cdist(intensity, self.intensity).square()  # (B, N)
        weights = torch.softmax(distance / (-2 * self.kernel**2), 1)
        return F.normalize(weights @ self.z.mean(1), dim=1)

    def draw(self, intensity: Tensor, rng: np.random.Generator) -> Tensor:
        """The z of some motion near each of the intensities (B, 7); (B, Z)."""
        distance = torch.cdist(intensity, self.intensity).square()
        weights = torch.softmax(distance / (-2 * (self.kernel / 2) ** 2), 1)
        noise = torch.from_numpy(rng.gumbel(size=weights.shape).astype(np.float32))
        rows = (weights.clamp(min=1e-30).log() + noise).argmax(1)
        return self.z[rows, torch.from_numpy(rng.integers(0, self.z.shape[1], len(rows)))]


@torch.no_grad()
def embed_windows(
    motion: Motion, windows: Tensor, shortest: int | None = None, rng: np.random.Generator | None = None
) -> Tensor:
    """z (N, Z) of windows (N, T, 53): whole, or with ``rng`` of crops of at least ``shortest`` frames."""
    blocks = [
        motion(block.float() if rng is None else _crop_windows(block, shortest or 1, rng))
        for block in windows.split(128)
    ]
    return torch.cat(blocks)


Batch = tuple[tuple[Tensor, ...], Tensor]
"""Inputs of a modality's ``forward``, and the intensities (B, 7) that they tell."""


def bind(
    modality: nn.Module,
    anchors: Anchors,
    batches: Iterator[Batch],
    config: BindingConfig,
    rng: np.random.Generator,
) -> dict[str, float]:
    """Train a modality's adapter to meet the motions that express what its inputs tell.

    ``L = symmetric InfoNCE(z_m, z_motion) + pull (1 - cos(z_m, mean motion z))``; the encoder stays as it is.
    This is
    all that a further modality needs: batches of its inputs with their intensities.

    Args:
        modality: a :class:`emoface.binding.Modality`. anchors: what to meet. batches: endless. config:
            settings.
        rng: of the motions drawn.

    Returns:
        Loss over the last tenth, and the temperature reached.
    """
    contrast = ContrastiveLoss(config.temperature)
    parameters = [*modality.adapter.parameters(), *contrast.parameters()]
    optimizer = torch.optim.AdamW(parameters, config.adapter_rate, weight_decay=0.0)
    schedule = _cosine(optimizer, config.adapter_steps)
    modality.eval()
    losses = []
    for _ in run.progress(range(config.adapter_steps), f"{modality.name} adapter", config.adapter_steps):
        inputs, intensity = next(batches)
        z = modality(*inputs)  # (B, Z)
        away = 1 - (z * anchors.mean(intensity)).sum(1)
        loss = contrast(z, anchors.draw(intensity, rng), soft_positives(intensity, config.kernel))
        losses.append(_step(loss + config.pull * away.mean(), parameters, optimizer, schedule))
    modality.requires_grad_(False)
    tail = losses[-max(len(losses) // 10, 1) :]
    return {"loss": float(np.mean(tail)), "temperature": float(1 / contrast.scale().detach())}


def _cosine(optimizer: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LRScheduler:
    warm = max(min(30, steps // 10), 1)
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: min((n + 1) / warm, 0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * min(n / steps, 1))))
    )


def _step(
    loss: Tensor,
    parameters: list[nn.Parameter],
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> float:
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    schedule.step()
    return float(loss.detach())


def label_batches(config: BindingConfig, rng: np.random.Generator) -> Iterator[Batch]:
    """Names with levels: half at 1, 2, 3, half anywhere in 0..3."""
    while True:
        emotion = rng.integers(0, len(EMOTIONS), config.adapter_batch)
        whole = rng.random(config.adapter_batch) < 0.5
        level = np.where(whole, rng.choice(LEVELS, len(whole)), rng.uniform(0, 3, len(whole))).astype(np.float32)
        intensity = np.stack([intensity_of(EMOTIONS[e], v) for e, v in zip(emotion, level, strict=True)])
        yield (torch.from_numpy(emotion), torch.from_numpy(level)), torch.from_numpy(intensity)


def circumplex_batches(config: BindingConfig, rng: np.random.Generator) -> Iterator[Batch]:
    """Points of the circumplex with the smooth blend they stand for."""
    while True:
        points = circumplex_points(config.adapter_batch, rng)
        yield (torch.from_numpy(points),), torch.from_numpy(circumplex_intensity(points))


class Prompts:
    """Generated prompts, their token features computed once.

    Args:
        encoder: the frozen prompt encoder. count: prompts. rng: of the grammar. excluded: texts not to learn from.
    """

    def __init__(
        self, encoder: TextEncoder, count: int, rng: np.random.Generator, excluded: Sequence[str] = ()
    ) -> None:
        grammar = Grammar(rng, excluded)
        prompts = [grammar.draw() for _ in range(count)]
        self.encoder = encoder
        self.texts = [prompt.text for prompt in prompts]
        self.intensity = torch.stack([torch.from_numpy(prompt_intensity(p.shares, p.level)) for p in prompts])
        self.order = np.argsort([len(text) for text in self.texts])  # rows of one batch are of similar length

    def batches(self, config: BindingConfig, rng: np.random.Generator) -> Iterator[Batch]:
        """Random prompts, similar ones in length together."""
        size = min(config.adapter_batch, len(self.texts))
        pool = min(len(self.texts), 8 * size)
        while True:
            begin = int(rng.integers(0, len(self.texts) - pool + 1))
            rows = rng.choice(self.order[begin : begin + pool], size, replace=False)
            yield self.encoder.tokenize([self.texts[row] for row in rows]), self.intensity[rows]


def prompt_intensity(shares: dict[str, float], level: float) -> np.ndarray:
    """Intensity vector (7,) of a prompt; one that tells nothing (all shares equal) is neutral."""
    values = np.array([shares.get(name, 0.0) for name in MOVING], np.float32)
    if max(shares.values()) < 0.3:
        return np.zeros_like(values)
    return values * level_strength(level or 2)


# --- voices -----------------------------------------------------------------------------------------------


class Voices:
    """Voices with emotion labels as inputs of the audio encoder, each in several augmented variants.

    Args:
        clips: voices; those without an emotion count as neutral. weights: how often each is drawn.
        audio: the modality that makes the inputs. variants: copies of each, the first as recorded. rng: of
            the copies.
    """

    def __init__(
        self,
        clips: Sequence[Clip],
        weights: Sequence[float],
        audio: Audio,
        variants: int,
        rng: np.random.Generator,
    ) -> None:
        self.emotions = [clip.emotion or "neutral" for clip in clips]
        self.weights = np.asarray(weights, float) / np.sum(weights)
        self.copies = []
        for clip in clips:
            mels = [clip.mel.astype(np.float32)] + [augment_mel(clip.mel, rng) for _ in range(variants - 1)]
            self.copies.append([audio.tracks(torch.from_numpy(mel)) for mel in mels])

    def prosody(self) -> Tensor:
        """Prosody (n, 6) of all speech frames."""
        return torch.cat([tracks[speech][:, -len(PROSODY) :] for copies in self.copies for tracks, speech in copies])

    def draw(self, count: int, rng: np.random.Generator) -> tuple[tuple[Tensor, ...], list[str]]:
        """Inputs (tracks, real, speech) of random stretches of 1.2 to 6 s, and their emotions."""
        rows = rng.choice(len(self.copies), count, p=self.weights)
        width = int(rng.integers(60, CHUNK + 1))
        pieces = []
        for row in rows:
            tracks, speech = self.copies[row][int(rng.integers(len(self.copies[row])))]
            begin = int(rng.integers(0, max(len(tracks) - width, 0) + 1))
            pieces.append((tracks[begin : begin + width], speech[begin : begin + width]))
        return _pad_voices(pieces), [self.emotions[row] for row in rows]

    def batches(self, config: BindingConfig, rng: np.random.Generator) -> Iterator[Batch]:
        """Batches for :func:`bind`."""
        while True:
            inputs, emotions = self.draw(config.audio_batch, rng)
            vectors = [VOICED_STRENGTH * intensity_of(name, LEVELS[-1]) for name in emotions]
            yield inputs, torch.from_numpy(np.stack(vectors))


def _pad_voices(pieces: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
    width = max(len(speech) for _, speech in pieces)
    tracks = torch.stack([F.pad(t, (0, 0, 0, width - len(t))) for t, _ in pieces])
    speech = torch.stack([F.pad(s, (0, width - len(s))) for _, s in pieces])
    real = torch.stack([F.pad(torch.ones(len(s), dtype=torch.bool), (0, width - len(s))) for _, s in pieces])
    return tracks, real, speech


def train_audio(audio: Audio, voices: Voices, config: BindingConfig, rng: np.random.Generator) -> float:
    """Train the audio encoder on arousal (soft binary cross-entropy) and emotion; returns the loss."""
    frames = voices.prosody()
    audio.track_mean.copy_(frames.mean(0))
    audio.track_scale.copy_(frames.std(0).clamp(min=0.05))
    parameters = list(audio.parameters())
    optimizer = torch.optim.AdamW(parameters, config.audio_rate, weight_decay=0.05)
    schedule = _cosine(optimizer, config.audio_steps)
    losses = []
    audio.train()
    for _ in run.progress(range(config.audio_steps), "audio encoder", config.audio_steps):
        inputs, emotions = voices.draw(config.audio_batch, rng)
        arousal, logits = audio.heads(*inputs)
        wanted = torch.tensor([AROUSAL[name] for name in emotions])
        places = torch.tensor([EMOTIONS.index(name) for name in emotions])
        loss = 2 * F.binary_cross_entropy_with_logits(arousal, wanted)
        loss = loss + F.cross_entropy(logits, places, label_smoothing=0.05)
        losses.append(_step(loss, parameters, optimizer, schedule))
    audio.eval()
    return float(np.mean(losses[-max(len(losses) // 10, 1) :]))


def split_voices(clips: Sequence[Clip], validation: int) -> tuple[list[Clip], list[Clip]]:
    """Voices with an emotion label: (training, validation), the last speakers by name held back."""
    voices = [clip for clip in clips if clip.emotion is not None and clip.source in ("labelled", "voice")]
    speakers = sorted({(clip.dataset, clip.speaker) for clip in voices})
    kept = set(speakers[len(speakers) - validation :]) if len(speakers) > validation else set()
    inside = [clip for clip in voices if (clip.dataset, clip.speaker) not in kept]
    return inside, [clip for clip in voices if (clip.dataset, clip.speaker) in kept]


# --- figures ----------------------------------------------------------------------------------------------


def _auc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    if not len(positive) or not len(negative):
        return None
    p, n = np.asarray(positive)[:, None], np.asarray(negative)[None]
    return float((p > n).mean() + 0.5 * (p == n).mean())


def voice_figures(space: EmotionSpace, clips: Sequence[Clip]) -> dict[str, Any]:
    """Arousal AUC (angry, happy, fear against sad, neutral), mean arousal, and recall of four classes."""
    audio: Audio = space.modalities["audio"]  # type: ignore[assignment]
    known = [clip for clip in clips if clip.emotion is not None and clip.source in ("labelled", "voice")]
    known = [clip for clip in known if len(clip.mel) >= 10]
    if not known:
        return {"clips": 0}
    mels = [torch.from_numpy(clip.mel.astype(np.float32)) for clip in known]
    arousal = {name: [] for name in EMOTIONS}
    right = {name: [] for name in ("neutral", "happy", "sad", "angry")}
    bound = {name: [] for name in right}
    for clip, mel in zip(known, mels, strict=True):
        arousal[clip.emotion].append(audio.arousal(mel))
        if clip.emotion in right:
            shares = audio.predict(mel)
            right[clip.emotion].append(max(right, key=lambda name: shares[name]) == clip.emotion)
            bound[clip.emotion].append(space.nearest_label(space.encode(audio=mel))[0] == clip.emotion)
    high = [*arousal["angry"], *arousal["happy"], *arousal["fear"]]
    return {
        "clips": len(known),
        "speakers": sorted({clip.speaker for clip in known}),
        "arousal_auc": _auc(high, [*arousal["sad"], *arousal["neutral"]]),
        "arousal_mean": {name: round(float(np.mean(a)), 3) for name, a in arousal.items() if a},
        "ua_4_classes_head": _recall(right),
        "ua_4_classes_of_z_among_8": _recall(bound),
    }


def prompt_figures(space: EmotionSpace, held_out: str | None) -> dict[str, str]:
    """Emotions that the nearest label of z gets right on each set of held-out prompts, fall-backs included."""
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, rows in read_held_out(held_out).items():
            right = [space.nearest_label(space.encode(text=row["text"]))[0] == row["emotion"] for row in rows]
            found[name] = f"{sum(right)} of {len(right)}"
    return found


def _recall(right: dict[str, list[bool]]) -> float | None:
    shares = [float(np.mean(hits)) for hits in right.values() if hits]
    return float(np.mean(shares)) if shares else None


def _retrieval(a: Tensor, b: Tensor, classes_a: Tensor, classes_b: Tensor) -> dict[str, float]:
    """R@1 of rows ``a`` among ``b``: same (emotion, level), and same emotion."""
    found = classes_b[(a @ b.T).argmax(1)]
    emotion = (found + len(LEVELS) - 1) // len(LEVELS) == (classes_a + len(LEVELS) - 1) // len(LEVELS)
    return {"class": float((found == classes_a).float().mean()), "emotion": float(emotion.float().mean())}


@torch.no_grad()
def figures(space: EmotionSpace, maker: WindowMaker, config: BindingConfig, rng: np.random.Generator) -> dict[str, Any]:
    """Retrieval, nearest-label accuracy, agreement of windows and order of levels on fresh motion."""
    motion: Motion = space.modalities["motion"]  # type: ignore[assignment]
    windows = class_windows(maker, config.check, rng)
    classes, z = windows.classes(), embed_windows(motion, windows.motion)
    points = space.label_points()
    labels = torch.cat([points[:1, 0], points[1:].flatten(0, 1)])  # (22, Z)
    place = torch.arange(len(labels))
    quarter = embed_windows(motion, windows.motion[:, ::1][:, config.frames // 3 :][:, : max(config.frames // 4, 1)])
    half = embed_windows(motion, windows.motion[:, config.frames // 3 :][:, : max(config.frames // 2, 1)])
    along = points[1:] @ points[0, 0]  # (7, 3) cosine with neutral
    result: dict[str, Any] = {
        "motion_to_label": _retrieval(z, labels, classes, place),
        "label_to_motion": _retrieval(labels, z, place, classes),
        "quarter_window_to_label": _retrieval(quarter, labels, classes, place),
        "half_window_to_label": _retrieval(half, labels, classes, place),
        "cosine_quarter_to_whole": float((quarter * z).sum(1).mean()),
        "cosine_half_to_whole": float((half * z).sum(1).mean()),
        "cosine_label_to_its_motion": float((labels[classes] * z).sum(1).mean()),
        "cosine_neutral_to_levels": [round(float(v), 3) for v in along.mean(0)],
        "levels_ordered": bool((along[:, 0] > along[:, 1]).all() and (along[:, 1] > along[:, 2]).all()),
    }
    if "text" in space.modalities:
        text: Any = space.modalities["text"]
        grammar, prompts = Grammar(rng), []
        while len(prompts) < 60 * config.check:
            prompt = grammar.draw()
            if max(prompt.shares.values()) > 0.9:
                prompts.append(prompt)
        told = [max(prompt.shares, key=lambda name: prompt.shares[name]) for prompt in prompts]
        wanted = torch.tensor(
            [0 if n == "neutral" else MOVING.index(n) * 3 + (p.level or 2) for n, p in zip(told, prompts, strict=True)]
        )
        spoken = torch.cat(
            [text(*text.encoder.tokenize([p.text for p in prompts[i : i + 64]])) for i in range(0, len(prompts), 64)]
        )
        result["held_out_prompts"] = prompt_figures(space, config.held_out)
        result["text_to_label"] = _retrieval(spoken, labels, wanted, place)
        result["text_to_motion"] = _retrieval(spoken, z, wanted, classes)
        result["motion_to_text"] = _retrieval(z, spoken, classes, wanted)
    if "valence_arousal" in space.modalities:
        axis = {}
        for arousal in (-0.3, 0.0, 0.3, 0.6, 0.9):
            name, level, cosine = space.nearest_label(space.encode(valence_arousal=(0.0, arousal)))
            axis[f"{arousal:g}"] = f"{name} {level:g} ({cosine:.2f})"
        result["arousal_axis"] = axis
        corners = {name: space.nearest_label(space.encode(valence_arousal=CIRCUMPLEX[name])) for name in MOVING}
        result["circumplex_names_right"] = float(np.mean([corners[name][0] == name for name in MOVING]))
    return result


# --- the stage --------------------------------------------------------------------------------------------


def train(
    config: str | Path | dict[str, Any] | None,
    out: str | Path,
    assets: str | Path | None = None,
    resume: bool = False,
) -> dict[str, Any]:
    """Run the stage: ``<out>/binding/model.safetensors`` and ``card.json``, from ``<out>/corpus`` and
    ``<out>/text``.

    Args:
        config: JSON file or dict of :class:`BindingConfig`. out: the training folder. assets: not used by
            this stage.
        resume: keep the parts (motion encoder, each modality) that a run with the same settings already
            finished.

    Returns:
        The figures written to the card.

    Raises:
        FileNotFoundError: no corpus, or no text encoder where ``text`` is asked for; the message names the
        stage to run.
        ValueError: bad settings.
    """
    settings = run.read_config(BindingConfig, config)
    folder = Path(out) / "binding"
    clips = load_clips(Path(out) / "corpus")
    text_state = run.load_tensors(Path(out) / "text" / "model.safetensors") if "text" in settings.modalities else None
    folder.mkdir(parents=True, exist_ok=True)
    started = time.time()
    names = ["label", *(name for name in settings.modalities if name not in ("label", "motion"))]
    inside, validation = split_voices(clips, settings.validation_speakers)
    if "audio" in names and not inside:
        warnings.warn("the corpus has no real voices with emotion labels; audio is left out", stacklevel=2)
        names.remove("audio")
    arguments: dict[str, dict[str, Any]] = {"audio": settings.audio}
    if text_state is not None:
        arguments["text"] = {"encoder": text_state[1]}

    run.seed_everything(settings.seed)
    space = EmotionSpace(settings.width, {"motion": settings.motion, "label": {}})
    maker = WindowMaker(clips, settings.frames, settings.captured)
    windows = make_windows(maker, settings.windows, settings.mixed, _rng(settings, "windows"))
    parts = _Parts(folder / "parts.pt", settings, resume)
    motion: Motion = space.modalities["motion"]  # type: ignore[assignment]

    def learn_motion() -> dict[str, Any]:
        return {"loss": train_motion(motion, windows, settings, _rng(settings, "motion"))}

    log = {"motion": parts.run("motion", motion, learn_motion)}
    motion.eval().requires_grad_(False)
    points = circumplex_points(settings.windows // 5, _rng(settings, "points"))
    rng = _rng(settings, "blends")
    blends = [(maker.blend(v, rng), v, -1, 0.0) for v in circumplex_intensity(points)]
    known = Windows(*(torch.cat(pair) for pair in zip(_fields(windows), _fields(_stack(blends)), strict=True)))
    anchors = Anchors(motion, known, settings.shortest, settings.kernel / 2, _rng(settings, "anchors"))

    for name in names:
        torch.manual_seed(settings.seed)
        modality = space.modalities[name] if name == "label" else space.add(name, **arguments.get(name, {}))

        def learn(name: str = name, modality: Any = modality) -> dict[str, Any]:
            rng = _rng(settings, name)
            facts: dict[str, Any] = {}
            if name == "label":
                batches = label_batches(settings, rng)
            elif name == "valence_arousal":
                batches = circumplex_batches(settings, rng)
            elif name == "text":
                modality.encoder.load_state_dict(text_state[0])  # type: ignore[index]
                modality.encoder.eval().requires_grad_(False)
                batches = Prompts(modality.encoder, settings.prompts, rng, _texts(settings)).batches(settings, rng)
            elif name == "audio":
                spoken, weights = _voice_weights(clips, inside, settings.synthetic, rng)
                voices = Voices(spoken, weights, modality, settings.variants, rng)
                facts = {"voices": len(inside), "encoder_loss": train_audio(modality, voices, settings, rng)}
                modality.requires_grad_(False)
                modality.adapter.requires_grad_(True)
                batches = voices.batches(settings, rng)
            else:
                raise ValueError(f"modalities has {name!r}, for which this stage has no batches; call bind() with some")
            return {**facts, **bind(modality, anchors, batches, settings, rng)}

        log[name] = parts.run(name, modality, learn)

    space.eval()
    with torch.no_grad():
        space.prototypes.copy_(_prototypes(anchors))
    result = figures(space, maker, settings, _rng(settings, "figures"))
    if "audio" in names:
        held_out = Path(out) / "corpus" / "held_out"
        result["audio_validation"] = voice_figures(space, validation)
        result["audio_held_out"] = voice_figures(space, load_clips(held_out) if held_out.exists() else [])
    run.save_tensors(folder / "model.safetensors", space.state_dict(), space.config())
    run.write_card(
        folder,
        "binding",
        settings,
        data={"clips": len(clips), "windows": len(known.level), "voices": len(inside)},
        parameters={name: sum(p.numel() for p in m.parameters()) for name, m in space.modalities.items()},
        training=log,
        figures=result,
        minutes=round((time.time() - started) / 60, 2),
    )
    return result


def _texts(config: BindingConfig) -> list[str]:
    return [row["text"] for rows in read_held_out(config.held_out).values() for row in rows]


def _fields(windows: Windows) -> tuple[Tensor, ...]:
    return windows.motion, windows.intensity, windows.emotion, windows.level


def _rng(config: BindingConfig, part: str) -> np.random.Generator:
    """A generator of its own for each part, so that leaving one out changes no other."""
    return np.random.default_rng([config.seed, *part.encode()])


def _prototypes(anchors: Anchors) -> Tensor:
    """Mean motion z (8, 3, Z) of each emotion and level."""
    vectors = [intensity_of(name, level) for name in EMOTIONS for level in LEVELS]
    return anchors.mean(torch.from_numpy(np.stack(vectors))).unflatten(0, (len(EMOTIONS), len(LEVELS)))


def _voice_weights(
    clips: Sequence[Clip], inside: Sequence[Clip], synthetic: int, rng: np.random.Generator
) -> tuple[list[Clip], list[float]]:
    """Voices and how often to hear them: emotions nearly evenly, synthetic speech a tenth."""
    counts = {name: sum(clip.emotion == name for clip in inside) for name in EMOTIONS}
    weights = [counts[clip.emotion] ** -0.7 for clip in inside]  # type: ignore[index]
    others = [clip for clip in clips if clip.source == "tts" and clip.frames >= 25]
    chosen = [others[i] for i in rng.permutation(len(others))[:synthetic]]
    share = 0.1 * sum(weights) / 0.9 / max(len(chosen), 1)
    return [*inside, *chosen], [*weights, *[share] * len(chosen)]


class _Parts:
    """Finished parts of the stage, saved after each, so that an interrupted run goes on where it was."""

    def __init__(self, path: Path, config: BindingConfig, resume: bool) -> None:
        settings = dataclasses.asdict(config)
        for name in ("modalities", "prompts", "held_out", "check"):  # these change no part but text
            settings.pop(name)
        self.path, self.key = path, json.dumps(settings, sort_keys=True)
        self.done: dict[str, dict[str, Tensor]] = {}
        self.facts: dict[str, Any] = {}
        if resume and path.exists():
            state = run.load_state(path)
            if state["key"] == self.key:
                self.done, self.facts = state["done"], json.loads(state["facts"])

    def run(self, name: str, module: nn.Module, learn: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Restore a part, or learn and save it; returns the facts of its training."""
        if name in self.done:
            module.load_state_dict(self.done[name])
            return self.facts[name]
        begin = time.time()
        self.facts[name] = {**learn(), "seconds": round(time.time() - begin, 1)}
        self.done[name] = {key: value.clone() for key, value in module.state_dict().items()}
        run.save_state(self.path, key=self.key, done=self.done, facts=json.dumps(self.facts))
        return self.facts[name]
