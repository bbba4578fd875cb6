"""Lip figures: correlation with measured curves, robustness, and closure on hand-labelled bilabials."""

from __future__ import annotations

import numpy as np
import torch

from emoface.animation import Animation
from emoface.audio.features import log_mel
from emoface.audio.lip_net import ARTIST, mouth_motion
from emoface.audio.normalize import normalize_clip
from emoface.binding.emotions import EMOTIONS
from emoface.face.layout import ARKIT_INDEX, FPS, lip_gap, motion_to_arkit
from emoface.face.open_head import open_head_model
from emoface.metrics.lip_closure import CLOSED_MM, Closure, bilabials_closed, closure, correlation, phone_gaps
from emoface.metrics.mouth_opening import landmark_gap

from ..training.corpus.phones import BILABIAL, CLOSING_LABELS, LABIODENTAL, OPENING_LABELS, SILENCE, VISEMES, labelled
from .material import Captured, Performer, Spoken
from .report import Row, told

CURVES = ("jawOpen", "mouthFunnel", "mouthLowerDownLeft")
NOISE_DB = 10.0
GAP = "inner lips at the mid-line, linear in the shapes"
CLOSURE = (
    "smallest gap in each p, b, m against largest in each open vowel: AUC of the two, ratio of their means, "
    "hit30 = p, b, m below 30 % of the recording's median open gap"
)
HELD = "sounds but p, b, m, f, v whose largest gap is below 1 mm / those sounds: what closing costs"


def with_noise(samples: np.ndarray, decibels: float, seed: int = 0) -> np.ndarray:
    """Samples with white noise at a signal-to-noise ratio."""
    noise = np.random.default_rng(seed).standard_normal(len(samples)).astype(np.float32)
    return samples + noise * (np.sqrt(np.mean(samples**2)) * 10 ** (-decibels / 20)).astype(np.float32)


def curve_correlations(motion: np.ndarray, clip: Captured) -> dict[str, float]:
    """r of jaw, funnel and lower lip with the measured curves."""
    weights = motion_to_arkit(motion)
    columns = [ARKIT_INDEX[name] for name in CURVES]
    return {n: correlation(weights[:, c], clip.weights[:, c]) for n, c in zip(CURVES, columns)}


@torch.inference_mode()
def lip_net_motion(performer: Performer, samples: np.ndarray) -> np.ndarray:
    """Motion (T, 53) of the lip net alone, style artist, without the closure gate."""
    pipeline = performer.pipeline
    mel = normalize_clip(log_mel(torch.from_numpy(samples)))[None].to(pipeline.device)
    heard = pipeline.hearing(mel, torch.tensor([ARTIST], device=pipeline.device))
    return mouth_motion(heard.curves[0].float().cpu()).numpy()


def captured_rows(performer: Performer, clip: Captured, seeds: int) -> list[Row]:
    """Correlation with the measured curves of the held-out FACEGOOD recording."""
    takes = [curve_correlations(performer.motion(clip.samples, "neutral", seed=s), clip) for s in range(seeds)]
    jaw = float(np.mean([take["jawOpen"] for take in takes]))
    spread = ", ".join(f"{take['jawOpen']:.3f}" for take in takes)
    alone = curve_correlations(lip_net_motion(performer, clip.samples), clip)
    noisy = curve_correlations(performer.motion(with_noise(clip.samples, NOISE_DB), "neutral", seed=0), clip)
    rule = curve_correlations(performer.motion(clip.samples, "neutral", seed=0, style="rule"), clip)
    asked = {e: performer.motion(clip.samples, (e, 3), seed=0) for e in EMOTIONS if e != "neutral"}
    drops = {e: takes[0]["jawOpen"] - curve_correlations(motion, clip)["jawOpen"] for e, motion in asked.items()}
    worst = max(drops, key=lambda e: drops[e])
    rows = [
        Row("2_05 neutral, jawOpen r, full system", jaw, low=0.78, note=f"mean of seeds: {spread}"),
        *(Row(f"2_05 neutral, {name} r", float(np.mean([take[name] for take in takes]))) for name in CURVES[1:]),
        Row("2_05, jawOpen r, lip net alone", alone["jawOpen"], low=0.82),
        Row("2_05, mouthFunnel r, lip net alone", alone["mouthFunnel"], low=0.50),
        Row("2_05, mouthLowerDownLeft r, lip net alone", alone["mouthLowerDownLeft"], low=0.53),
        Row("2_05 neutral, jawOpen r, style rule", rule["jawOpen"]),
        Row("2_05, jawOpen r lost under 10 dB white noise", takes[0]["jawOpen"] - noisy["jawOpen"], high=0.03),
        Row(
            "2_05, jawOpen r lost by emotion, worst", drops[worst] / takes[0]["jawOpen"], high=0.10,
            note=f"share of neutral; {worst}, level 3",
        ),
    ]  # fmt: skip
    split = f"FACEGOOD 2_05, {len(clip.weights) / FPS:.0f} s, speaker heard in training"
    return told(rows, "1", "Pearson's r of a curve with the measured one over time", "the shape named", split)


