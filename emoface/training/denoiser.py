"""Training of the denoiser and its content encoder: `emoface train denoiser`."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from emoface.audio.encoder import ContentConfig, ContentEncoder
from emoface.audio.lips import LipNet
from emoface.binding.emotions import EMOTIONS
from emoface.binding.space import EmotionSpace
from emoface.diffusion.denoiser import Denoiser, DenoiserConfig
from emoface.diffusion.schedule import add_noise, training_times
from emoface.face.layout import MOTION_NAMES

from . import losses
from .corpus.clips import Clip, hours, load_clips, require_layout
from .lips import pseudo_lips
from .motion_windows import MixConfig, MotionWindows, WindowBatch
from .run import (
    Ema,
    load_state,
    load_tensors,
    progress,
    read_config,
    save_state,
    save_tensors,
    seed_everything,
    write_card,
)
from .sync import LipSync

SMALLEST_DEVIATION = 0.03
STATISTIC_BATCHES = 24
TEXT_LEVELS = 3


@dataclass
class DenoiserTraining:
    """Config of the stage; ``minutes`` above 0 ends training after that wall-clock time instead of at ``steps``.

    Attributes:
        steps, batch, learning_rate, warm_up, ema, seed, threads: as named. workers: processes that make batches.
        minutes: wall-clock budget, 0 for none.
        model: fields of ``DenoiserConfig`` that differ from its defaults. mix: fields of ``MixConfig``.
        time_exponent: diffusion times are drawn as ``u ** exponent``.
        drop_emotion: share of windows without emotion; drop_all: share without emotion and audio.
        context_share: share of windows that begin with known frames.
        closure, jaw, lips, sideways: loss weights of closures and channels.
        velocity, mouth_velocity, acceleration, opening, activity, sync, consistency: weights of the loss terms.
        sync_steps: steps of the audio-motion agreement network trained first.
        synthetic_pseudo: synthetic clips that get artist-style pseudo lips.
        save_every: steps between resumable states.
    """

    steps: int = 4000
    minutes: float = 0.0
    batch: int = 16
    learning_rate: float = 8e-4
    warm_up: int = 100
    ema: float = 0.998
    seed: int = 0
    threads: int = 1
    workers: int = 1
    model: dict[str, Any] = field(default_factory=dict)
    mix: dict[str, Any] = field(default_factory=dict)
    time_exponent: float = 0.7
    drop_emotion: float = 0.10
    drop_all: float = 0.04
    context_share: float = 0.5
    closure: float = 2.0
    jaw: float = 4.0
    lips: float = 1.5
    sideways: float = 0.3
    velocity: float = 1.0
    mouth_velocity: float = 0.4
    acceleration: float = 0.2
    opening: float = 0.3
    activity: float = 0.3
    sync: float = 0.05
    consistency: float = 0.1
    sync_steps: int = 300
    synthetic_pseudo: int = 200
    save_every: int = 500


class EmotionSource:
    """Draws the emotion embedding of each window: from its label, from its own motion, or from a prompt."""

    def __init__(self, space: EmotionSpace, prompts: dict[tuple[int, int], Tensor]) -> None:
        """Set up.

        Args:
            space: the frozen emotion space. prompts: z of prompts (P, Z) by (emotion index, level 1..3).
        """
        self.space = space
        self.prompts = prompts

    @torch.no_grad()
    def draw(self, batch: WindowBatch, rng: np.random.Generator) -> Tensor:
        """Embeddings (B, Z), unit length."""
        label = self.space.modalities["label"]
        z = label(batch.emotion[:, 0], batch.level)
        motion = self.space.modalities["motion"](batch.motion)
        mixed = batch.share < 1
        if mixed.any():
            second = label(batch.emotion[:, 1], batch.level)
            share = batch.share[:, None]
            z = torch.where(mixed[:, None], nn.functional.normalize(share * z + (1 - share) * second, dim=-1), z)
        for row in range(z.shape[0]):
            choice = rng.random()
            key = (int(batch.emotion[row, 0]), round(float(batch.level[row])))
            if choice < 0.3:
                z[row] = motion[row]
            elif choice < 0.5 and not mixed[row] and key in self.prompts and float(batch.level[row]).is_integer():
                bank = self.prompts[key]
                z[row] = bank[int(rng.integers(len(bank)))]
        z = z + 0.02 * torch.from_numpy(rng.standard_normal(z.shape).astype(np.float32))
        return nn.functional.normalize(z, dim=-1)


def prompt_bank(space: EmotionSpace, count: int, rng: np.random.Generator) -> dict[tuple[int, int], Tensor]:
    """Embeddings of generated prompts by (emotion index, level); empty if the space has no text modality."""
    if "text" not in space.modalities or count == 0:
        return {}
    from .text.grammar import prompts

    text = space.modalities["text"]
    bank: dict[tuple[int, int], list[Tensor]] = {}
    for prompt, emotion, level in prompts(count, rng):
        with torch.no_grad():
            z = text(*text.prepare(prompt))[0]
        bank.setdefault((EMOTIONS.index(emotion), int(level)), []).append(z)
    return {key: torch.stack(rows) for key, rows in bank.items()}


def artist_lips(
    net: LipNet, clips: list[Clip], synthetic: int, rng: np.random.Generator
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Artist-style pseudo lips and closures by clip name, for real voices and some synthetic clips."""
    chosen = [clip for clip in clips if clip.source != "tts"]
    synthetic_clips = [clip for clip in clips if clip.source == "tts"]
    picks = rng.permutation(len(synthetic_clips))[:synthetic]
    chosen += [synthetic_clips[int(i)] for i in picks]
    return {clip.name: pseudo_lips(net, clip) for clip in chosen}


