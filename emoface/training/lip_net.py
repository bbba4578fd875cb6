"""The lips stage: trains the lip net on measured curves and on rule-made ones from timed phones."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emoface.audio.features import MEL_BINS, MEL_PER_FRAME, SAMPLE_RATE, log_mel
from emoface.audio.hearing import Hearing
from emoface.audio.lip_net import (
    ARTIST,
    MOUTH_SCALE,
    PERSON,
    RULE,
    STYLES,
    LipNet,
    apply_closure,
    closure_weight,
    mouth_motion,
)
from emoface.audio.normalize import SILENT_MEL, MelNormalizer, normalize_clip
from emoface.audio.speech_encoder import SpeechEncoder
from emoface.face.layout import (
    FPS,
    JAW_OPEN_RADIANS,
    MOTION_INDEX,
    MOTION_NAMES,
    MOTION_SIZE,
    MOUTH,
    lip_gap,
    lip_width,
)
from emoface.metrics import lip_closure
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

from .corpus.augment import KINDS, augment_mel, stretch_time
from .corpus.backgrounds import Backgrounds
from .corpus.build import HELD_OUT
from .corpus.clips import Clip, hours, load_clips, mel_loudness, require_layout
from .corpus.phones import CLOSING_LABELS, OPENING_LABELS, labelled
from .corpus.skipped import Skipped
from .corpus.visemes import rule_lips

_MOUTH = list(MOUTH)
_JAW, _FUNNEL, _LOWER = (MOTION_INDEX[n] for n in ("jaw_pose_x", "mouthFunnel", "mouthLowerDownLeft"))
_FORMING = [_MOUTH.index(i) for i in (_JAW, _FUNNEL, _LOWER)]
LEAST_OPENING = 0.4
"""Share of the rule's lip opening that style artist must reach where no closure is."""
LOGGED = 40
"""Losses kept in the card."""
SHUT_MM, APART_MM = 0.4, 1.2
"""Lip gap of a tracked face up to which its lips count as closed, and from which they do not."""
_LONGEST_CONTEXT = 8 * FPS


@dataclass
class LipsConfig:
    """Settings of the stage.

    Attributes:
        seed: of everything. steps, batch, frames, learning_rate, weight_decay, warm_up: training.
        model: arguments of ``LipNet``.
        shares: share of windows per data set (first part of a clip's name) or, for data sets not named, per
            source; those the corpus lacks are left out and the rest scaled up. square, velocity: weights of
            the squared error and of the error's change per frame, beside the L1 error.
        closure: extra weight of p, b, m frames. closure_logit: weight of the closure logit's cross-entropy.
        channels: weights of single channels by motion name or its beginning.
        crossed: share of rule-labelled windows that are read in a measured style, where only closures are taught.
        noise: deviation of noise on the speech encoder's features, so that they are not learnt by heart.
        closing: weight of the lip opening on p, b, m, per centimetre, in both styles.
        opening: weight of what crossed windows lack elsewhere to 0.4 of the rule's opening, per centimetre.
        form: weight of the error of the lips' opening and of their width on measured frames, per centimetre.
        kinds: augmentations. background: share of windows with music or other voices; all of those in which nobody
            speaks. stretched: share of windows played at another speed.
        begin_from: run folder whose lip net the training begins with; empty for random weights. kept: share of those
            weights in the result, which is their average with the trained ones (Wortsman et al. 2022, "Model soups").
        save_every: steps between resumable states. threads: CPU threads.
    """

    seed: int = 0
    steps: int = 2400
    batch: int = 12
    frames: int = 100
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    warm_up: float = 0.1
    ema: float = 0.99
    model: dict[str, Any] = field(default_factory=dict)
    shares: dict[str, float] = field(
        default_factory=lambda: {
            "captured": 0.48,
            "emodb": 0.25,
            "tts": 0.18,
            "ljspeech": 0.05,
            "quiet": 0.04,
            "labelled": 0.2,
            "grid_s1": 0.3,
        }
    )
    square: float = 4.0
    velocity: float = 0.3
    closure: float = 3.0
    closure_logit: float = 2.0
    channels: dict[str, float] = field(default_factory=lambda: {"jaw_pose_x": 3.0, "mouthFunnel": 2.0})
    crossed: float = 0.25
    noise: float = 0.1
    closing: float = 0.3
    opening: float = 0.6
    form: float = 0.0
    kinds: list[str] = field(default_factory=lambda: list(KINDS))
    background: float = 0.0
    stretched: float = 0.4
    begin_from: str = ""
    kept: float = 0.0
    save_every: int = 500
    threads: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.kept < 1:
            raise ValueError(f"kept must be at least 0 and below 1, got {self.kept}")
        if self.kept and not self.begin_from:
            raise ValueError("kept needs begin_from: there are no weights to keep a share of")


