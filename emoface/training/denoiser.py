"""Training of the denoiser and its content encoder: `emoface train denoiser`."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from emoface.audio.encoder import ContentConfig, ContentEncoder
from emoface.audio.hearing import Hearing, heard_width
from emoface.audio.lip_net import ARTIST, PERSON, STYLES
from emoface.binding.emotions import EMOTIONS
from emoface.binding.space import EmotionSpace
from emoface.checkpoints import load_checkpoint
from emoface.diffusion.denoiser import Denoiser, DenoiserConfig
from emoface.diffusion.schedule import add_noise, training_times
from emoface.face.layout import MOTION_NAMES

from . import losses
from .corpus.clips import Clip, hours, load_clips, require_layout
from .corpus.skipped import Skipped
from .hardware import Hardware
from .lip_net import load_hearing, pseudo_lips, seen_closures
from .motion_windows import Material, MixConfig, MotionWindows, Pools, PseudoLips, WindowBatch
from .run import (
    Ema,
    TrainingState,
    load_tensors,
    progress,
    read_config,
    save_tensors,
    seed_everything,
    write_stage_card,
)
from .stream import ShardStream
from .sync import LipSync

SMALLEST_DEVIATION = 0.03
STATISTIC_BATCHES = 24
TEXT_LEVELS = 3


@dataclass
class DenoiserTraining:
    """Config of the stage; ``minutes`` above 0 ends training after that wall-clock time instead of at ``steps``.

    Attributes:
        steps, batch, learning_rate, warm_up, ema, seed, threads: as named. workers: processes that make batches.
        minutes: wall-clock budget of a single process, 0 for none.
        device, precision, compile: of ``Hardware``. accumulate: batches whose gradients make one step.
        stream: shards of each source that are held in memory, 0 for the whole corpus; hold: steps from one to the next.
        model: fields of ``DenoiserConfig`` that differ from its defaults. mix: fields of ``MixConfig``.
        content: what the content encoder reads, a kind of :meth:`emoface.audio.hearing.Heard.content`; empty for all
            that is heard where there is a speech encoder, else log-mels.
        time_exponent: diffusion times are drawn as ``u ** exponent``.
        drop_emotion: share of windows without emotion; drop_all: share without emotion and audio.
        context_noise: deviation of noise on the known frames at the start of a window, in standard deviations.
        closure, jaw, lips, sideways: loss weights of closures and channels.
        velocity, mouth_velocity, acceleration, opening, activity, sync, consistency: weights of the loss terms.
        sync_steps: steps of the audio-motion agreement network trained first.
        synthetic_pseudo: synthetic clips that get pseudo lips of a measured style. pseudo_person: share of all pseudo
            lips that are a filmed person's, the others are the artist's.
        from_motion, from_text: share of windows whose emotion is taken from their own motion, or from a prompt.
        save_every: steps between resumable states.
        begin_from: run folder or checkpoint whose denoiser the training begins with, as far as the shapes fit; empty
            for random first weights. Channels that it lacks begin at random.
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
    device: str = "auto"
    precision: str = "auto"
    compile: str = "auto"
    accumulate: int = 1
    stream: int = 0
    hold: int = 200
    model: dict[str, Any] = field(default_factory=dict)
    content: str = ""
    mix: dict[str, Any] = field(default_factory=dict)
    time_exponent: float = 0.7
    drop_emotion: float = 0.10
    drop_all: float = 0.04
    context_noise: float = 0.0
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
    pseudo_person: float = 0.0
    from_motion: float = 0.3
    from_text: float = 0.2
    save_every: int = 500
    begin_from: str = ""

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "accumulate", "save_every", "hold"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.content not in ("", "mel", "heard"):
            raise ValueError(f"content must be 'mel', 'heard' or empty, got {self.content!r}")