def train_sync(windows: MotionWindows, mean: Tensor, deviation: Tensor, steps: int) -> LipSync:
    """Train the audio-motion agreement network and freeze it."""
    net = LipSync()
    optimizer = torch.optim.AdamW(net.parameters(), 1e-3)
    for step in range(steps):
        batch = windows[len(windows) + step]
        loss = net.contrast(batch.mel, (batch.motion - mean) / deviation)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.eval().requires_grad_(False)


class DenoiserLoss:
    """The whole training objective of a batch."""

    def __init__(
        self, config: DenoiserTraining, mean: Tensor, deviation: Tensor, sync: LipSync, space: EmotionSpace
    ) -> None:
        self.config, self.mean, self.deviation, self.sync, self.space = config, mean, deviation, sync, space
        self.weights = losses.channel_weights(config.jaw, config.lips, config.sideways)

    def __call__(
        self, predicted: Tensor, target: Tensor, batch: WindowBatch, z: Tensor, times: Tensor, full: Tensor
    ) -> dict[str, Tensor]:
        """The weighted terms.

        Args:
            predicted, target: (B, T, 53) normalised. z: (B, Z). times: (B,). full: (B,) bool, nothing dropped.
        """
        config = self.config
        error = predicted - target
        activity = losses.phonetic_activity(target, config.activity)
        terms = {
            "x0": losses.reconstruction(error, self.weights, batch.closure, config.closure, activity),
            "velocity": config.velocity * losses.velocity(error, self.weights, config.mouth_velocity),
            "acceleration": config.acceleration * losses.acceleration(error),
        }
        motion = predicted * self.deviation + self.mean
        terms["opening"] = config.opening * losses.lip_opening(motion, batch.closure)
        clean = (full & (times < 0.7)).float()  # where the prediction is sharp enough to judge
        terms["sync"] = config.sync * self.sync.disagreement(batch.mel, predicted, clean)
        seen = self.space.modalities["motion"](motion)
        terms["consistency"] = config.consistency * ((1 - (seen * z).sum(-1)) * clean).mean()
        return terms


