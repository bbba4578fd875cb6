"""Distillation into a network of few steps with guidance as an input: `emoface train distill`.

The student learns where the teacher's trajectory ends: from the same start noise, the teacher samples with
classifier-free guidance and many steps, and every point of the student's own trajectory of 1, 2 or 4 steps must be
mapped to that end (the consistency of Song et al. 2023, with ends computed by the teacher as in Luhman & Luhman 2021).
The map is deterministic, so there is nothing to average over and the takes stay as different as the teacher's. The
strength of guidance goes into the time embedding (Meng et al. 2023): one network call per step instead of two.
"""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from emoface.audio.encoder import ContentConfig, ContentEncoder
from emoface.audio.hearing import Hearing
from emoface.binding.space import EmotionSpace
from emoface.diffusion.denoiser import Denoiser, DenoiserConfig
from emoface.diffusion.finish import Sampling
from emoface.diffusion.guidance import Guidance, stack_conditions
from emoface.diffusion.noise import start_noise
from emoface.diffusion.samplers import SAMPLERS, needs_noise, sample
from emoface.diffusion.schedule import sampling_times
from emoface.face.layout import MOUTH
from emoface.options import AnimateOptions, options_of

from . import losses
from .corpus.clips import load_clips, require_layout
from .corpus.skipped import Skipped
from .denoiser import EmotionSource, cosine, measured_lips, prompt_bank, save_network
from .lip_net import load_hearing
from .motion_windows import MixConfig, MotionWindows, Pools, WindowBatch
from .run import (
    Ema,
    TrainingState,
    load_tensors,
    progress,
    read_config,
    seed_everything,
    write_stage_card,
)

GUIDANCE = options_of(AnimateOptions)["guidance"].range
SILENT_LEVEL = -1.0  # normalised log-mel below which nobody speaks


@dataclass
class DistillTraining:
    """Config of the stage.

    Attributes:
        steps, batch, learning_rate, warm_up, ema, seed, threads, workers, save_every: as in ``DenoiserTraining``.
        window: longest window in frames.
        teacher_steps: network calls of the teacher's trajectories, with the sampler ``teacher_sampler``.
        student_steps: numbers of steps that the student is made for.
        guided: share of batches with guidance drawn from the whole range of ``animate``; the others have 1.
        sampling: fields of ``Sampling`` that differ from its defaults: scales of the start noise, which are drawn
            between 1 and these, swings between 0 and these. Beyond the checkpoint's own, these stay free to be chosen
            afterwards.
        closure, jaw, lips, sideways, velocity, mouth_velocity: loss weights, as in ``DenoiserTraining``.
        take: loss weight of the mean pose over the window, which tells takes apart.
        prompts: prompts that some emotions are taken from. synthetic_pseudo, pseudo_person, mix: as in
            ``DenoiserTraining``.
    """

    steps: int = 2000
    batch: int = 16
    learning_rate: float = 4e-4
    warm_up: int = 50
    ema: float = 0.99
    seed: int = 0
    threads: int = 1
    workers: int = 1
    save_every: int = 100
    window: int = 100
    teacher_steps: int = 8
    teacher_sampler: str = "ddim"
    student_steps: list[int] = field(default_factory=lambda: [1, 2, 4])
    guided: float = 0.5
    sampling: dict[str, Any] = field(default_factory=dict)
    closure: float = 2.0
    jaw: float = 4.0
    lips: float = 1.5
    sideways: float = 0.3
    velocity: float = 1.0
    mouth_velocity: float = 0.4
    take: float = 2.0
    prompts: int = 1000
    synthetic_pseudo: int = 200
    pseudo_person: float = 0.0
    mix: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.teacher_sampler not in SAMPLERS:
            raise ValueError(f"teacher_sampler must be one of {', '.join(SAMPLERS)}, got {self.teacher_sampler!r}")
        if needs_noise(SAMPLERS[self.teacher_sampler](4)):
            raise ValueError(f"teacher_sampler must add no noise on its way, got {self.teacher_sampler!r}")
        if self.teacher_steps < 1:
            raise ValueError(f"teacher_steps must be at least 1, got {self.teacher_steps}")
        if not self.student_steps or min(self.student_steps) < 1:
            raise ValueError(f"student_steps must hold numbers of at least 1, got {self.student_steps}")


@dataclass(frozen=True)
class Drawn:
    """What one training step draws: conditions, a start and the numbers of the trajectory.

    Attributes:
        content: (B, T, F). emotion: (B, Z). style: (B,). start: (B, T, 56). known: (B, T, 56) motion of carried frames.
        mask: (B, T) which those are. guidance: its strength. count: the student's steps. place: the one to learn.
    """

    content: Tensor
    emotion: Tensor
    style: Tensor
    start: Tensor
    known: Tensor
    mask: Tensor
    guidance: float
    count: int
    place: int


