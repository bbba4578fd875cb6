"""The style stage: trains the style basis of a finished checkpoint, which stays as it is: `emoface train style`.

Reference and target share the manner of one person: clips of a person, or the checkpoint's own takes, both changed by
one transform drawn at random (range of regions, resting pose, asymmetry, amount of head). A target made by the
checkpoint is marked as such in the card.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from emoface.audio.features import SAMPLE_RATE
from emoface.audio.hearing import Heard
from emoface.audio.lip_net import MOUTH_SCALE, STYLES
from emoface.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from emoface.checkpoints.difference import SMALL
from emoface.diffusion.denoiser import ClipConditions, Denoiser
from emoface.diffusion.schedule import add_noise, training_times
from emoface.face.layout import FPS, JAW_OPEN_RADIANS, MOTION_INDEX, MOTION_NAMES, MOTION_SIZE, MOUTH, NECK
from emoface.face.manner_statistics import NOT_MANNER, manner_statistics
from emoface.face.speaker_style import POSED, REGIONS
from emoface.people.basis import BasisConfig, StyleAddition, StyleBasis
from emoface.pipeline import Pipeline

from .adapt.clips import PersonClip, read_person
from .adapt.heeded import Heeded, heed, stacked
from .corpus.adapters.signals import RECORDINGS, read_wave
from .losses import channel_mask
from .pack import compact
from .run import (
    Ema,
    TrainingState,
    progress,
    read_config,
    save_tensors,
    seed_everything,
    write_stage_card,
)

_MOUTH = list(MOUTH)
_STATISTICS = len(manner_statistics(np.zeros((2, MOTION_SIZE))).vector())
LONGEST = 8.0
"""Seconds of a recording that one take is made of."""
LOGGED = 40
OWN = 0.1
"""Weight of channels that nobody captured."""


@dataclass
class StyleConfig:
    """Settings of the stage.

    Attributes:
        base: path of the checkpoint, or its name in the package.
        persons: folder of the assets -> clips of one person to take.
        leave_out: end of the names of clips that are not read. voices: folders of recordings for takes of the
            checkpoint -> how many.
        steps, batch, frames, learning_rate, ema, seed, threads, save_every: as named. hidden: of the basis.
        plain: share of rows without a transform. dropped: share without a reference, whose style must do nothing.
        unknown: share of references of which the upper face is not known.
    """

    base: str = "default"
    persons: dict[str, int] = field(default_factory=lambda: {"grid_s1": 160})
    leave_out: str = "a"
    voices: dict[str, int] = field(default_factory=lambda: {"facegood": 12, "emodb": 40, "ljspeech32": 20})
    steps: int = 300
    batch: int = 8
    frames: int = 75
    learning_rate: float = 2e-3
    ema: float = 0.98
    seed: int = 0
    threads: int = 1
    save_every: int = 100
    hidden: int = 64
    plain: float = 0.2
    unknown: float = 0.3

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "frames", "save_every", "hidden"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")


@dataclass(frozen=True, eq=False)
class Manners:
    """Transforms of B persons.

    Attributes:
        gain, offset: (B, 56) of motion about rest, in motion units.
    """

    gain: Tensor
    offset: Tensor

    def apply(self, motion: Tensor) -> Tensor:
        """``clip(gain x + offset)``, (B, T, 56)."""
        moved = motion * self.gain[:, None] + self.offset[:, None]
        jaw = MOTION_INDEX["jaw_pose_x"]
        opening = moved[..., jaw : jaw + 1].clamp(0, JAW_OPEN_RADIANS)
        return torch.cat([moved[..., :jaw].clamp(0, 1), opening, moved[..., jaw + 1 :]], -1)


def draw_manners(rows: int, rng: np.random.Generator, plain: float) -> Manners:
    """Persons drawn at random: range of each region 0.6 .. 1.7, habitual poses, asymmetry, head 0.4 .. 2.2."""
    gain, offset = np.ones((rows, MOTION_SIZE)), np.zeros((rows, MOTION_SIZE))
    left = [i for i, name in enumerate(MOTION_NAMES) if name.endswith("Left")]
    right = [MOTION_INDEX[MOTION_NAMES[i][:-4] + "Right"] for i in left]
    for row in range(rows):
        if rng.random() < plain:
            continue
        for region, starts in REGIONS.items():
            channels = [i for i, name in enumerate(MOTION_NAMES) if name.startswith(starts)]
            gain[row, channels] = np.exp(rng.uniform(-0.5, 0.53))
            if region in POSED and rng.random() < 0.6:
                offset[row, channels] = rng.normal(0, 0.07) + rng.normal(0, 0.02, len(channels))
        lopsided = rng.normal(0, 0.25, len(left))
        gain[row, left] *= np.exp(lopsided / 2)
        gain[row, right] *= np.exp(-lopsided / 2)
        gain[row, list(NECK)] = np.exp(rng.uniform(-0.9, 0.8))
        fixed = list(NOT_MANNER)
        gain[row, fixed], offset[row, fixed] = 1, 0
    return Manners(torch.from_numpy(gain).float(), torch.from_numpy(offset).float())


def train(config: Any, out: str | Path, assets: str | Path | None = None, resume: bool = False) -> Path:
    """Train a style basis; writes ``<out>/style/`` with ``style.safetensors``, the checkpoint with its basis.

    Args:
        config: a JSON file, dict or None for the defaults of :class:`StyleConfig`. out: run folder.
        assets: folder of the persons and voices. resume: go on from the last saved state.

    Returns:
        The folder written.

    Raises:
        ValueError: no assets, or none of the folders is there.
    """
    settings = read_config(StyleConfig, config)
    seed_everything(settings.seed)
    torch.set_num_threads(settings.threads)
    folder = Path(out) / "style"
    folder.mkdir(parents=True, exist_ok=True)
    if assets is None:
        raise ValueError("assets must name the folder of the persons and voices, got none")
    base = load_checkpoint(settings.base)
    pipeline = Pipeline(base, dtype="float32")
    persons = material(pipeline, settings, Path(assets))
    sizes = pipeline.denoiser.config
    around = (sizes.channels, sizes.blocks, sizes.motion, len(MOUTH))
    basis = StyleBasis(BasisConfig(_STATISTICS, *around, settings.hidden))
    _measure_statistics(basis, persons, settings)
    lesson = Lesson(pipeline, basis, persons, settings)
    optimizer = torch.optim.AdamW(basis.parameters(), settings.learning_rate, betas=(0.9, 0.98), weight_decay=0.02)
    ema = Ema(basis, settings.ema)
    state = TrainingState(folder / "state.pt", basis, optimizer, ema)
    first, spent = state.restore() if resume else (0, 0.0)
    started, log = time.monotonic() - spent, []
    for step in progress(range(first, settings.steps), "style", settings.steps, first):
        rate = min(1.0, (step + 1) / 10) * (0.5 + 0.5 * math.cos(math.pi * step / settings.steps))
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * rate
        optimizer.zero_grad()
        terms = lesson.loss(step)
        torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        if nn.utils.clip_grad_norm_(basis.parameters(), 1.0).isfinite():
            optimizer.step()
            ema.update(basis)
        if step % max(settings.steps // LOGGED, 1) == 0:
            log.append({"step": step, **{name: round(float(term.detach()), 5) for name, term in terms.items()}})
        if (step + 1) % settings.save_every == 0:
            state.save(step + 1, time.monotonic() - started)
    ema.copy_to(basis)
    save_tensors(folder / "model.safetensors", basis.state_dict(), basis.describe())
    write_with_basis(folder / "style.safetensors", base, basis)
    write_stage_card(
        folder, "style", settings, steps=settings.steps, minutes=round((time.monotonic() - started) / 60, 1),
        base=base.sha256, clips={name: len(clips) for name, clips in persons.items()},
        own_takes=sum(len(clips) for name, clips in persons.items() if name not in settings.persons),
        parameters=sum(p.numel() for p in basis.parameters()), log=log,
    )  # fmt: skip
    return folder


def write_with_basis(path: Path, base: Checkpoint, basis: StyleBasis) -> str:
    """Write a checkpoint with a basis in place of its own, if it has one; returns the content's SHA-256."""
    tensors = {name: _stored(tensor) for name, tensor in base.tensors.items() if not name.startswith("basis.")}
    tensors |= compact({f"basis.{name}": tensor for name, tensor in basis.state_dict().items()})
    config = {name: value for name, value in base.config.items() if name != "format"}
    return save_checkpoint(path, tensors, {**config, "basis": basis.describe()})


