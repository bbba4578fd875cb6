"""Is the mouth in time with the voice, and does the face tremble at the frequencies of real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from emoface.animation import Animation
from emoface.audio.features import MEL_RATE, log_mel
from emoface.binding.intensity import MOVING
from emoface.face.layout import ARKIT_INDEX, FPS, motion_to_arkit
from emoface.metrics.beats import audio_beats, beat_alignment, chance_alignment, motion_beats
from emoface.metrics.jitter import UPPER_SHAPES, acceleration_excess, jerk_excess
from emoface.metrics.sync import audio_motion_offset

from ..training.corpus.adapters.signals import mel_of
from ..training.corpus.clips import mel_loudness
from .material import Captured, Performer
from .report import Row

JAW = ARKIT_INDEX["jawOpen"]


def offset_row(performer: Performer, clip: Captured) -> Row:
    """Delay of the jaw behind the voice, beside that of the measured jaw."""
    loudness = mel_loudness(mel_of(clip.samples))[: len(clip.weights)]
    weights = motion_to_arkit(performer.motion(clip.samples, "neutral", seed=0))
    jaws = (curves[: len(loudness), JAW] for curves in (weights, clip.weights))
    ours, theirs = (audio_motion_offset(loudness, jaw, FPS) for jaw in jaws)
    figure = audio_motion_offset.figure(ours, "jawOpen", f"2_05, neutral, {len(loudness)} frames")
    return Row.of(figure, note=f"measured jaw: {theirs:.1f} ms", where="2_05")


def beat_row(performer: Performer, clip: Captured) -> Row:
    """Pauses of the mouth on beats of the voice, beside chance and the measured mouth."""
    mel = log_mel(torch.from_numpy(clip.samples)).numpy()
    voice = audio_beats(mel, MEL_RATE)
    weights = motion_to_arkit(performer.motion(clip.samples, "neutral", seed=0))
    ours, theirs = (motion_beats(curves[:, clip.shapes]) for curves in (weights, clip.weights))
    duration = len(clip.weights) / FPS
    figure = beat_alignment.figure(
        beat_alignment(voice, ours, FPS), f"{len(clip.shapes)} measured mouth shapes",
        f"2_05, neutral, {len(voice)} beats of the voice, {len(ours)} of the motion",
    )  # fmt: skip
    chance = chance_alignment(voice, ours, FPS, duration)
    real = beat_alignment(voice, theirs, FPS)
    note = f"by chance {chance:.3f}; measured mouth {real:.3f}: mouths, unlike heads, pause between words, not on beats"
    return Row.of(figure, note=note, where="2_05")


def spectrum_rows(performer: Performer, clip: Captured, take: Animation | None) -> list[Row]:
    """Power of acceleration and jerk above 6 Hz: the mouth against 2_05, the upper face against a Live Link take."""
    weights = motion_to_arkit(performer.motion(clip.samples, "neutral", seed=0))
    rows = []
    for measure in (acceleration_excess, jerk_excess):
        value = measure(weights[:, clip.shapes], clip.weights[:, clip.shapes], FPS, FPS)
        figure = measure.figure(value, f"{len(clip.shapes)} measured mouth shapes", "2_05, neutral, against its curves")
        rows.append(Row.of(figure, where="mouth"))
    if take is not None:
        shapes = list(UPPER_SHAPES)
        real = take.arkit()[:, shapes]
        motion = np.concatenate([performer.motion(clip.samples, (emotion, 2), seed=0) for emotion in MOVING[:2]])
        for measure in (acceleration_excess, jerk_excess):
            value = measure(motion_to_arkit(motion)[:, shapes], real, FPS, FPS)
            split = f"2_05, {' and '.join(MOVING[:2])} at level 2, against {take.duration:.1f} s of one phone capture"
            rows.append(Row.of(measure.figure(value, "brow, cheek, nose, lid shapes", split), where="upper face"))
    return rows


def live_link_take(assets: Path) -> Animation | None:
    """The captured take of a phone at 25 fps, if there is one."""
    files = sorted((assets / "livelink").glob("*.csv"))
    return Animation.load(files[0]).resample(FPS) if files else None
