"""What another seed changes: a constant offset, or the performance."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from emoface.face.layout import FPS, NECK, motion_to_arkit
from emoface.metrics.jitter import REGIONS
from emoface.metrics.lip_closure import correlation
from emoface.metrics.liveliness import offset_share

from .material import Performer
from .report import Row, not_measured

ASKED: dict[str, object] = {"neutral": "neutral", "sad 2": ("sad", 2), "fear 2": ("fear", 2), "happy 2": ("happy", 2)}
QUICK_ASKED = ("neutral", "sad 2")
MOST = 0.5
STILL = 1e-6  # standard deviation of a channel that does not move


def between(takes: np.ndarray) -> float:
    """Correlation in time of two takes: mean over pairs of takes and channels that move of Pearson's r.

    Args:
        takes: (N, T, C).

    Returns:
        -1..1; NaN if nothing moves.
    """
    found = [
        correlation(one[:, channel], other[:, channel])
        for one, other in combinations(takes, 2)
        for channel in range(takes.shape[2])
        if min(one[:, channel].std(), other[:, channel].std()) > STILL
    ]
    return float(np.mean(found)) if found else float("nan")


def seed_rows(performer: Performer, samples: np.ndarray, seeds: int, quick: bool) -> list[Row]:
    """Share of the variance between seeds that is a constant offset, by group of channels; without blinks and gaze."""
    rows = []
    for name, emotion in ASKED.items():
        if quick and name not in QUICK_ASKED:
            continue
        takes = np.stack([performer.motion(samples, emotion, seed=seed) for seed in range(seeds)])  # (N, T, C)
        groups = {region: motion_to_arkit(takes)[..., list(shapes)] for region, shapes in REGIONS.items()}
        groups["head"] = takes[..., list(NECK)]
        for group, curves in groups.items():
            where = f"{name}, {group}"
            share = offset_share(curves)
            if not np.isfinite(share):
                rows += not_measured([f"{where}: {offset_share.name}"], "seeds change nothing there")
                continue
            spread = float(curves.mean(1).std(0).mean())
            note = f"between seeds, r in time {between(curves):.2f}, spread of the mean pose {spread:.3f}"
            split = f"{seeds} seeds, {curves.shape[1] / FPS:.0f} s of speech"
            figure = offset_share.figure(share, f"{curves.shape[2]} channels", split)
            rows.append(Row.of(figure, high=MOST, note=note, where=where))
    return rows