class LipBatch(NamedTuple):
    """A training batch of T-frame windows."""

    mel: Tensor
    """(B, 2 T, 64) normalised."""
    style: Tensor
    """(B,)"""
    lips: Tensor
    """(B, T, len(MOUTH)) targets, in units of ``MOUTH_SCALE``."""
    known: Tensor
    """(B, T, len(MOUTH)) 1 where a target is known."""
    closure: Tensor
    """(B, T) how firmly p, b, m hold the lips."""
    phones: Tensor
    """(B, T) 1 where closures are known."""


class LipWindows:
    """Random windows of a corpus; a step's windows depend on the seed and the step alone."""

    def __init__(self, clips: Sequence[Clip], config: LipsConfig) -> None:
        self.config = config
        self.clips = [c for c in clips if c.source != "voice" and c.frames > 1]
        groups = [c.dataset if c.dataset in config.shares else c.source for c in self.clips]
        length = {g: sum(c.frames for c, h in zip(self.clips, groups) if h == g) for g in set(groups)}
        share = [config.shares.get(g, 0.0) * c.frames / length[g] for c, g in zip(self.clips, groups)]
        if not sum(share) > 0:
            raise ValueError("the corpus has no captured, labelled or synthetic clips to train the lip net on")
        self.probability = np.array(share) / sum(share)
        self.backgrounds = Backgrounds([c.mel for c in clips])
        self.measured = sorted({STYLES[c.style] for c in self.clips if c.lips is not None} or {ARTIST})

    def batch(self, step: int) -> LipBatch:
        """The windows of one step."""
        rng = np.random.default_rng((self.config.seed, step))
        picks = rng.choice(len(self.clips), self.config.batch, p=self.probability)
        windows = [self._window(self.clips[i], rng) for i in picks]
        return LipBatch(*(torch.from_numpy(np.stack(part)) for part in zip(*windows)))

    def _window(self, clip: Clip, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        length = self.config.frames
        start = int(rng.integers(0, max(clip.frames - length, 0) + 1))
        count = min(length, clip.frames - start)
        style, lips, known, closure, phones = self._targets(clip, rng, start, count)

        # Both regimes of the running normaliser: little heard so far, and much.
        heard = rng.choice(np.array([0, rng.integers(0, start + 1), start]))
        before = int(min(heard, _LONGEST_CONTEXT))
        after = int(min(clip.frames - start - count, _LONGEST_CONTEXT)) if rng.random() < 0.3 else 0
        low, high = start - before, start + count + after
        mel = augment_mel(clip.mel[low * MEL_PER_FRAME : high * MEL_PER_FRAME], rng, self.config.kinds)
        if self.config.background and (clip.dataset == "quiet" or rng.random() < self.config.background):
            mel = self.backgrounds.under(mel, rng)
        normalizer = MelNormalizer()
        normalizer.update(torch.from_numpy(mel))
        mel = mel[before * MEL_PER_FRAME : (before + count) * MEL_PER_FRAME]
        if rng.random() < self.config.stretched:
            factor = float(np.exp(rng.uniform(-0.18, 0.18)))
            mel, lips = stretch_time(mel, factor), stretch_time(lips, factor)
            closure = stretch_time(closure[:, None], factor)[:, 0]
            known = stretch_time(known, factor).round()
        missing = length - count
        mel = np.pad(mel, ((0, missing * MEL_PER_FRAME), (0, 0)), constant_values=SILENT_MEL)
        return (
            normalizer.apply(torch.from_numpy(mel)).numpy(),
            np.int64(style),
            np.pad(lips, ((0, missing), (0, 0))),
            np.pad(known, ((0, missing), (0, 0))),
            np.pad(closure, (0, missing)),
            np.pad(np.full(count, phones, np.float32), (0, missing)),
        )

    def _targets(
        self, clip: Clip, rng: np.random.Generator, start: int, count: int
    ) -> tuple[int, np.ndarray, np.ndarray, np.ndarray, float]:
        """Style, curves, known channels, closures and whether closures are known."""
        span = slice(start, start + count)
        scale = np.array(MOUTH_SCALE, np.float32)
        if clip.lips is not None:
            motion, known = clip.measured()
            style, closure, phones = STYLES[clip.style], np.zeros(count, np.float32), 0.0
            if style == PERSON:  # a tracked face shows when its lips close
                closure, phones = seen_closures(motion)[span], 1.0
            return style, motion[span][:, _MOUTH] / scale, known[span][:, _MOUTH].astype(np.float32), closure, phones
        assert clip.visemes is not None
        motion, closure = rule_lips(clip.visemes, clip.frames, rng, mel_loudness(clip.mel))
        lips = motion[span][:, _MOUTH] / scale
        crossed = rng.random() < self.config.crossed
        silent = (clip.visemes[:, 0] == 0).all()  # a resting mouth is the same in every style
        known = np.full((count, len(MOUTH)), 0.0 if crossed and not silent else 1.0, np.float32)
        style = int(rng.choice(self.measured)) if crossed else RULE
        return style, lips, known, closure[span], 1.0


def seen_closures(motion: np.ndarray) -> np.ndarray:
    """How firmly the lips of a tracked face are closed, (T,) 0..1, by the gap of its motion (T, 56)."""
    return ((APART_MM - lip_gap(motion)) / (APART_MM - SHUT_MM)).clip(0, 1).astype(np.float32)


def lip_loss(curves: Tensor, logit: Tensor, batch: LipBatch, channels: Tensor, config: LipsConfig) -> Tensor:
    """``sum_c w_c (|e| + 4 e^2 + 0.3 |de/dt|)`` on known channels, p, b, m frames x4, the form and closure terms.

    Args:
        curves: (B, T, len(MOUTH)) in motion units. logit: (B, T). batch: the targets.
        channels: (len(MOUTH),) weights. config: the other weights.

    Returns:
        Scalar.
    """
    scale = curves.new_tensor(MOUTH_SCALE)
    error = curves / scale - batch.lips
    weight = channels * batch.known * (1 + config.closure * batch.closure)[..., None]
    frames = batch.known.amax(-1).sum().clamp(min=1)
    loss = (weight * (error.abs() + config.square * error.square())).sum() / frames
    steady = weight[:, 1:] * batch.known[:, :-1]
    loss = loss + config.velocity * (steady * (error[:, 1:] - error[:, :-1]).abs()).sum() / frames
    entropy = F.binary_cross_entropy_with_logits(logit, batch.closure, reduction="none")
    loss = loss + config.closure_logit * (entropy * batch.phones).sum() / batch.phones.sum().clamp(min=1)
    gap, rule_gap = lip_gap(_in_motion(curves)), lip_gap(_in_motion(batch.lips * scale))  # (B, T) mm
    artist = (batch.style != RULE)[:, None]
    crossed = batch.phones * artist
    lacking = (1 - batch.closure) * F.relu(LEAST_OPENING * rule_gap - gap)
    for held in (batch.closure * batch.phones * ~artist, batch.closure * crossed):
        loss = loss + config.closing * (held * gap).sum() / held.sum().clamp(min=1) / 10
    loss = loss + config.opening * (crossed * lacking).sum() / crossed.sum().clamp(min=1) / 10
    if config.form:
        told = batch.known[..., _FORMING].amin(-1) * artist
        ours, theirs = _in_motion(curves), _in_motion(batch.lips * scale)
        for form in (partial(lip_gap, signed=True), lip_width):
            loss = loss + config.form * (told * (form(ours) - form(theirs)).abs()).sum() / frames / 10
    return loss


def _in_motion(curves: Tensor) -> Tensor:
    """Mouth curves (..., len(MOUTH)) as motion (..., 53), not clipped."""
    index = torch.tensor(MOUTH, device=curves.device)
    return curves.new_zeros(*curves.shape[:-1], MOTION_SIZE).index_copy(-1, index, curves)


def mouth_weights(weights: dict[str, float]) -> Tensor:
    """Weight per mouth channel from names or beginnings of names; 1 where none fits."""
    unknown = [key for key in weights if not any(MOTION_NAMES[i].startswith(key) for i in MOUTH)]
    if unknown:
        raise ValueError(f"channels must be (beginnings of) mouth channel names, got {unknown}")
    values = [1.0] * len(MOUTH)
    for key, weight in weights.items():
        for position, index in enumerate(MOUTH):
            if MOTION_NAMES[index].startswith(key):
                values[position] = weight
    return torch.tensor(values)


def load_speech_encoder(out: Path) -> SpeechEncoder | None:
    """The speech encoder under a run folder, frozen; None where there is none."""
    path = out / "speech" / "model.safetensors"
    if not path.exists():
        return None
    tensors, config = load_tensors(path)
    encoder = SpeechEncoder(**config)
    encoder.load_state_dict(tensors)
    return encoder.eval().requires_grad_(False)


def load_hearing(out: Path) -> Hearing:
    """The speech encoder, if any, and the lip net that the stages wrote under a run folder, in evaluation mode."""
    tensors, config = load_tensors(out / "lips" / "model.safetensors")
    net = LipNet(**config)
    net.load_state_dict(tensors)
    return Hearing(load_speech_encoder(out), net).eval().requires_grad_(False)


@torch.no_grad()
def read_lips(hearing: Hearing, mel: np.ndarray, style: int, gate: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Lip motion (T, 56) float32 and closure weight (T,) of a raw log-mel (2 T, 64), gated with strength
    ``gate``.
    """
    mels = normalize_clip(torch.from_numpy(np.asarray(mel, np.float32)))[None]
    heard = hearing(mels, torch.tensor([style]))
    weight = closure_weight(heard.closure)
    motion = mouth_motion(heard.curves)
    if gate:
        motion = apply_closure(motion, weight, gate)
    return motion[0].numpy(), weight[0].numpy()


def pseudo_lips(hearing: Hearing, clip: Clip, style: int = ARTIST) -> tuple[np.ndarray, np.ndarray]:
    """Lips of any clip in a measured style, closed where its closures are: the pseudo-labels of voices without curves.

    Closures come from the clip's phones where it has them, else from the net.

    Args:
        hearing: with a trained lip net, in eval mode. clip: any clip. style: ``ARTIST`` or ``PERSON``.

    Returns:
        Motion (T, 56) float32 and closure weight (T,) float32.
    """
    motion, closure = read_lips(hearing, clip.mel, style)
    if clip.visemes is not None:
        closure = rule_lips(clip.visemes, clip.frames)[1]
    closed = apply_closure(torch.from_numpy(motion), torch.from_numpy(closure))
    return closed.numpy(), closure


def train(
    config: LipsConfig | dict[str, Any] | str | Path | None,
    out: str | Path,
    assets: str | Path | None = None,
    resume: bool = False,
) -> Path:
    """Train the lip net on ``<out>/corpus``; writes ``<out>/lips/model.safetensors`` and ``card.json``.

    Args:
        config: a :class:`LipsConfig`, a dict or JSON file of its fields, or None for the defaults.
        out: run folder.
        assets: not used by this stage.
        resume: go on from the last saved state.

    Returns:
        The folder written.
    """
    if not isinstance(config, LipsConfig):
        config = read_config(LipsConfig, config)
    seed_everything(config.seed)
    torch.set_num_threads(config.threads)
    folder = Path(out) / "lips"
    folder.mkdir(parents=True, exist_ok=True)
    skipped = Skipped()
    clips = load_clips(Path(out) / "corpus", skipped)
    require_layout(clips, "open_head", "the lip net")
    windows = LipWindows(clips, config)
    encoder = load_speech_encoder(Path(out))
    model = {**config.model, "speech": 0 if encoder is None else encoder.width}
    net = LipNet(**model).train()
    begun = _weights_of(Path(config.begin_from), model) if config.begin_from else net.state_dict()
    net.load_state_dict(begun)
    optimizer = torch.optim.AdamW(net.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    channels = mouth_weights(config.channels)
    ema = Ema(net, config.ema)
    state = TrainingState(folder / "state.pt", net, optimizer, ema)
    first, spent = state.restore() if resume else (0, 0.0)
    log = []
    started = time.monotonic() - spent
    for step in progress(range(first, config.steps), "lips", config.steps, first):
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * one_cycle(step / config.steps, config.warm_up)
        batch = windows.batch(step)
        features = None
        if encoder is not None:
            generator = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
            with torch.no_grad():
                features = encoder(batch.mel)  # (B, 2 T, W)
            features = features + config.noise * torch.randn(features.shape, generator=generator)
        curves, logit = net(batch.mel, batch.style, features)
        loss = lip_loss(curves, logit, batch, channels, config)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        ema.update(net)
        if step % max(config.steps // LOGGED, 1) == 0:
            log.append({"step": step, "loss": round(float(loss.detach()), 4)})
        if (step + 1) % config.save_every == 0:
            state.save(step + 1, time.monotonic() - started)
    ema.copy_to(net.eval())
    if config.kept:
        keep_share(net, begun, config.kept)
    save_tensors(folder / "model.safetensors", net.state_dict(), model)
    held_out = Path(out) / "corpus" / HELD_OUT
    hearing = Hearing(encoder, net)
    figures = held_out_figures(hearing, load_clips(held_out)) if any(held_out.glob("*.npz")) else {}
    write_stage_card(
        folder, "lips", config, steps=config.steps, minutes=round((time.monotonic() - started) / 60, 2),
        corpus_hours=round(hours(windows.clips), 3), parameters=sum(p.numel() for p in net.parameters()),
        shards_left_out=dict(skipped.counts), figures=figures, log=log,
    )  # fmt: skip
    state.path.unlink(missing_ok=True)
    return folder


def _weights_of(run_folder: Path, model: dict[str, Any]) -> dict[str, Tensor]:
    """Weights of another run's lip net of the same shape."""
    tensors, theirs = load_tensors(run_folder / "lips" / "model.safetensors")
    if theirs != model:
        raise ValueError(f"begin_from must be a run whose lip net has the shape {model}, got {theirs}")
    return tensors


def one_cycle(done: float, warm_up: float) -> float:
    """Learning-rate factor: cosine from 0.04 up to 1 during ``warm_up``, then down to 0."""
    if done < warm_up:
        return 0.04 + 0.96 * 0.5 * (1 - math.cos(math.pi * done / warm_up))
    return 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))