class Distillation:
    """A teacher and its student."""

    def __init__(
        self, settings: DistillTraining, teacher: Denoiser, hearing: Hearing, content: ContentEncoder
    ) -> None:
        self.settings, self.teacher, self.hearing, self.content = settings, teacher, hearing, content
        self.student = Denoiser(DenoiserConfig(**{**teacher.describe(), "guided": True}))
        missing = self.student.load_state_dict(teacher.state_dict(), strict=False).missing_keys
        assert all(name.startswith("strength.") for name in missing)  # zero at first: the student begins as the teacher
        self.weights = losses.channel_weights(settings.jaw, settings.lips, settings.sideways)
        self.scales = Sampling(**settings.sampling).scales()

    def draw(self, batch: WindowBatch, target: Tensor, z: Tensor, rng: np.random.Generator) -> Drawn:
        """Conditions and start noise of a batch with motion (B, T, 56), normalised, and emotions (B, Z)."""
        settings = self.settings
        rows, frames, width = target.shape
        generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
        share = torch.rand(3, rows, 1, 1, generator=generator)
        temperature, character = (1 + u * (scale - 1) for u, scale in zip(share, self.scales[:2]))  # (B, 1, 56)
        swing = share[2] * self.scales[2]
        quiet = torch.ones(rows, frames, width)
        silent = batch.mel.mean(-1).unflatten(1, (frames, -1)).amax(-1) < SILENT_LEVEL  # (B, T)
        quiet[..., list(MOUTH)] = (~silent).float()[..., None]
        drawn = torch.randn(rows, frames, width, generator=generator)
        take = torch.randn(rows, 1, width, generator=generator)
        start = start_noise(drawn, take, temperature * quiet, character, swing)
        mask = torch.arange(frames) < batch.carried[:, None]  # (B, T)
        guidance = float(rng.uniform(*GUIDANCE)) if rng.random() < settings.guided else 1.0
        count = int(rng.choice(settings.student_steps))
        with torch.no_grad():
            content = self.content(self.hearing(batch.mel, batch.style).content(self.content.config.kind))
        return Drawn(content, z, batch.style, start, target, mask, guidance, count, int(rng.integers(count)))

    @torch.no_grad()
    def ends(self, drawn: Drawn) -> Tensor:
        """Where the teacher's trajectories end: (B, T, 56)."""
        teacher, steps, guidance = self.teacher, self.settings.teacher_steps, Guidance(drawn.guidance)
        film = teacher.prepare_schedule(sampling_times(steps)[:-1].float())
        branches = len(guidance.branches)
        contents, emotions = stack_conditions(
            guidance, drawn.content, drawn.emotion, teacher.null_content, teacher.null_emotion
        )
        clip = teacher.prepare_clip(contents, emotions, drawn.style.repeat(branches))
        mask = drawn.mask.repeat(branches, 1)

        def predict(x: Tensor, step: int) -> Tensor:
            predicted = teacher.denoise(x.repeat(branches, 1, 1), film[step : step + 1], clip, mask)
            return predicted.unflatten(0, (branches, -1))

        table = SAMPLERS[self.settings.teacher_sampler](steps)
        return sample(predict, drawn.start, table, guidance.weights(drawn.start), None, drawn.known, drawn.mask)

    def predictions(self, drawn: Drawn) -> Tensor:
        """Where the student believes they end (B, T, 56), seen from step ``place`` of its own trajectory."""
        student, place, weights = self.student, drawn.place, Guidance().weights(drawn.start)
        film = student.prepare_schedule(sampling_times(drawn.count)[:-1].float(), drawn.guidance)
        with torch.no_grad():
            clip = student.prepare_clip(drawn.content, drawn.emotion, drawn.style)
            table = SAMPLERS["ddim"](drawn.count)[:place]
            x = sample(
                lambda x, step: student.denoise(x, film[step : step + 1], clip, drawn.mask)[None],
                drawn.start, table, weights, None, drawn.known, drawn.mask,
            )  # fmt: skip
        clip = student.prepare_clip(drawn.content, drawn.emotion, drawn.style)
        return student.denoise(x, film[place : place + 1], clip, drawn.mask)

    def terms(self, drawn: Drawn, closure: Tensor) -> dict[str, Tensor]:
        """The weighted loss terms; closure is (B, T)."""
        error = (self.predictions(drawn) - self.ends(drawn)) * ~drawn.mask[..., None]
        settings = self.settings
        even = torch.zeros_like(closure)
        return {
            "x0": losses.reconstruction(error, self.weights, closure, settings.closure, even),
            "velocity": settings.velocity * losses.velocity(error, self.weights, settings.mouth_velocity),
            "take": settings.take * error.mean(1).square().mean(),
        }