def berlin_closure(performer: Performer, clips: list[Spoken], emotion: str, style: str) -> tuple[Closure, float]:
    """Closure over the labelled recordings with one emotion at level 3, and the share of bilabials closed."""
    gaps = []
    for clip in clips:
        motion = performer.motion(clip.samples, (emotion, 3), style=style)
        gaps.append(phone_gaps(lip_gap(motion), clip.phones, FPS))
    return closure(gaps), bilabials_closed(np.concatenate([shut for shut, _ in gaps]))


def held_shut(performer: Performer, clips: list[Spoken], style: str) -> float:
    """Share of the sounds that need no closed lips whose lips do not part by 1 mm, neutral."""
    others = {str(viseme) for viseme in range(len(VISEMES))} - {str(v) for v in (SILENCE, BILABIAL, LABIODENTAL)}
    gaps = []
    for clip in clips:
        motion = performer.motion(clip.samples, ("neutral", 3), style=style)
        gaps.append(phone_gaps(lip_gap(motion), labelled(clip.visemes), FPS, (), others)[1])
    return float((np.concatenate(gaps) < CLOSED_MM).mean())


def berlin_rows(performer: Performer, clips: list[Spoken], emotions: list[str], style: str) -> list[Row]:
    """Closure of p, b, m against open vowels on the held-out speakers of the Berlin database."""
    measured = {emotion: berlin_closure(performer, clips, emotion, style) for emotion in emotions}
    found = {emotion: value for emotion, (value, _) in measured.items()}
    rest = found["neutral"]
    where = f"Berlin speakers 13, 14, style {style}"
    rows = [
        Row(f"{where}: closure AUC, neutral", rest.auc, low=0.97, note=f"{rest.closed} p b m, {rest.opened} vowels"),
        Row(f"{where}: closed/open ratio, neutral", rest.ratio, high=0.13),
        Row(f"{where}: hit30, neutral", rest.hit30),
    ]
    for emotion, value in found.items():
        if emotion != "neutral":
            high = 0.16 if emotion == "surprised" else 0.13
            note = f"AUC {value.auc:.3f}, hit30 {value.hit30:.3f}"
            rows.append(Row(f"{where}: closed/open ratio, {emotion}", value.ratio, high=high, note=note))
    others = [emotion for emotion in found if emotion != "neutral"]
    for name, losses in (
        ("AUC", {e: 1 - found[e].auc / rest.auc for e in others}),
        ("hit30", {e: 1 - found[e].hit30 / max(rest.hit30, 1e-6) for e in others}),
        ("ratio", {e: found[e].ratio / max(rest.ratio, 1e-6) - 1 for e in others}),
    ):
        worst = max(losses, key=lambda e: losses[e])
        bar = None if name == "ratio" else 0.10
        rows.append(Row(f"{where}: {name} worse by emotion, worst", losses[worst], high=bar, note=f"share; {worst}"))
    split = f"{len(clips)} recordings, {', '.join(emotions)} at level 3; sentences heard in training from others"
    shares = {emotion: share for emotion, (_, share) in measured.items()}
    least = min(shares, key=lambda e: shares[e])
    note = "worst: " + least + "; " + ", ".join(f"{e} {share:.3f}" for e, share in shares.items())
    rows.append(Row.of(bilabials_closed.figure(shares[least], GAP, split), low=0.95, note=note, where=where))
    rows.append(Row(f"{where}: other sounds held shut, neutral", held_shut(performer, clips, style), definition=HELD))
    return told(rows, "1", CLOSURE, GAP, split)


def bundled_rows(performer: Performer, clip: Spoken) -> list[Row]:
    """Closure on the bundled clip, by visemes."""
    visemes = labelled(clip.visemes)
    motion = performer.motion(clip.samples, "neutral")
    value = closure([phone_gaps(lip_gap(motion), visemes, FPS, CLOSING_LABELS, OPENING_LABELS)])
    rows = [
        Row("bundled clip: closure AUC, neutral", value.auc, note=f"{value.closed} p b m, {value.opened} vowels"),
        Row("bundled clip: closed/open ratio, neutral", value.ratio),
    ]
    split = f"{len(clip.samples) / 16000:.1f} s of a synthetic voice outside training"
    vertices = torch.from_numpy(Animation.from_motion(motion).vertices())
    gap = landmark_gap(open_head_model().landmarks(vertices).numpy())  # (T,) mm
    shut, _ = phone_gaps(gap, visemes, FPS, CLOSING_LABELS, OPENING_LABELS)
    mask = "three facing pairs of inner lip landmarks of the open head"
    mesh = Row.of(bilabials_closed.figure(bilabials_closed(shut), mask, split), where="bundled clip, neutral")
    return [*told(rows, "1", CLOSURE, GAP, split), mesh]