def train(config: Any, out: str | Path, assets: str | Path | None = None, resume: bool = False) -> Path:
    """Train the denoiser on the corpus, lip net and emotion space under ``out``.

    Args:
        config: JSON file, dict or None for the defaults of ``DenoiserTraining``.
        out: run folder with ``corpus/``, ``lips/`` and ``binding/``; ``denoiser/`` is written.
        assets: not used by this stage.
        resume: go on from the last saved state.

    Returns:
        The folder written.
    """
    settings = read_config(DenoiserTraining, config)
    rng = seed_everything(settings.seed)
    torch.set_num_threads(settings.threads)
    out = Path(out)
    folder = out / "denoiser"
    folder.mkdir(parents=True, exist_ok=True)

    clips = load_clips(out / "corpus")
    require_layout(clips, "open_head", "the denoiser")
    lip_tensors, lip_config = load_tensors(out / "lips" / "model.safetensors")
    lip_net = LipNet(**lip_config)
    lip_net.load_state_dict(lip_tensors)
    lip_net.eval()
    space_tensors, space_config = load_tensors(out / "binding" / "model.safetensors")
    space = EmotionSpace.from_config(space_config, space_tensors).eval().requires_grad_(False)
    pseudo = artist_lips(lip_net, clips, settings.synthetic_pseudo, rng)

    model_config = DenoiserConfig(**{**settings.model, "emotion": space.width})
    content = ContentEncoder(ContentConfig(channels=model_config.content))
    denoiser = Denoiser(model_config)
    windows = MotionWindows(
        clips, pseudo, MixConfig(**settings.mix), model_config.window, settings.batch, settings.steps, settings.seed
    )
    beyond = settings.steps + settings.sync_steps  # batches that training does not see
    sample = torch.cat([windows[beyond + i].motion.flatten(0, 1) for i in range(STATISTIC_BATCHES)])
    mean, deviation = sample.mean(0), sample.std(0).clamp(min=SMALLEST_DEVIATION)
    sync = train_sync(windows, mean, deviation, settings.sync_steps)
    source = EmotionSource(space, prompt_bank(space, 4000 if "text" in space.modalities else 0, rng))
    objective = DenoiserLoss(settings, mean, deviation, sync, space)

    model = nn.ModuleDict({"content": content, "denoiser": denoiser})
    optimizer = torch.optim.AdamW(model.parameters(), settings.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    ema = Ema(model, settings.ema)
    state_path = folder / "state.pt"
    first, spent = 0, 0.0
    if resume and state_path.exists():
        state = load_state(state_path)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        ema.load(state["ema"])
        first, spent = state["step"], state["seconds"]

    loader = DataLoader(
        windows,
        batch_size=None,
        sampler=range(first, settings.steps),
        num_workers=settings.workers,
        generator=torch.Generator(),  # its own, so that a resumed run draws the same noise
    )
    log: list[dict[str, float]] = []
    started = time.monotonic() - spent
    step = first
    bar = progress(range(first, settings.steps), "denoiser", settings.steps, first)
    for step, batch in zip(bar, loader, strict=False):
        elapsed = time.monotonic() - started
        done = elapsed / (60 * settings.minutes) if settings.minutes else step / settings.steps
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * min(1, (step + 1) / settings.warm_up) * _cosine(done)
        terms = _step(model, objective, source, batch, np.random.default_rng((settings.seed, step, 1)), settings)
        optimizer.zero_grad()
        torch.stack(list(terms.values())).sum().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        ema.update(model)
        if step % 50 == 0:
            log.append({"step": step, **{name: round(float(term.detach()), 5) for name, term in terms.items()}})
        if (step + 1) % settings.save_every == 0:
            seconds = time.monotonic() - started
            save_state(
                state_path, model=model.state_dict(), optimizer=optimizer.state_dict(), ema=ema.state(),
                step=step + 1, seconds=seconds,
            )  # fmt: skip
            _export(folder, model, ema, mean, deviation)
    _export(folder, model, ema, mean, deviation)
    write_card(
        folder, "denoiser", settings, steps=step, minutes=round((time.monotonic() - started) / 60, 1),
        corpus_hours=round(hours(clips), 2), clips=len(clips),
        parameters=sum(p.numel() for p in model.parameters()), log=log,
    )  # fmt: skip
    return folder


def _cosine(done: float) -> float:
    return 0.97 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))) + 0.03


def _step(
    model: nn.ModuleDict,
    objective: DenoiserLoss,
    source: EmotionSource,
    batch: WindowBatch,
    rng: np.random.Generator,
    settings: DenoiserTraining,
) -> dict[str, Tensor]:
    """Loss terms of one batch."""
    denoiser: Denoiser = model["denoiser"]  # type: ignore[assignment]
    target = (batch.motion - objective.mean) / objective.deviation  # (B, T, 53)
    rows, frames, _ = target.shape
    z = source.draw(batch, rng)
    content = model["content"](batch.mel)
    draw = torch.from_numpy(rng.random(rows).astype(np.float32))
    drop_all = draw < settings.drop_all
    drop_emotion = draw < settings.drop_all + settings.drop_emotion
    content = torch.where(drop_all[:, None, None], denoiser.null_content, content)
    emotion = torch.where(drop_emotion[:, None], denoiser.null_emotion, z)
    times = training_times(rows, settings.time_exponent)
    noisy = add_noise(target, torch.randn_like(target), times)
    carried = rng.integers(1, max(2, min(20, frames // 2)), rows) * (rng.random(rows) < settings.context_share)
    known = torch.arange(frames)[None] < torch.from_numpy(carried)[:, None]  # (B, T)
    noisy = torch.where(known[..., None], target, noisy)
    predicted = denoiser(noisy, times, content, emotion, batch.style, known)
    return objective(predicted, target, batch, z, times, ~drop_emotion)


def _export(folder: Path, model: nn.ModuleDict, ema: Ema, mean: Tensor, deviation: Tensor) -> None:
    """Write the averaged weights with the motion statistics."""
    present = [p.detach().clone() for p in model.parameters()]
    ema.copy_to(model)
    denoiser, content = model["denoiser"], model["content"]
    tensors = {f"denoiser.{name}": t for name, t in denoiser.state_dict().items()}
    tensors |= {f"audio.{name}": t for name, t in content.state_dict().items()}
    tensors |= {"motion.mean": mean, "motion.deviation": deviation}
    config = {
        "denoiser": denoiser.describe(),  # type: ignore[operator]
        "audio": content.describe(),  # type: ignore[operator]
        "layout": {"names": list(MOTION_NAMES), "fps": 25, "face": "open-head-1"},
    }
    save_tensors(folder / "model.safetensors", tensors, config)
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), present, strict=True):
            parameter.copy_(value)