class SpeechDenoiser(nn.Module):
    """Content encoder and denoiser as one model, which is what is compiled and kept equal between processes.

    ``hearing`` is frozen and no part of it.
    """

    def __init__(self, hearing: Hearing, content: ContentEncoder, denoiser: Denoiser) -> None:
        super().__init__()
        self._hearing = [hearing]  # in a list, so that its weights are not this module's
        self.content, self.denoiser = content, denoiser

    def listen(self, mel: Tensor, style: Tensor) -> Tensor:
        """Content features (B, T, F) of normalised log-mels (B, 2 T, 64)."""
        with torch.no_grad():
            heard = self._hearing[0](mel, style).content(self.content.config.kind)
        return self.content(heard)

    def forward(
        self, noisy: Tensor, times: Tensor, mel: Tensor, emotion: Tensor, style: Tensor, known: Tensor,
        drop_emotion: Tensor, drop_all: Tensor,
    ) -> Tensor:  # fmt: skip
        """Predict x0 (B, T, 56) with conditions left out.

        Args:
            noisy: (B, T, 56). times: (B,). mel: (B, 2 T, 64). emotion: (B, Z). style: (B,). known: (B, T) bool.
            drop_emotion, drop_all: (B,) bool, windows without emotion, and without emotion and speech.
        """
        content = torch.where(drop_all[:, None, None], self.denoiser.null_content, self.listen(mel, style))
        emotion = torch.where((drop_emotion | drop_all)[:, None], self.denoiser.null_emotion, emotion)
        return self.denoiser(noisy, times, content, emotion, style, known)


class EmotionSource:
    """Draws the emotion embedding of each window: from its label, from its own motion, or from a prompt."""

    def __init__(
        self, space: EmotionSpace, prompts: dict[tuple[int, int], Tensor], from_motion: float, from_text: float
    ) -> None:
        """Set up.

        Args:
            space: the frozen emotion space. prompts: z of prompts (P, Z) by (emotion index, level 1..3).
            from_motion, from_text: share of windows that take z from their motion, or from a prompt.
        """
        self.from_motion, self.told = from_motion, from_motion + from_text
        self.space = space
        self.prompts = prompts

    @torch.no_grad()
    def draw(self, batch: WindowBatch, motion: Tensor, rng: np.random.Generator) -> Tensor:
        """Embeddings (B, Z), unit length, on the device of the batch's motion (B, T, 56)."""
        device = motion.device
        emotion, level, share = (t.to(device) for t in (batch.emotion, batch.level, batch.share))
        label = self.space.modalities["label"]
        first, second = label(emotion[:, 0], level), label(emotion[:, 1], level)
        share = share[:, None]
        mixed = nn.functional.normalize(share * first + (1 - share) * second, dim=-1)
        z = torch.where(share < 1, mixed, first)
        from_motion = torch.zeros(len(z), 1, dtype=torch.bool)
        told: dict[int, Tensor] = {}
        for row in range(len(z)):
            choice = rng.random()
            asked = float(batch.level[row])
            key = (int(batch.emotion[row, 0]), round(asked))
            if choice < self.from_motion and not batch.turned[row]:  # else it would show both emotions
                from_motion[row] = True
            elif choice < self.told and batch.share[row] == 1 and key in self.prompts and asked.is_integer():
                bank = self.prompts[key]
                told[row] = bank[int(rng.integers(len(bank)))]
        z = torch.where(from_motion.to(device), self.space.modalities["motion"](motion), z)
        if told:
            z[list(told)] = torch.stack(list(told.values())).to(device)
        z = z + 0.02 * torch.from_numpy(rng.standard_normal(z.shape).astype(np.float32)).to(device)
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


