"""Training of a person's adapter: first the lip net's changes, then the denoiser's, with the checkpoint frozen."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emoface import checks
from emoface.audio.features import MEL_PER_FRAME, SAMPLE_RATE, log_mel
from emoface.audio.hearing import Heard
from emoface.audio.lip_net import MOUTH_SCALE, STYLES
from emoface.audio.normalize import normalize_clip
from emoface.binding.emotions import EMOTIONS
from emoface.checkpoints import content_digest
from emoface.diffusion.schedule import add_noise, training_times
from emoface.emotion import embed
from emoface.face.layout import FPS, JAW_OPEN_RADIANS, MOTION_INDEX, MOTION_SIZE, MOUTH, NECK
from emoface.face.manner_statistics import NOT_MANNER
from emoface.metrics.following import best_lag, pooled_correlation, shifted
from emoface.people import Adapter
from emoface.pipeline import Pipeline

from ..losses import channel_mask
from .clips import PersonClip, Split
from .figures import Comparison, compare
from .low_rank import LowRank

LEAST_SECONDS = 20.0
"""Seconds of motion from which a person can be learnt."""
LEAST_SPREAD = 0.02
"""Spread of jawOpen below which a mouth does not move."""
LEAST_FOLLOWING = 0.15
"""Pooled r of the jaw with what is heard below which motion does not belong to the sound."""
LATEST = 5
"""Frames of lag that are searched."""
DENOISER_MATRICES = ("attention.project", "widen", "narrow", "style")
"""Linear maps of every block that get low-rank changes."""
DENOISER_WHOLE = ("leave.weight", "leave.bias", "style_token.weight")
LIPS_WHOLE = ("style.weight", "head.bias")
_MOUTH = list(MOUTH)
_JAW = MOTION_INDEX["jaw_pose_x"]
PLAIN: dict[str, Any] = {"blink": False, "gaze": False}
BESIDE = 0.1
"""Weight of channels that nobody captured, which are held to what the checkpoint does."""


@dataclass(frozen=True)
class AdaptConfig:
    """Settings of the training.

    Attributes:
        seed: of everything. lips_rank, denoiser_rank: r of each. lips_steps, denoiser_steps: at most so many.
        batch, frames: windows of a step and their length. lips_rate, denoiser_rate: learning rates.
        velocity: weight of the change per frame. mouth: weight of mouth channels, beside 1.
        jaw: weight of the jaw beside the other mouth channels.
        calm: weight of the squared error of the other channels. time_exponent: diffusion times are ``u ** exponent``.
        expressive: share of the denoiser's windows in which the person shows an emotion, as the checkpoint would.
        every: steps between looks at the stopping part. patience: looks without a gain that end the training.
        threads: CPU threads.
    """

    seed: int = 0
    lips_rank: int = 4
    denoiser_rank: int = 2
    lips_steps: int = 80
    denoiser_steps: int = 240
    batch: int = 8
    frames: int = 100
    lips_rate: float = 3e-3
    denoiser_rate: float = 3e-3
    velocity: float = 0.3
    mouth: float = 2.0
    jaw: float = 3.0
    calm: float = 0.3
    time_exponent: float = 0.4
    expressive: float = 0.4
    every: int = 20
    patience: int = 3
    threads: int = 1

    def __post_init__(self) -> None:
        whole = ("lips_rank", "denoiser_rank", "lips_steps", "denoiser_steps", "batch", "every", "patience", "threads")
        for name in whole:
            checks.whole(name, getattr(self, name), 1)
        checks.whole("frames", self.frames, 32, 1000)
        for name in ("lips_rate", "denoiser_rate"):
            checks.number(name, getattr(self, name), 0, 1)


@dataclass(eq=False)
class Heeded:
    """A clip as the training reads it.

    Attributes:
        mel: (2 T, 64). speech: (2 T, W) or None. target: (T, 56). known: (T, 56) 0 or 1.
        expression: (T, 56) what the checkpoint adds to the neutral motion for an emotion. emotion: (Z,) that emotion.
        content: (T, F), which follows from the lip net. heard: what the checkpoint hears, where that is wanted.
    """

    mel: Tensor
    speech: Tensor | None
    target: Tensor
    known: Tensor
    expression: Tensor
    emotion: Tensor
    content: Tensor | None = None
    heard: Heard | None = None


@dataclass(frozen=True)
class Adapted:
    """What the training gives.

    Attributes:
        adapter: what was learnt. comparison: the held-out clips with it and without. seconds: it took.
    """

    adapter: Adapter
    comparison: Comparison
    seconds: float

    @property
    def supported(self) -> bool:
        """Whether the clips support it: held-out lips are nearer than the checkpoint's."""
        return self.comparison.gain > 0