def _stored(tensor: Tensor) -> Tensor:
    """A tensor as float16 where that changes nothing, since checkpoints are read as float32."""
    if tensor.dtype != torch.float32 or tensor.numel() <= SMALL:
        return tensor
    half = tensor.half()
    return half if torch.equal(half.float(), tensor) else tensor


def material(pipeline: Pipeline, settings: StyleConfig, assets: Path) -> dict[str, list[Heeded]]:
    """Clips by person; each folder of voices counts as a person, whose motion is the checkpoint's own."""
    rng = np.random.default_rng(settings.seed)
    found: dict[str, list[Heeded]] = {}
    for name, most in settings.persons.items():
        if (assets / name).is_dir():
            person = read_person(assets / name, chosen=partial(_is_read, settings.leave_out), most=most)
            found[name] = heed(pipeline, person.clips, rng)
    for name, most in settings.voices.items():
        paths = sorted(path for suffix in RECORDINGS for path in (assets / name).rglob(f"*{suffix}"))
        clips = [_own(path) for path in paths[:: max(len(paths) // most, 1)][:most]]
        if clips:
            found[name] = heed(pipeline, clips, rng)
    if not found:
        wanted = ", ".join([*settings.persons, *settings.voices])
        raise ValueError(f"assets {assets} must hold clips in some of {wanted}, got none")
    return found


def _is_read(leave_out: str, name: str) -> bool:
    return not leave_out or not name.endswith(leave_out)


def _own(path: Path) -> PersonClip:
    """The beginning of a recording, of which nobody captured anything."""
    samples = read_wave(path)[: round(LONGEST * SAMPLE_RATE)]
    frames = max(round(len(samples) / SAMPLE_RATE * FPS), 2)
    return PersonClip(path.stem, samples, np.full((frames, MOTION_SIZE), np.nan))


def denoise_in(
    net: Denoiser, added: StyleAddition, noisy: Tensor, times: Tensor, content: Tensor, emotion: Tensor, style: Tensor
) -> Tensor:
    """Predict x0 (B, T, motion) in B styles; the same as with :meth:`StyleBasis.changes` in the weights."""
    clip = net.prepare_clip(content, emotion, style)
    adain = tuple(
        (scale + added.adain[:, i, 0], shift + added.adain[:, i, 1]) for i, (scale, shift) in enumerate(clip.adain)
    )
    clip = ClipConditions(clip.speech + added.entrance[:, None], clip.queries, adain)
    predicted = net.denoise(noisy, net.prepare_schedule(times), clip)
    return (1 + added.gain[:, None]) * predicted + added.offset[:, None]


class Lesson:
    """Draws rows and measures the basis on them; what is drawn depends on the step's number alone."""

    def __init__(
        self, pipeline: Pipeline, basis: StyleBasis, persons: dict[str, list[Heeded]], settings: StyleConfig
    ) -> None:
        self.pipeline, self.basis, self.persons, self.settings = pipeline, basis, persons, settings
        self.names = list(persons)
        weights = np.array([math.sqrt(len(clips)) for clips in persons.values()])
        self.shares = weights / weights.sum()
        self.style = torch.tensor(STYLES[pipeline.sampling.style])
        self.mouth = channel_mask(MOUTH)
        lips = pipeline.hearing.lips
        with torch.no_grad():
            for clips in persons.values():
                for one in clips:
                    speech = None if one.speech is None else one.speech[None]
                    curves, logit = lips(one.mel[None], self.style[None], speech)
                    one.heard = Heard(one.mel[None], speech, curves, logit)

    def loss(self, step: int) -> dict[str, Tensor]:
        """Terms of a step: the denoiser's ``|e|`` of the mouth and ``e^2`` of the rest, and the curves' ``|e|``."""
        settings, net, pipeline = self.settings, self.pipeline.denoiser, self.pipeline
        rng = np.random.default_rng((settings.seed, step))
        generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + step)
        rows = settings.batch
        manners = draw_manners(rows, rng, settings.plain)
        chosen = [self.persons[self.names[int(n)]] for n in rng.choice(len(self.names), rows, p=self.shares)]
        references = torch.stack([
            torch.from_numpy(_reference(clips, manners, row, rng, settings.unknown)).float()
            for row, clips in enumerate(chosen)
        ])  # fmt: skip
        added = self.basis(references)
        crops = [_crop(clips, settings.frames, rng) for clips in chosen]
        target = manners.apply(stacked([one.target[at : at + n] for one, at, n in crops]))
        known = stacked([one.known[at : at + n].clamp(min=OWN) for one, at, n in crops])
        frames = target.shape[1]
        heard, told, curves = self._content(crops, added, frames)
        scaled = (target - pipeline.mean) / pipeline.deviation
        times = training_times(rows, 0.5, generator)
        noisy = add_noise(scaled, torch.randn(scaled.shape, generator=generator), times)
        neutral = pipeline.emotion.neutral.expand(rows, -1)
        predicted = denoise_in(net, added, noisy, times, heard, neutral, self.style.expand(rows))
        error = predicted - scaled
        apart = self.mouth * error.abs() + (1 - self.mouth) * error.square()
        scale = torch.tensor(MOUTH_SCALE)
        lips = (known[..., _MOUTH] * (curves - manners.apply(told)[..., _MOUTH]).abs() / scale).sum()
        return {
            "x0": (known * apart).sum() / known.sum().clamp(min=1),
            "mean": ((known * error).sum(1) / known.sum(1).clamp(min=1)).abs().mean(),
            "lips": lips / known[..., _MOUTH].sum().clamp(min=1),
            "small": 1e-3 * (added.gain.square().mean() + added.adain.square().mean() + added.entrance.square().mean()),
        }

    def _content(
        self, crops: Sequence[tuple[Heeded, int, int]], added: StyleAddition, frames: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Content features (B, T, F) with the style's lips, the plain lips as motion (B, T, 56), and the style's."""
        kind = self.pipeline.audio.config.kind
        features, told, styled = [], [], []
        for row, (one, at, n) in enumerate(crops):
            assert one.heard is not None
            plain = one.heard.curves  # (1, T, mouth)
            changed = (1 + added.lip_gain[row]) * plain + added.lip_offset[row] * plain.new_tensor(MOUTH_SCALE)
            with torch.no_grad():
                heard = Heard(one.heard.mel, one.heard.speech, changed.detach(), one.heard.closure)
                features.append(self.pipeline.audio(heard.content(kind))[0, at : at + n])
            motion = plain.new_zeros(n, MOTION_SIZE)
            motion[:, _MOUTH] = plain[0, at : at + n]
            told.append(motion)
            styled.append(changed[0, at : at + n])
        return stacked(features), stacked(told), stacked(styled)


def _crop(clips: Sequence[Heeded], frames: int, rng: np.random.Generator) -> tuple[Heeded, int, int]:
    one = clips[int(rng.integers(len(clips)))]
    count = min(frames, len(one.target))
    return one, int(rng.integers(len(one.target) - count + 1)), count


def _reference(
    clips: Sequence[Heeded], manners: Manners, row: int, rng: np.random.Generator, unknown: float
) -> np.ndarray:
    """Statistics (D,) of one to four other clips in a manner; now and then of the mouth alone."""
    own = Manners(manners.gain[row : row + 1], manners.offset[row : row + 1])
    parts = [clips[int(rng.integers(len(clips)))] for _ in range(int(rng.integers(1, 5)))]
    motion = np.concatenate([own.apply(one.target[None])[0].numpy().astype(np.float64) for one in parts])
    if any(one.known.any() for one in parts):  # captured: what was not seen is not told
        motion[:, ~np.logical_and.reduce([one.known.any(0).numpy() for one in parts])] = np.nan
    if rng.random() < unknown:
        motion[:, [i for i in range(MOTION_SIZE) if i not in MOUTH]] = np.nan
    return manner_statistics(motion).vector()


def _measure_statistics(basis: StyleBasis, persons: dict[str, list[Heeded]], settings: StyleConfig) -> None:
    """Fill in mean and deviation of the statistics over drawn persons."""
    rng = np.random.default_rng((settings.seed, 1 << 20))
    rows = []
    clips = list(persons.values())
    for _ in range(120):
        rows.append(_reference(clips[int(rng.integers(len(clips)))], draw_manners(1, rng, settings.plain), 0, rng, 0.0))
    drawn = np.array(rows)
    seen = np.isfinite(drawn)
    count = np.maximum(seen.sum(0), 1)
    mean = np.where(seen, drawn, 0).sum(0) / count
    spread = np.sqrt(np.where(seen, (drawn - mean) ** 2, 0).sum(0) / count)
    basis.mean.copy_(torch.from_numpy(mean))
    basis.deviation.copy_(torch.from_numpy(spread.clip(0.05)))