def held_out_figures(hearing: Hearing, clips: Sequence[Clip]) -> dict[str, Any]:
    """Figures of a lip net on held-out clips, each read in its own style.

    Measured clips: correlation of jaw, funnel and lower lip, mean absolute error, also under 10 dB of noise.
    Real
    voices with phones: opening at p, b, m against open vowels. And the mouth in silence.

    Args:
        hearing: in eval mode. clips: held-out clips of any source.

    Returns:
        Nested dict of rounded numbers, for the card.
    """
    figures: dict[str, Any] = {}
    captured: dict[str, list[Clip]] = {}
    for clip in clips:
        if clip.source == "captured" and clip.lips is not None:
            captured.setdefault(clip.dataset if clip.style == "person" else clip.name, []).append(clip)
    for name, group in captured.items():
        style = STYLES[group[0].style]
        own = {"": (style, 0.0), "_gated": (style, 1.0)}
        figures[name] = {
            f"{group[0].style}{kind}": lip_errors(group, [read_lips(hearing, c.mel, *how)[0] for c in group])
            for kind, how in own.items()
        }
        noisy = [read_lips(hearing, mel_with_noise(c.mel, 10.0), style)[0] for c in group]
        figures[name][f"{group[0].style}_10db_noise"] = lip_errors(group, noisy)
        figures[name]["rule"] = lip_errors(group, [read_lips(hearing, c.mel, RULE)[0] for c in group])
    for source in ("labelled", "tts"):
        spoken = [c for c in clips if c.source == source and c.visemes is not None]
        if not spoken:
            continue
        figures[f"closure_{source}"] = {
            f"{name}{'_gated' if gate else ''}": closure_figures(
                spoken, [read_lips(hearing, c.mel, style, gate)[0] for c in spoken]
            )
            for name, style in (("artist", ARTIST), ("rule", RULE))
            for gate in (0.0, 0.5, 1.0)
            if gate != 0.5
        }
    silence = np.full((MEL_PER_FRAME * 4 * FPS, MEL_BINS), SILENT_MEL, np.float32)
    hiss = noise_mel(len(silence), 0) + 2 * math.log(3e-3)
    for name, mel in (("silence", silence), ("hiss", hiss)):
        for style in (ARTIST, RULE):
            motion = read_lips(hearing, mel, style)[0]
            figures.setdefault(name, {})["artist" if style == ARTIST else "rule"] = {
                "gap_mm": round(float(lip_gap(motion).max()), 2),
                "movement": round(float(np.abs(np.diff(motion, axis=0)).max()), 4),
            }
    return figures


