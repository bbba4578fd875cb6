"""What low latency costs: figures of each latency profile beside those of whole recordings."""

from __future__ import annotations

import numpy as np

from emoface.binding.emotions import EMOTIONS
from emoface.face.layout import FPS, lip_gap, motion_to_arkit
from emoface.live import LATENCIES
from emoface.metrics.emotion import displacement, strength
from emoface.metrics.jitter import UPPER_SHAPES, jitter
from emoface.metrics.lip_closure import bilabials_closed, phone_gaps

from .lips import curve_correlations
from .material import Captured, Performer, Spoken, repeated
from .report import Row, told

BARS = {"live": (0.01, 0.05, 1.15), "instant": (0.02, 0.10, None)}
"""By profile: how much of r and of bilabials may be lost, by how much a strength may be off, and the most jitter."""
LEVEL = 3
SEEDS = 4
"""Takes whose mean movement is a strength: one alone is off by a tenth by chance."""
DRIFTING = "happy"
QUICK = (DRIFTING, "sad")
"""Emotions of a quick evaluation."""


def latency_rows(
    performer: Performer, measured: Captured | None, labelled: list[Spoken], clip: Spoken, quick: bool
) -> list[Row]:
    """Figures of every profile.

    Args:
        performer: of the checkpoint. measured: recording with captured curves, None if it is not there.
        labelled: recordings with phones. clip: of which strengths are taken. quick: shorter.
    """
    rows = []
    for latency in LATENCIES[1:]:
        rows += _rows(performer, latency, measured, labelled[:4] if quick else labelled, clip, quick)
    definition = "the figure with this latency beside that of the whole recording; same options, same seed"
    return told(rows, "1", definition, "the shapes named", "recordings as in the parts of the same figures")


def _rows(
    performer: Performer, latency: str, measured: Captured | None, labelled: list[Spoken], clip: Spoken, quick: bool
) -> list[Row]:
    """Figures of one profile."""
    seconds, emotions = (15, QUICK) if quick else (600, [name for name in EMOTIONS if name != "neutral"])
    lost, off, trembling = BARS[latency]
    rows = []
    if measured is not None:
        takes = [performer.motion(measured.samples, "neutral", seed=0, latency=name) for name in ("file", latency)]
        r = [curve_correlations(take, measured)["jawOpen"] for take in takes]
        whole, live = (jitter(motion_to_arkit(take)[:, list(UPPER_SHAPES)]) for take in takes)
        rows.append(Row(f"{latency}: 2_05, jawOpen r lost", r[0] - r[1], high=lost, note=f"{r[0]:.3f} to {r[1]:.3f}"))
        rows.append(Row(f"{latency}: 2_05, jitter of the upper face, ratio", live / whole, high=trembling))
    if labelled:
        shut = [_closed(performer, labelled, name) for name in ("file", latency)]
        note = f"{shut[0]:.3f} to {shut[1]:.3f}, {len(labelled)} recordings"
        rows.append(Row(f"{latency}: Berlin, bilabials closed, lost", shut[0] - shut[1], high=lost, note=note))
    seeds = 1 if quick else SEEDS
    strengths = {emotion: strength_kept(performer, clip.samples, emotion, latency, seeds) for emotion in emotions}
    worst = max(strengths, key=lambda emotion: abs(strengths[emotion] - 1))
    note = f"{worst}; " + ", ".join(f"{emotion} {value:.2f}" for emotion, value in strengths.items())
    rows.append(Row(f"{latency}: strength off, worst", abs(strengths[worst] - 1), high=off, note=note))
    drift, sizes = drifted(performer, repeated(clip.samples, seconds), latency)
    note = f"{DRIFTING}, {seconds} s; the last tenth is {sizes:.3f} of the first"
    rows.append(Row(f"{latency}: drift of an emotion", drift, high=off, note=note))
    return rows


def _closed(performer: Performer, clips: list[Spoken], latency: str) -> float:
    """Share of p, b, m that close."""
    gaps = [
        phone_gaps(lip_gap(performer.motion(clip.samples, "neutral", latency=latency)), clip.phones, FPS)[0]
        for clip in clips
    ]
    return bilabials_closed(np.concatenate(gaps))


def strength_kept(performer: Performer, samples: np.ndarray, emotion: str, latency: str, seeds: int = SEEDS) -> float:
    """Strength of an emotion at level 3 with a latency over that of the whole recording, of takes' mean movement."""
    return strength(*(_moved(performer, samples, emotion, name, seeds) for name in (latency, "file")))


def _moved(performer: Performer, samples: np.ndarray, emotion: str, latency: str, seeds: int) -> np.ndarray:
    """Displacement (52,) from neutral, mean over takes."""
    moved = []
    for seed in range(seeds):
        motion, still = (
            motion_to_arkit(performer.motion(samples, asked, seed=seed, latency=latency))
            for asked in ((emotion, LEVEL), "neutral")
        )
        moved.append(displacement(motion, still))
    return np.mean(moved, 0)


def drifted(performer: Performer, samples: np.ndarray, latency: str) -> tuple[float, float]:
    """How far an emotion fades or grows over a recording.

    Returns:
        ``|s - 1|`` and s, the strength of the last tenth's mean motion along the first's, both from neutral.
    """
    motion, still = (
        motion_to_arkit(performer.motion(samples, asked, seed=0, latency=latency))
        for asked in ((DRIFTING, LEVEL), "neutral")
    )
    tenth = len(motion) // 10
    first, last = ((motion[part] - still[part]).mean(0) for part in (slice(tenth), slice(-tenth, None)))
    size = strength(last, first)
    return abs(size - 1), size