def train(config: Any, out: str | Path, assets: str | Path | None = None, resume: bool = False) -> Path:
    """Distil the denoiser under ``out`` into a student of few steps.

    Args:
        config: JSON file, dict or None for the defaults of ``DistillTraining``.
        out: run folder with ``corpus/``, ``lips/``, ``binding/`` and ``denoiser/``; ``distill/`` is written.
        assets: not used by this stage. resume: go on from the last saved state.

    Returns:
        The folder written.
    """
    settings = read_config(DistillTraining, config)
    rng = seed_everything(settings.seed)
    torch.set_num_threads(settings.threads)
    out = Path(out)
    folder = out / "distill"
    folder.mkdir(parents=True, exist_ok=True)

    tensors, parts = load_tensors(out / "denoiser" / "model.safetensors")
    teacher = _part(Denoiser(DenoiserConfig(**parts["denoiser"])), tensors, "denoiser")
    content = _part(ContentEncoder(ContentConfig(**parts["audio"])), tensors, "audio")
    mean, deviation = tensors["motion.mean"], tensors["motion.deviation"]
    space_tensors, space_config = load_tensors(out / "binding" / "model.safetensors")
    space = EmotionSpace.from_config(space_config, space_tensors).eval().requires_grad_(False)
    skipped = Skipped()
    clips = load_clips(out / "corpus", skipped)
    require_layout(clips, "open_head", "the student")
    mix = MixConfig(**settings.mix)
    hearing = load_hearing(out)
    pools = Pools(clips, measured_lips(hearing, clips, settings.synthetic_pseudo, rng, settings.pseudo_person), mix)
    windows = MotionWindows(pools, mix, settings.window, settings.batch, settings.steps, settings.seed)
    source = EmotionSource(space, prompt_bank(space, settings.prompts, rng), 0.3, 0.2)
    pair = Distillation(settings, teacher, hearing, content)

    student = pair.student.train()
    optimizer = torch.optim.AdamW(student.parameters(), settings.learning_rate, betas=(0.9, 0.98), weight_decay=0.0)
    ema = Ema(student, settings.ema)
    state = TrainingState(folder / "state.pt", student, optimizer, ema)
    first, spent = state.restore() if resume else (0, 0.0)
    log: list[dict[str, float]] = []
    started = time.monotonic() - spent
    steps = range(first, settings.steps)
    loader = DataLoader(
        windows, batch_size=None, sampler=steps, num_workers=settings.workers, generator=torch.Generator()
    )
    for step, batch in zip(progress(steps, "distill", settings.steps, first), loader, strict=False):
        draws = np.random.default_rng((settings.seed, step, 2))
        z = source.draw(batch, batch.motion, draws)
        terms = pair.terms(pair.draw(batch, (batch.motion - mean) / deviation, z, draws), batch.closure)
        for group in optimizer.param_groups:
            warm = min(1, (step + 1) / settings.warm_up)
            group["lr"] = settings.learning_rate * warm * cosine(step / settings.steps)
        optimizer.zero_grad()
        torch.stack(list(terms.values())).sum().backward()
        nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        ema.update(student)
        if step % 25 == 0:
            log.append({"step": step, **{name: round(float(term.detach()), 5) for name, term in terms.items()}})
        if (step + 1) % settings.save_every == 0 or step + 1 == settings.steps:
            state.save(step + 1, time.monotonic() - started)
            averaged = deepcopy(student)
            ema.copy_to(averaged)
            save_network(folder, averaged, content, mean, deviation)
    write_stage_card(
        folder, "distill", settings, teacher=parts["denoiser"], clips=len(clips),
        minutes=round((time.monotonic() - started) / 60, 1),
        shards_left_out=dict(skipped.counts),
        parameters=sum(p.numel() for p in student.parameters()), log=log,
    )  # fmt: skip
    return folder


def _part(module: Any, tensors: dict[str, Tensor], prefix: str) -> Any:
    """A frozen network with its tensors of a stage's file."""
    held = {name.removeprefix(prefix + "."): t.float() for name, t in tensors.items() if name.startswith(prefix + ".")}
    module.load_state_dict(held)
    return module.eval().requires_grad_(False)
