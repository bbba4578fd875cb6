"""The speech stage: trains the speech encoder to tell what a large one hears, whatever lies over the voice."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from emoface.audio.features import MEL_PER_FRAME, MEL_RATE, SAMPLE_RATE, log_mel
from emoface.audio.normalize import MelNormalizer, normalize_clip
from emoface.audio.speech_encoder import SpeechEncoder
from emoface.training.corpus.augment import augment_mel
from emoface.training.corpus.sounds import random_music, shaped_noise, unit_level
from emoface.training.lip_net import one_cycle
from emoface.training.run import (
    Ema,
    TrainingState,
    keep_share,
    load_tensors,
    progress,
    read_config,
    save_tensors,
    seed_everything,
    write_stage_card,
)

from .own_teacher import OwnTeacher, Teacher
from .teacher import WhisperTeacher
from .voices import CHUNK, CHUNK_FRAMES, Voices, load_voices, prepare_voices

SOUNDS = ("clean", "noise", "babble", "music")
_PIECE_SECONDS = 8
_FRAME = SAMPLE_RATE * MEL_PER_FRAME // MEL_RATE  # samples of a motion frame
_LARGEST = 32767


@dataclass
class SpeechConfig:
    """Settings of the stage.

    Attributes:
        seed: of everything. teacher: folder of a Whisper model in CTranslate2's format. layers: of it.
        begin_from: run folder whose encoder the training begins with; empty for random weights. Where no teacher is
            named, that encoder is the teacher: what it hears in clean voices is to be heard under sounds too, and what
            reads its features can go on doing so. kept: share of its weights in the result.
        voices: sets of recordings, ``{"name", "folder", "leave_out": [patterns], "repeats": changed copies of each}``;
            relative folders are looked for in the assets folder.
        synthetic_minutes, espeak_share: of speech to synthesise.
        held_out: recordings out of a hundred on which nothing is trained.
        steps, batch, learning_rate, weight_decay, warm_up, ema: training; a batch is of chunks of 3 s.
        minutes: wall-clock budget, 0 for none; above 0 the learning rate falls with the time and not with the steps,
            and the run is not repeatable to the bit.
        model: arguments of ``SpeechEncoder``. clip: standard deviations to which targets are clipped.
        sounds: share of windows with each of ``SOUNDS`` over the voice. decibels: of the voice over it.
        kinds: changes of the log-mel, see ``augment_mel``. cut: share of batches cut at random at both ends.
        shortest: motion frames left at least by a cut. context: longest seconds heard before and after a window.
        pieces: of noise and of music that are made up. bfloat16: compute in bfloat16, with float32 weights.
        save_every: steps between resumable states, each with the weights so far and a loss in the card.
        threads: CPU threads.
    """

    seed: int = 0
    teacher: str = ""
    begin_from: str = ""
    kept: float = 0.0
    layers: list[int] = field(default_factory=lambda: [2, 3])
    voices: list[dict[str, Any]] = field(default_factory=list)
    synthetic_minutes: float = 60.0
    espeak_share: float = 0.75
    held_out: int = 2
    steps: int = 10000
    minutes: float = 0.0
    batch: int = 16
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    warm_up: float = 0.03
    ema: float = 0.998
    model: dict[str, Any] = field(default_factory=dict)
    clip: float = 8.0
    sounds: dict[str, float] = field(default_factory=lambda: {"clean": 0.3, "noise": 0.2, "babble": 0.2, "music": 0.3})
    decibels: list[float] = field(default_factory=lambda: [-2.0, 30.0])
    kinds: list[str] = field(default_factory=lambda: ["eq", "reverb", "codec"])
    cut: float = 0.6
    shortest: int = 12
    context: float = 6.0
    pieces: int = 48
    bfloat16: bool = False
    save_every: int = 500
    threads: int = 1

    def __post_init__(self) -> None:
        unknown = sorted(set(self.sounds) - set(SOUNDS))
        if unknown or not sum(self.sounds.values()) > 0 or min(self.sounds.values()) < 0:
            raise ValueError(f"sounds must give shares of {SOUNDS}, got {self.sounds}")
        if len(self.decibels) != 2 or not self.decibels[0] <= self.decibels[1]:
            raise ValueError(f"decibels must be a lowest and a highest value, got {self.decibels}")
        if self.pieces < 1:
            raise ValueError(f"pieces must be at least 1, got {self.pieces}")
        if not 0 <= self.held_out < 100:
            raise ValueError(f"held_out must be in 0..99, got {self.held_out}")
        if not 1 <= self.shortest <= CHUNK_FRAMES // MEL_PER_FRAME:
            raise ValueError(f"shortest must be in 1..{CHUNK_FRAMES // MEL_PER_FRAME}, got {self.shortest}")
        if not self.minutes >= 0:
            raise ValueError(f"minutes must be at least 0, got {self.minutes}")
        if not 0 <= self.kept < 1 or (self.kept and not self.begin_from):
            raise ValueError(f"kept must be at least 0 and below 1, and above 0 with begin_from alone, got {self.kept}")


class SpeechBatch(NamedTuple):
    """Windows of T motion frames; all windows of a batch are cut alike."""

    mel: Tensor
    """(B, 2 T, 64) normalised."""
    features: Tensor
    """(B, 2 T, D) of the teacher, standardised unless it is the encoder itself."""


class SpeechStudent(nn.Module):
    """The encoder and the layer that tells the teacher's features from its own; only the encoder is kept.

    Without ``features``, the number of the teacher's, it tells its own.
    """

    def __init__(self, model: dict[str, Any], features: int | None) -> None:
        super().__init__()
        self.encoder = SpeechEncoder(**model)
        self.head = nn.Identity() if features is None else nn.Linear(self.encoder.width, features)

    def forward(self, mel: Tensor) -> Tensor:
        """Log-mels (B, 2 T, 64) to features (B, 2 T, D)."""
        return self.head(self.encoder(mel))


class SpeechWindows:
    """Chunks of voices under sounds; a step's windows depend on the seed and the step alone."""

    def __init__(self, voices: Voices, config: SpeechConfig) -> None:
        self.voices, self.config = voices, config
        names, source = np.unique(voices.names, return_inverse=True)  # copies of a recording are held out together
        order = np.random.default_rng(config.seed).permutation(len(names))
        held = (order * 100 < config.held_out * len(names))[source]  # of each recording
        chunks = np.diff(voices.starts)
        self.recording = np.repeat(np.arange(len(source)), chunks)  # of each chunk
        self.taught, self.held_out = (np.flatnonzero(np.repeat(which, chunks)) for which in (~held, held))
        if not len(self.taught):
            raise ValueError("all voices are held out: lower held_out or give more recordings")
        made = [np.random.default_rng((config.seed, number)) for number in range(config.pieces)]
        self.pieces = {
            "noise": [shaped_noise(_PIECE_SECONDS * SAMPLE_RATE, rng) for rng in made],
            "music": [random_music(_PIECE_SECONDS, rng) for rng in made],
        }
        shares = np.array([config.sounds.get(name, 0.0) for name in SOUNDS])
        self.shares = shares / shares.sum()

    def batch(self, step: int) -> SpeechBatch:
        """The windows of one step."""
        rng = np.random.default_rng((self.config.seed, step))
        first, last = 0, CHUNK_FRAMES // MEL_PER_FRAME
        if rng.random() < self.config.cut:
            count = int(rng.integers(self.config.shortest, last + 1))
            first = int(rng.integers(0, last - count + 1))
            last = first + count
        picks = rng.choice(self.taught, self.config.batch)
        mel = np.stack([self._mel(chunk, first, last, rng) for chunk in picks])
        return SpeechBatch(torch.from_numpy(mel), self.features(picks, first, last))

    def features(self, chunks: np.ndarray, first: int = 0, last: int = CHUNK_FRAMES // MEL_PER_FRAME) -> Tensor:
        """The teacher's features of motion frames of chunks (B,), see ``SpeechBatch``: (B, 2 T, D) float32."""
        span = slice(first * MEL_PER_FRAME, last * MEL_PER_FRAME)
        if not self.config.teacher:
            return torch.from_numpy(self.voices.features[chunks, span].astype(np.float32))
        features = self.voices.features[chunks, span].astype(np.float32) - self.voices.mean[span]
        return torch.from_numpy(features / self.voices.deviation).clamp(-self.config.clip, self.config.clip)

    def clean_mel(self, chunk: int) -> Tensor:
        """(150, 64) log-mel of a chunk, normalised by itself."""
        audio = self.voices.samples[chunk * CHUNK : (chunk + 1) * CHUNK].astype(np.float32) / _LARGEST
        return normalize_clip(log_mel(torch.from_numpy(audio)))

    def _mel(self, chunk: int, first: int, last: int, rng: np.random.Generator) -> np.ndarray:
        """A window's log-mel, changed, and normalised by little or much of what was said around it."""
        recording = self.recording[chunk]
        begin, end = self.voices.starts[recording] * CHUNK, self.voices.starts[recording + 1] * CHUNK
        low, high = chunk * CHUNK + first * _FRAME, chunk * CHUNK + last * _FRAME
        longest = int(self.config.context * SAMPLE_RATE)
        before = int(rng.integers(0, min(low - begin, longest) // _FRAME + 1)) if rng.random() < 0.6 else 0
        after = int(rng.integers(0, min(end - high, longest) // _FRAME + 1)) if rng.random() < 0.3 else 0
        heard = slice(low - before * _FRAME, high + after * _FRAME)
        audio = self.voices.samples[heard].astype(np.float32) / _LARGEST
        sound = SOUNDS[rng.choice(len(SOUNDS), p=self.shares)]
        if sound != "clean":
            audio = audio + self._sound(sound, len(audio), rng) * self._level(begin, end, rng)
        mel = torch.from_numpy(augment_mel(log_mel(torch.from_numpy(audio)).numpy(), rng, self.config.kinds))
        normalizer = MelNormalizer()
        normalizer.update(mel)
        inside = slice(before * MEL_PER_FRAME, (before + last - first) * MEL_PER_FRAME)
        return normalizer.apply(mel[inside]).numpy()

    def _level(self, begin: int, end: int, rng: np.random.Generator) -> float:
        """Root mean square of a sound under a recording: so many decibels below where the recording is loud."""
        frames = self.voices.samples[begin:end:7].astype(np.float32) / _LARGEST
        loud = np.square(frames[: len(frames) // 300 * 300]).reshape(-1, 300).mean(1)  # of about an eighth of a second
        speech = np.sqrt(loud[loud > 0.03 * loud.max()].mean()) if loud.max() > 0 else 0.0
        return float(speech * 10 ** (-rng.uniform(self.config.decibels[0], self.config.decibels[1]) / 20))

    def _sound(self, kind: str, count: int, rng: np.random.Generator) -> np.ndarray:
        """(count,) of a sound of unit mean square."""
        if kind in self.pieces:
            piece = self.pieces[kind][rng.integers(self.config.pieces)]
            return np.resize(np.roll(piece, int(rng.integers(len(piece)))), count)
        mix = np.zeros(count, np.float32)
        for _ in range(int(rng.integers(2, 8))):
            start = int(rng.integers(0, max(len(self.voices.samples) - count, 0) + 1))
            voice = self.voices.samples[start : start + count].astype(np.float32)
            mix[: len(voice)] += unit_level(voice) * rng.uniform(0.3, 1)
        return unit_level(mix)


def train(
    config: SpeechConfig | dict[str, Any] | str | Path | None,
    out: str | Path,
    assets: str | Path | None = None,
    resume: bool = False,
) -> Path:
    """Train the speech encoder; writes ``<out>/speech/model.safetensors`` and ``card.json``.

    What the teacher hears is kept in ``<out>/speech`` too, so that a resumed run needs no teacher.

    Args:
        config: a :class:`SpeechConfig`, a dict or JSON file of its fields, or None for the defaults.
        out: run folder.
        assets: folder in which relative folders of voices and of the teacher are looked for; the present one if None.
        resume: keep the voices that were prepared, and go on from the last saved state.

    Returns:
        The folder written.

    Raises:
        FileNotFoundError: the teacher or a folder of voices is missing. ValueError: bad config, or no voices.
        RuntimeError: a synthesiser is needed but not installed.
    """
    if not isinstance(config, SpeechConfig):
        config = read_config(SpeechConfig, config)
    seed_everything(config.seed)
    torch.set_num_threads(config.threads)
    folder = Path(out) / "speech"
    begun = _begun(config)
    if not resume or not (folder / "voices.json").exists():
        known = Path() if assets is None else Path(assets)
        teacher: Teacher = (
            WhisperTeacher(known / config.teacher, tuple(config.layers), config.bfloat16)
            if config.teacher or begun is None
            else OwnTeacher(begun)
        )
        folder.mkdir(parents=True, exist_ok=True)
        prepare_voices(
            folder, config.voices, config.synthetic_minutes, config.espeak_share, config.seed, teacher, known
        )
    voices = load_voices(folder)
    windows = SpeechWindows(voices, config)
    features = len(voices.deviation) if config.teacher else None
    student = SpeechStudent(config.model, features).train()
    if begun is not None:
        student.encoder.load_state_dict(begun.state_dict())
    optimizer = torch.optim.AdamW(
        student.parameters(), config.learning_rate, betas=(0.9, 0.98), weight_decay=config.weight_decay
    )
    ema = Ema(student, config.ema)
    state = TrainingState(folder / "state.pt", student, optimizer, ema)
    first, spent = state.restore() if resume else (0, 0.0)
    averaged = SpeechStudent(config.model, features).eval()
    log, recent = [], []
    steps, started = first, time.monotonic() - spent
    for step in progress(range(first, config.steps), "speech", config.steps, first):
        minutes = (time.monotonic() - started) / 60
        done = minutes / config.minutes if config.minutes else step / config.steps
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * one_cycle(done, config.warm_up)
        batch = windows.batch(step)
        loss = distillation_loss(student, batch, config.bfloat16)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        ema.update(student)
        recent.append(float(loss.detach()))
        steps += 1
        if steps % config.save_every == 0:
            log.append({"step": steps, "minutes": round(minutes, 2), "loss": round(float(np.mean(recent)), 4)})
            print(f"speech: {log[-1]}", flush=True)
            recent = []
            state.save(steps, time.monotonic() - started)
            _save(folder, averaged, ema, config)
    if begun is not None and config.kept:
        ema.copy_to(averaged)
        keep_share(averaged.encoder, begun.state_dict(), config.kept)
        save_tensors(folder / "model.safetensors", averaged.encoder.state_dict(), config.model)
    else:
        _save(folder, averaged, ema, config)
    write_stage_card(
        folder, "speech", config, steps=steps, minutes=round((time.monotonic() - started) / 60, 2),
        voices_minutes=voices.minutes, recordings=len(set(voices.names)), recordings_left_out=voices.left_out,
        parameters=sum(p.numel() for p in student.encoder.parameters()),
        figures=held_out_figures(averaged, windows), log=log,
    )  # fmt: skip
    state.path.unlink(missing_ok=True)
    return folder


def _begun(config: SpeechConfig) -> SpeechEncoder | None:
    """The encoder of the run that training begins with, None if it begins at random."""
    if not config.begin_from:
        return None
    tensors, model = load_tensors(Path(config.begin_from) / "speech" / "model.safetensors")
    if model != config.model:
        raise ValueError(f"begin_from must be a run whose encoder has the shape {config.model}, got {model}")
    encoder = SpeechEncoder(**model)
    encoder.load_state_dict(tensors)
    return encoder.eval().requires_grad_(False)


def distillation_loss(student: SpeechStudent, batch: SpeechBatch, bfloat16: bool = False) -> Tensor:
    """Mean squared error of the standardised features, computed in bfloat16 where asked for."""
    if not bfloat16:
        return (student(batch.mel) - batch.features).square().mean()
    weights = {name: parameter.bfloat16() for name, parameter in student.named_parameters()}
    told = torch.func.functional_call(student, weights, (batch.mel.bfloat16(),))
    return (told.float() - batch.features).square().mean()


@torch.no_grad()
def held_out_figures(student: SpeechStudent, windows: SpeechWindows) -> dict[str, Any]:
    """Share of the variance of the teacher's features that is told, on clean held-out chunks.

    Args:
        student: in eval mode. windows: with held-out chunks.

    Returns:
        ``r2`` of all features and ``chunks``; empty where nothing is held out.
    """
    wrong = there = 0.0
    for chunk in windows.held_out.tolist():
        features = windows.features(np.array([chunk]))
        wrong += float((student(windows.clean_mel(chunk)[None]) - features).square().sum())
        there += float(features.square().sum())
    return {"r2": round(1 - wrong / there, 4), "chunks": len(windows.held_out)} if there else {}


def _save(folder: Path, averaged: SpeechStudent, ema: Ema, config: SpeechConfig) -> None:
    """Write the averaged weights of the encoder."""
    ema.copy_to(averaged)
    save_tensors(folder / "model.safetensors", averaged.encoder.state_dict(), config.model)