def measured_lips(
    hearing: Hearing, clips: Sequence[Clip], synthetic: int, rng: np.random.Generator, person: float = 0.0
) -> dict[str, PseudoLips]:
    """Lips of a measured style by clip name, for real voices and some synthetic clips.

    Args:
        hearing: with a trained lip net. clips: of any source. synthetic: how many synthetic clips get lips.
        rng: chooses. person: share of style ``PERSON``; captured clips keep their own.
    """
    chosen = [clip for clip in clips if clip.source != "tts"]
    synthetic_clips = [clip for clip in clips if clip.source == "tts"]
    picks = rng.permutation(len(synthetic_clips))[:synthetic]
    chosen += [synthetic_clips[int(i)] for i in picks]
    lips = {}
    for clip in chosen:
        style = PERSON if rng.random() < person else ARTIST
        if clip.source == "captured":
            style = STYLES[clip.style]
        motion, closure = pseudo_lips(hearing, clip, style)
        if style == PERSON and clip.lips is not None:
            closure = seen_closures(clip.measured()[0])
        lips[clip.name] = PseudoLips(motion, closure, style)
    return lips


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
        self.weights = losses.channel_weights(config.jaw, config.lips, config.sideways).to(mean.device)

    def __call__(
        self, predicted: Tensor, target: Tensor, counted: Tensor, mel: Tensor, closure: Tensor, z: Tensor,
        times: Tensor, full: Tensor,
    ) -> dict[str, Tensor]:  # fmt: skip
        """The weighted terms.

        Args:
            predicted, target: (B, T, 56) normalised. counted: (B, T, 56) 1 where the target is known.
            mel: (B, 2 T, 64). closure: (B, T). z: (B, Z). times: (B,). full: (B,) bool, nothing dropped.
        """
        config = self.config
        error = (predicted - target) * counted
        activity = losses.phonetic_activity(target, config.activity)
        terms = {
            "x0": losses.reconstruction(error, self.weights, closure, config.closure, activity),
            "velocity": config.velocity * losses.velocity(error, self.weights, config.mouth_velocity),
            "acceleration": config.acceleration * losses.acceleration(error),
        }
        motion = predicted * self.deviation + self.mean
        terms["opening"] = config.opening * losses.lip_opening(motion, closure)
        clean = (full & (times < 0.7)).float()  # where the prediction is sharp enough to judge
        terms["sync"] = config.sync * self.sync.disagreement(mel, predicted, clean)
        seen = self.space.modalities["motion"](motion)
        terms["consistency"] = config.consistency * ((1 - (seen * z).sum(-1)) * clean).mean()
        return terms