def adapt(
    pipeline: Pipeline,
    split: Split,
    config: AdaptConfig | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Adapted:
    """Learn a person from clips.

    Args:
        pipeline: the checkpoint, on a CPU. split: the person's clips. config: settings, the defaults if None.
        progress: called with what is done and the finished share of it.

    Returns:
        The adapter with its figures on the held-out clips; whether it is of use is for the caller to judge.

    Raises:
        ValueError: too little motion, a mouth that does not move or does not follow the sound, another device, or a
            checkpoint of the first layout.
    """
    settings = config or AdaptConfig()
    if pipeline.device.type != "cpu" or len(pipeline.mean) != MOTION_SIZE:
        raise ValueError("pipeline must be on a CPU and of the layout with a head that turns")
    began = time.monotonic()
    asked, pipeline = pipeline, Pipeline(pipeline.checkpoint, dtype="float32")
    tell = progress or (lambda what, share: None)
    threads, drawn = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    try:
        rng = np.random.default_rng(settings.seed)
        training = heed(pipeline, split.training, rng, tell)
        stopping = heed(pipeline, split.stopping, rng, tell)
        lag = check_support(pipeline, split, training)
        lips = _train_lips(pipeline, settings, training, stopping, tell)
        _hear(pipeline, lips, training + stopping)
        denoiser = _train_denoiser(pipeline, settings, training, stopping, tell)
    finally:
        torch.set_num_threads(threads)
        torch.set_rng_state(drawn)
    seconds = sum(len(clip.motion) for clip in split.training) / FPS
    facts: dict[str, Any] = {
        "seconds": round(seconds, 1), "clips": len(split.training), "lag_frames": lag, "config": asdict(settings),
    }  # fmt: skip
    tensors = {**lips.tensors("lips"), **denoiser.tensors("denoiser")}
    tensors = {name: tensor.half() for name, tensor in tensors.items()}
    style = pipeline.sampling.style
    adapter = Adapter(pipeline.checkpoint.sha256, style, tensors, facts, content_digest(tensors, facts), "new adapter")
    tell("compare", 0.0)
    comparison = compare(asked, adapter, split)
    facts["figures"] = comparison.as_dict()
    return Adapted(adapter, comparison, time.monotonic() - began)


def check_support(pipeline: Pipeline, split: Split, training: Sequence[Heeded]) -> int:
    """Whether clips can teach how a person speaks.

    Returns:
        Frames by which the motion is late behind the sound, by the jaw.

    Raises:
        ValueError: too little motion, or a mouth that does not move, or does not follow the sound.
    """
    seconds = sum(np.isfinite(clip.motion[:, _JAW]).sum() for clip in split.training) / FPS
    if seconds < LEAST_SECONDS or not split.stopping or not split.held_out:
        raise ValueError(
            f"clips must show the jaw for {LEAST_SECONDS:g} s beside what is held out, got {seconds:.1f} s: film more"
        )
    jaws = [clip.motion[:, _JAW] / JAW_OPEN_RADIANS for clip in split.training]
    spread = float(np.nanstd(np.concatenate(jaws)))
    if spread < LEAST_SPREAD:
        raise ValueError(f"clips must show a mouth that moves, got a jaw that varies by {spread:.3f} of its range")
    with torch.no_grad():
        heard = [
            pipeline.hearing.lips(one.mel[None], _style(pipeline, 1), _row(one.speech))[0][0, :, _MOUTH.index(_JAW)]
            for one in training
        ]
    pairs = [
        (curve.numpy(), jaw) for curve, jaw in zip(heard, jaws) if np.isfinite(jaw).sum() >= FPS and np.nanstd(jaw) > 0
    ]
    if not pairs:
        raise ValueError("clips must show the jaw for 1 s at a time, got shorter ones alone")
    lag = -best_lag([pairs], LATEST)
    followed = pooled_correlation([(shifted(curve, -lag), jaw) for curve, jaw in pairs])
    if not followed >= LEAST_FOLLOWING:
        raise ValueError(
            f"clips must show a mouth that speaks what is heard, got r = {followed:.2f} of jaw and voice: another "
            "voice, or a sound that is not in time?"
        )
    if abs(lag) > 3:
        raise ValueError(f"clips must be in time with their sound, got motion that is {lag} frames late (of 40 ms)")
    return lag


def heed(
    pipeline: Pipeline, clips: Sequence[PersonClip], rng: np.random.Generator,
    tell: Callable[[str, float], None] = lambda what, share: None,
) -> list[Heeded]:  # fmt: skip
    """What the training reads of clips; what nobody captured, blinks, gaze and the head are the checkpoint's own.

    Args:
        pipeline: the checkpoint. clips: of a person. rng: draws the emotion of each. tell: called with what is done.
    """
    heeded = []
    encoder = pipeline.hearing.encoder
    for number, clip in enumerate(clips):
        tell("listen", number / len(clips))
        frames = len(clip.motion)
        asked = (EMOTIONS[int(rng.integers(len(EMOTIONS)))], int(rng.integers(1, 4)))
        own, moved = (
            _as_long(pipeline.animate(clip.samples, sample_rate=SAMPLE_RATE, emotion=emotion, **PLAIN).motion, frames)
            for emotion in ("neutral", asked)
        )
        known = np.isfinite(clip.motion)
        known[:, [*NECK, *NOT_MANNER]] = False
        filled = np.where(known, clip.motion, own)
        with torch.no_grad():
            mel = normalize_clip(log_mel(torch.from_numpy(np.ascontiguousarray(clip.samples)), frames))
            speech = None if encoder is None else encoder(mel[None])[0]
            z = embed(asked, pipeline.emotion)
        target, weight, expression = (torch.from_numpy(part).float() for part in (filled, known, moved - own))
        heeded.append(Heeded(mel, speech, target, weight, expression, z))
    return heeded


def _in_range(motion: Tensor) -> Tensor:
    """Shapes of motion (T, 56) held to 0..1."""
    return torch.cat([motion[:, :_JAW].clamp(0, 1), motion[:, _JAW:]], 1)


def _as_long(motion: np.ndarray, frames: int) -> np.ndarray:
    """Motion cut, or its last frame held, to so many frames."""
    return np.concatenate([motion, np.repeat(motion[-1:], max(frames - len(motion), 0), 0)])[:frames]


def _style(pipeline: Pipeline, rows: int) -> Tensor:
    return torch.full((rows,), STYLES[pipeline.sampling.style])


def _row(values: Tensor | None) -> Tensor | None:
    return None if values is None else values[None]


def _hear(pipeline: Pipeline, lips: LowRank, clips: Sequence[Heeded]) -> None:
    """Fill in the content features that follow from the changed lip net."""
    kind = pipeline.audio.config.kind
    with torch.no_grad():
        for one in clips:
            speech = [] if one.speech is None else [one.speech[None]]
            curves, logit = lips.call(one.mel[None], _style(pipeline, 1), *speech)
            heard = Heard(one.mel[None], _row(one.speech), curves, logit)
            one.content = pipeline.audio(heard.content(kind))[0]


Crop = tuple[Heeded, int, int]
"""A clip, the first frame of a window of it, and its frames."""


def _crops(clips: Sequence[Heeded], settings: AdaptConfig, rng: np.random.Generator) -> list[Crop]:
    """Windows of a step, drawn evenly over all frames."""
    lengths = np.array([len(one.target) for one in clips], np.float64)
    drawn = []
    for number in rng.choice(len(clips), settings.batch, p=lengths / lengths.sum()):
        frames = min(settings.frames, len(clips[number].target))
        drawn.append((clips[number], int(rng.integers(len(clips[number].target) - frames + 1)), frames))
    return drawn


def _tiles(clips: Sequence[Heeded], settings: AdaptConfig, most: int = 16) -> list[Crop]:
    """Windows that cover clips, every so manieth of them."""
    tiles = [
        (one, first, min(settings.frames, len(one.target) - first))
        for one in clips
        for first in range(0, max(len(one.target) - settings.frames // 2, 1), settings.frames)
    ]
    return tiles[:: math.ceil(len(tiles) / most)]


def stacked(parts: Sequence[Tensor]) -> Tensor:
    """Parts (t, n) of up to T frames as (B, T, n), zeros behind the shorter ones."""
    longest = max(len(part) for part in parts)
    return torch.stack([F.pad(part, (0, 0, 0, longest - len(part))) for part in parts])


def _train_lips(
    pipeline: Pipeline, settings: AdaptConfig, training: Sequence[Heeded], stopping: Sequence[Heeded],
    tell: Callable[[str, float], None],
) -> LowRank:  # fmt: skip
    """The lip net's changes: ``mean |e| + v mean |de/dt|`` on known curves, closure logits held."""
    net = pipeline.hearing.lips
    scale = torch.tensor(MOUTH_SCALE)
    matrices = [name for name, value in net.named_parameters() if value.ndim == 3]
    changed = LowRank(net, matrices, LIPS_WHOLE, settings.lips_rank)
    weights = torch.ones(len(MOUTH))
    weights[_MOUTH.index(_JAW)] = settings.jaw
    rng = np.random.default_rng(settings.seed)

    def loss(crops: Sequence[Crop]) -> Tensor:
        two = MEL_PER_FRAME
        mel = stacked([one.mel[two * at : two * (at + n)] for one, at, n in crops])
        speech = [one.speech[two * at : two * (at + n)] for one, at, n in crops if one.speech is not None]
        target = stacked([one.target[at : at + n, _MOUTH] for one, at, n in crops]) / scale
        known = stacked([one.known[at : at + n, _MOUTH] for one, at, n in crops])
        arguments = (mel, _style(pipeline, len(crops)), *([stacked(speech)] if speech else []))
        curves, logit = changed.call(*arguments)
        with torch.no_grad():
            before = net(*arguments)[1]
        error = known * (curves / scale - target)
        steady = error.diff(dim=1).abs().sum()
        held = (logit.sigmoid() - before.sigmoid()).square().mean()
        return ((weights * error.abs()).sum() + settings.velocity * steady) / known.sum().clamp(min=1) + held

    _optimise(changed, loss, settings, settings.lips_steps, settings.lips_rate, training, stopping, rng, "lips", tell)
    return changed


def _train_denoiser(
    pipeline: Pipeline, settings: AdaptConfig, training: Sequence[Heeded], stopping: Sequence[Heeded],
    tell: Callable[[str, float], None],
) -> LowRank:  # fmt: skip
    """The denoiser's changes: ``mean w |e| + v mean w |de/dt|`` of the mouth, ``mean w e^2`` of the rest, whose events
    chance times and whose variety an absolute error would take away.
    """
    net, context = pipeline.denoiser, pipeline.denoiser.config.context
    matrices = [f"blocks.{i}.{name}.weight" for i in range(net.config.blocks) for name in DENOISER_MATRICES]
    changed = LowRank(net, matrices, DENOISER_WHOLE, settings.denoiser_rank)
    rng = np.random.default_rng(settings.seed + 1)
    neutral, mean, deviation = pipeline.emotion.neutral, pipeline.mean, pipeline.deviation
    weights = torch.ones(len(mean))
    weights[_MOUTH] = settings.mouth
    weights[_JAW] *= settings.jaw
    mouth = channel_mask(MOUTH)

    def loss(crops: Sequence[Crop], generator: torch.Generator) -> Tensor:
        rows = len(crops)
        content = stacked([one.content[at : at + n] for one, at, n in crops if one.content is not None])
        shown = torch.rand(rows, generator=generator) < settings.expressive
        moved = [one.expression[at : at + n] * shown[row] for row, (one, at, n) in enumerate(crops)]
        motion = [one.target[at : at + n] + by for by, (one, at, n) in zip(moved, crops)]
        target = (stacked([_in_range(one) for one in motion]) - mean) / deviation
        emotion = torch.where(shown[:, None], torch.stack([one.emotion for one, _, _ in crops]), neutral)
        known = stacked([one.known[at : at + n].clamp(min=BESIDE) for one, at, n in crops]) * weights
        times = training_times(rows, settings.time_exponent, generator)
        noisy = add_noise(target, torch.randn(target.shape, generator=generator), times)
        carried = torch.zeros(target.shape[:2], dtype=torch.bool)
        for row, (_, at, _n) in enumerate(crops):
            carried[row, :context] = at > 0
        noisy = torch.where(carried[..., None], target, noisy)
        known = known * ~carried[..., None]
        predicted = changed.call(noisy, times, content, emotion, _style(pipeline, rows), carried)
        assert isinstance(predicted, Tensor)
        error = predicted - target
        steady = (known[:, 1:] * mouth * error.diff(dim=1).abs()).sum()
        apart = mouth * error.abs() + settings.calm * (1 - mouth) * error.square()
        return ((known * apart).sum() + settings.velocity * steady) / known.sum().clamp(min=1)

    generator = torch.Generator().manual_seed(settings.seed)

    def measured(crops: Sequence[Crop]) -> Tensor:
        return loss(crops, generator if torch.is_grad_enabled() else torch.Generator().manual_seed(settings.seed + 1))

    steps, rate = settings.denoiser_steps, settings.denoiser_rate
    _optimise(changed, measured, settings, steps, rate, training, stopping, rng, "denoiser", tell)
    return changed


def _optimise(
    changed: LowRank, loss: Callable[[Sequence[Crop]], Tensor], settings: AdaptConfig, steps: int, rate: float,
    training: Sequence[Heeded], stopping: Sequence[Heeded], rng: np.random.Generator, what: str,
    tell: Callable[[str, float], None],
) -> None:  # fmt: skip
    """Train until the stopping part gets no nearer, and keep what was nearest to it; nothing, if nothing is."""
    optimizer = torch.optim.AdamW(changed.parameters(), rate, betas=(0.9, 0.98), weight_decay=0.01)
    tiles = _tiles(stopping, settings)

    def look() -> float:
        with torch.no_grad():
            return float(loss(tiles))

    best, kept, stale = look(), copy.deepcopy(changed.state_dict()), 0
    for step in range(steps):
        tell(what, step / steps)
        share = min(1.0, (step + 1) / 10) * (0.5 + 0.5 * math.cos(math.pi * step / steps))
        for group in optimizer.param_groups:
            group["lr"] = rate * share
        optimizer.zero_grad()
        loss(_crops(training, settings, rng)).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(changed.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % settings.every == 0 or step + 1 == steps:
            found = look()
            tell(f"{what} {found:.4f}", step / steps)
            if found < best:
                best, kept, stale = found, copy.deepcopy(changed.state_dict()), 0
            else:
                stale += 1
            if stale >= settings.patience:
                break
    changed.load_state_dict(kept)