def lip_errors(clips: Sequence[Clip], motions: Sequence[np.ndarray]) -> dict[str, float]:
    """Correlations, gains and errors of predicted lips against measured clips, joined; jaw in units of full opening.

    Args:
        clips: with measured motion, all with the same known channels. motions: (T, 56) each.
    """
    pairs = [clip.measured() for clip in clips]
    measured, known = (np.concatenate(part) for part in zip(*pairs, strict=True))
    seen = known.any(1)
    measured, motion = measured[seen], np.concatenate(list(motions))[seen]
    told = np.atleast_1d(known[seen].all(axis=0))
    mouth = [i for i in MOUTH if told[i]]
    scale = dict(zip(MOUTH, MOUTH_SCALE))
    errors = [np.abs(motion[:, i] - measured[:, i]).mean() / scale[i] for i in mouth]
    named = {"jaw": _JAW, "funnel": _FUNNEL, "lower": _LOWER}
    r = {name: lip_closure.correlation(motion[:, i], measured[:, i]) if told[i] else 0.0 for name, i in named.items()}
    return {
        **{f"{name}_r": round(float(np.nan_to_num(value)), 3) for name, value in r.items()},  # 0 where one is still
        "jaw_gain": round(float(motion[:, _JAW].std() / max(measured[:, _JAW].std(), 1e-6)), 3),
        "gap_r": round(float(np.nan_to_num(lip_closure.correlation(lip_gap(motion), lip_gap(measured)))), 3),
        "mae": round(float(np.mean(errors)), 4),
        "jaw_mae": round(float(np.abs(motion[:, _JAW] - measured[:, _JAW]).mean() / JAW_OPEN_RADIANS), 4),
    }