def train(
    config: Any,
    out: str | Path,
    assets: str | Path | None = None,
    resume: bool = False,
    network: type[Denoiser] = Denoiser,
    folder: Path | None = None,
    space: EmotionSpace | None = None,
) -> Path:
    """Train the denoiser on the corpus, lip net and emotion space under ``out``.

    Args:
        config: JSON file, dict or None for the defaults of ``DenoiserTraining``.
        out: run folder with ``corpus/``, ``lips/`` and ``binding/``; ``denoiser/`` is written.
        assets: not used by this stage.
        resume: go on from the last saved state.
        network: class of the denoiser. folder: written instead. space: emotion space instead of the one under ``out``.

    Returns:
        The folder written.
    """
    settings = read_config(DenoiserTraining, config)
    rng = seed_everything(settings.seed)
    torch.set_num_threads(settings.threads)
    hardware = Hardware(settings.device, settings.precision, settings.compile)
    if settings.minutes and hardware.processes > 1:
        raise ValueError("minutes belongs to one process, whose clock is not the others'; give steps")
    out = Path(out)
    folder = folder or out / "denoiser"
    folder.mkdir(parents=True, exist_ok=True)

    hearing = load_hearing(out)
    if space is None:
        space_tensors, space_config = load_tensors(out / "binding" / "model.safetensors")
        space = EmotionSpace.from_config(space_config, space_tensors)
    space.eval().requires_grad_(False)
    material, corpus = _material(settings, out / "corpus", hearing, hardware.processes, rng)

    model_config = DenoiserConfig(**{**settings.model, "emotion": space.width})
    content = ContentConfig(channels=model_config.content)
    if (settings.content or ("mel" if hearing.encoder is None else "heard")) == "heard":
        if hearing.encoder is None:
            raise ValueError("content 'heard' needs a speech encoder, which `emoface train speech` makes, got none")
        content = ContentConfig("heard", heard_width(hearing.encoder.width), model_config.content)
    model = SpeechDenoiser(hearing.to(hardware.device), ContentEncoder(content), network(model_config))
    begun = begin(model.denoiser, settings.begin_from, model.content) if settings.begin_from else 0
    parts = settings.accumulate * hardware.processes  # batches of one step
    batches = settings.steps * parts
    windows = MotionWindows(
        material, MixConfig(**settings.mix), model_config.window, settings.batch, batches, settings.seed
    )
    beyond = batches + settings.sync_steps  # batches that training does not see
    sample = torch.cat([windows[beyond + i].motion.flatten(0, 1) for i in range(STATISTIC_BATCHES)])
    mean, deviation = sample.mean(0), sample.std(0).clamp(min=SMALLEST_DEVIATION)
    sync = train_sync(windows, mean, deviation, settings.sync_steps).to(hardware.device)
    prompts = prompt_bank(space, 4000 if settings.from_text else 0, rng)
    source = EmotionSource(space.to(hardware.device), prompts, settings.from_motion, settings.from_text)
    objective = DenoiserLoss(settings, mean.to(hardware.device), deviation.to(hardware.device), sync, space)

    model.to(hardware.device)
    optimizer = torch.optim.AdamW(model.parameters(), settings.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    ema = Ema(model, settings.ema)
    state = TrainingState(folder / "state.pt", model, optimizer, ema)
    first, spent = state.restore() if resume else (0, 0.0)
    called = hardware.prepare(model, optimizer)

    numbers = range(first * parts + hardware.rank, batches, hardware.processes)
    loader = iter(
        DataLoader(
            windows,
            batch_size=None,
            sampler=numbers,
            num_workers=settings.workers,
            pin_memory=hardware.device.type == "cuda",
            generator=torch.Generator(),  # its own, so that a resumed run draws the same noise
        )
    )
    log: list[dict[str, float]] = []
    refused = 0
    started = time.monotonic() - spent
    step = first
    steps: Iterable[int] = range(first, settings.steps)
    for step in progress(steps, "denoiser", settings.steps, first) if hardware.first else steps:
        elapsed = time.monotonic() - started
        done = elapsed / (60 * settings.minutes) if settings.minutes else step / settings.steps
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * min(1, (step + 1) / settings.warm_up) * cosine(done)
        optimizer.zero_grad()
        for part in range(settings.accumulate):
            number = numbers[(step - first) * settings.accumulate + part]
            with hardware.gathering(called, last=part == settings.accumulate - 1):
                terms = _step(called, hardware, objective, source, next(loader), number, settings)
                hardware.backward(torch.stack(list(terms.values())).sum() / settings.accumulate)
        if nn.utils.clip_grad_norm_(model.parameters(), 1.0).isfinite():
            optimizer.step()
            ema.update(model)
        else:  # of all processes, as they have the same gradients
            refused += 1
            warnings.warn(f"step {step} is left out: its gradients are not finite", stacklevel=2)
        if step % 50 == 0:
            log.append({"step": step, **{name: round(float(term.detach()), 5) for name, term in terms.items()}})
        if (step + 1) % settings.save_every == 0 and hardware.first:
            state.save(step + 1, time.monotonic() - started)
            _export(folder, model, ema, mean, deviation)
    if hardware.first:
        _export(folder, model, ema, mean, deviation)
        write_stage_card(
            folder, "denoiser", settings, steps=step, minutes=round((time.monotonic() - started) / 60, 1), **corpus,
            tensors_begun=begun, processes=hardware.processes, device=str(hardware.device), steps_left_out=refused,
            parameters=sum(p.numel() for p in model.parameters()), log=log,
        )  # fmt: skip
    hardware.close()
    return folder


def _material(
    settings: DenoiserTraining, folder: Path, hearing: Hearing, processes: int, rng: np.random.Generator
) -> tuple[Material, dict[str, Any]]:
    """Where windows come from, and what the card says of the corpus."""
    mix = MixConfig(**settings.mix)
    if settings.stream:
        stream = ShardStream(
            folder, settings.stream, settings.hold * settings.accumulate, processes, settings.seed, mix,
            partial(measured_lips, hearing, person=settings.pseudo_person), settings.synthetic_pseudo,
        )  # fmt: skip
        return stream, stream.facts()
    skipped = Skipped()
    clips = load_clips(folder, skipped)
    require_layout(clips, "open_head", "the denoiser")
    pools = Pools(clips, measured_lips(hearing, clips, settings.synthetic_pseudo, rng, settings.pseudo_person), mix)
    return pools, {"corpus_hours": round(hours(clips), 2), "clips": len(clips), "shards_left_out": dict(skipped.counts)}


def begin(network: Denoiser, source: str, encoder: ContentEncoder | None = None) -> int:
    """Give a denoiser and its content encoder the weights of others as far as they fit.

    A tensor that is longer here in one dimension, such as the input of a motion with more channels, takes the first
    entries of the other's; the flag of known frames stays the last input.

    Args:
        network, encoder: changed. source: a run folder, or a checkpoint's path or its name in the package.

    Returns:
        How many tensors were taken.

    Raises:
        FileNotFoundError: there is no such file. ValueError: nothing fits.
    """
    path = Path(source)
    if path.is_dir():
        held = load_tensors(path / "denoiser" / "model.safetensors")[0]
    else:
        held = load_checkpoint(source).tensors
    taken, own = 0, network.state_dict()
    if encoder is not None:
        wanted = {name: tensor.shape for name, tensor in encoder.state_dict().items()}
        given = {name: held[f"audio.{name}"] for name in wanted if f"audio.{name}" in held}
        if {name: tensor.shape for name, tensor in given.items()} == wanted:  # one layer alone is of no use
            encoder.load_state_dict(given)
            taken += len(given)
    for name, tensor in own.items():
        other = held.get("denoiser." + name)
        if other is None or other.ndim != tensor.ndim or any(a < b for a, b in zip(tensor.shape, other.shape)):
            continue
        own[name][tuple(slice(0, size) for size in other.shape)] = other.to(tensor.dtype)
        if name == "enter.weight" and tensor.shape != other.shape:
            own[name][:, other.shape[1] - 1] = 0  # was the flag's
            own[name][:, -1] = other[:, -1]
        if name == "style_token.weight":
            own[name][other.shape[0] :] = other[0]  # further styles begin as the artist
        taken += 1
    if not taken:
        raise ValueError(f"begin_from {source!r} holds no weights that fit this denoiser")
    network.load_state_dict(own)
    return taken


def cosine(done: float) -> float:
    """Factor of the learning rate after a share of the training: from 1 down to 0.03."""
    return 0.97 * 0.5 * (1 + math.cos(math.pi * min(done, 1.0))) + 0.03


def _step(
    model: Callable[..., Tensor],
    hardware: Hardware,
    objective: DenoiserLoss,
    source: EmotionSource,
    batch: WindowBatch,
    number: int,
    settings: DenoiserTraining,
) -> dict[str, Tensor]:
    """Loss terms of batch ``number``, which alone decides what is drawn."""
    rng = np.random.default_rng((settings.seed, number, 1))
    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    device = hardware.device
    motion, mel, closure, style = (t.to(device) for t in (batch.motion, batch.mel, batch.closure, batch.style))
    counted = batch.known.to(device)
    target = (motion - objective.mean) / objective.deviation  # (B, T, 56)
    rows, frames, _ = target.shape
    z = source.draw(batch, motion, rng)
    draw = rng.random(rows)
    drop_all, drop_emotion = draw < settings.drop_all, draw < settings.drop_all + settings.drop_emotion
    times = training_times(rows, settings.time_exponent, generator).to(device)
    noisy = add_noise(target, torch.randn(target.shape, generator=generator).to(device), times)
    known = (torch.arange(frames) < batch.carried[:, None]).to(device)  # (B, T)
    blurred = target + settings.context_noise * torch.randn(target.shape, generator=generator).to(device)
    noisy = torch.where(known[..., None], blurred, noisy)
    dropped = [torch.from_numpy(drop).to(device) for drop in (drop_emotion, drop_all)]
    with hardware.autocast():
        predicted = model(noisy, times, mel, z, style, known, *dropped)
    return objective(predicted.float(), target, counted, mel, closure, z, times, ~dropped[0])


def _export(folder: Path, model: SpeechDenoiser, ema: Ema, mean: Tensor, deviation: Tensor) -> None:
    """Write the averaged weights with the motion statistics."""
    present = [p.detach().clone() for p in model.parameters()]
    ema.copy_to(model)
    save_network(folder, model.denoiser, model.content, mean, deviation)
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), present, strict=True):
            parameter.copy_(value)


def save_network(folder: Path, denoiser: Denoiser, content: ContentEncoder, mean: Tensor, deviation: Tensor) -> None:
    """Write ``model.safetensors`` of a diffusion stage: the network, its content encoder, the motion statistics."""
    tensors = {f"denoiser.{name}": t for name, t in denoiser.state_dict().items()}
    tensors |= {f"audio.{name}": t for name, t in content.state_dict().items()}
    tensors |= {"motion.mean": mean, "motion.deviation": deviation}
    config = {
        "denoiser": denoiser.describe(),
        "audio": content.describe(),
        "layout": {"names": list(MOTION_NAMES), "fps": 25, "face": "open-head-1"},
    }
    save_tensors(folder / "model.safetensors", tensors, config)