def closure_figures(clips: Sequence[Clip], motions: Sequence[np.ndarray]) -> dict[str, float]:
    """How well lips close: smallest opening on each p, b, m against the largest on each open vowel.

    Args:
        clips: clips with visemes. motions: (T, 56) each.

    Returns:
        ``auc`` (probability that a bilabial is less open than an open vowel), ``ratio`` of the mean openings,
        ``hit30`` (share of bilabials below 30 % of their clip's median open vowel), ``open_mm`` (mean opening of
        the open vowels), and the counts.
    """
    gaps = []
    for clip, motion in zip(clips, motions):
        phones = labelled(np.asarray(clip.visemes))
        gaps.append(lip_closure.phone_gaps(lip_gap(motion), phones, FPS, CLOSING_LABELS, OPENING_LABELS, cut=True))
    both = [(shut, wide) for shut, wide in gaps if len(shut) and len(wide)]
    if not both:
        return {"bilabials": 0, "open_vowels": 0}
    found = lip_closure.closure(both)
    return {
        "auc": round(found.auc, 3),
        "ratio": round(found.ratio, 3),
        "hit30": round(found.hit30, 3),
        "open_mm": round(float(np.concatenate([wide for _, wide in both]).mean()), 2),
        "bilabials": found.closed,
        "open_vowels": found.opened,
    }


def noise_mel(count: int, seed: int) -> np.ndarray:
    """Log-mel (count, 64) of white noise of unit deviation, without the log's floor."""
    generator = torch.Generator().manual_seed(seed)
    frames = -(-count // MEL_PER_FRAME)
    noise = torch.randn(frames * SAMPLE_RATE // FPS, generator=generator)
    return log_mel(noise, frames).numpy()[:count]


def mel_with_noise(mel: np.ndarray, decibels: float, seed: int = 0) -> np.ndarray:
    """A log-mel with white noise added in power, ``decibels`` below the clip's mean power.

    Args:
        mel: (2 T, 64). decibels: signal-to-noise ratio. seed: of the noise.

    Returns:
        (2 T, 64) float32.
    """
    mel = np.asarray(mel, np.float32)
    noise = noise_mel(len(mel), seed)
    level = np.log(np.exp(mel).sum(1).mean()) - np.log(np.exp(noise).sum(1).mean()) - decibels / 10 * math.log(10)
    return np.logaddexp(mel, noise + level).astype(np.float32)
