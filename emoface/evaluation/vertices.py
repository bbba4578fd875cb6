"""Distances between meshes: to the measured mouth, to the rules' draws, and between samples."""

from __future__ import annotations

import numpy as np

from emoface.animation import Animation
from emoface.binding.intensity import MOVING
from emoface.face.layout import motion_to_arkit
from emoface.metrics.compare import compare
from emoface.metrics.diversity import pairwise_diversity, split_diversity
from emoface.metrics.figure import Metric
from emoface.metrics.regions import open_head_regions
from emoface.metrics.sampled_error import ce, mee

from .material import Captured, Performer, Spoken
from .report import Row

MOST_FRAMES = 1000


def measured_rows(performer: Performer, clip: Captured) -> list[Row]:
    """LVE, MVE and MOD against the measured mouth; shapes that were not measured rest in both."""
    truth = np.zeros_like(clip.weights)
    ours = np.zeros_like(clip.weights)
    truth[:, clip.shapes] = clip.weights[:, clip.shapes]
    ours[:, clip.shapes] = motion_to_arkit(performer.motion(clip.samples, "neutral", seed=0))[:, clip.shapes]
    still = np.broadcast_to(truth.mean(0), truth.shape)
    real, made, mean = (Animation.from_arkit(curves[:MOST_FRAMES]) for curves in (truth, ours, still))
    split = f"2_05, neutral, {len(clip.shapes)} measured shapes, others at rest"
    floor = {(f.name, f.mask): f.value for f in compare([mean], [real], split)}
    return [
        Row.of(figure, note=f"the mean pose of 2_05: {floor[figure.name, figure.mask]:.4g}", where="2_05")
        for figure in compare([made], [real], split)
        if figure.name in ("LVE", "LVE squared", "MOD", "MVE")
    ]


def rule_rows(performer: Performer, clips: list[Spoken]) -> list[Row]:
    """All mesh metrics against a draw of the rules, with what another draw of the rules reaches."""
    pairs = [(clip, emotion) for clip in clips for emotion in MOVING]
    ours = [
        Animation.from_motion(performer.motion(clip.samples, (emotion, 3), style="rule")) for clip, emotion in pairs
    ]
    draws = [[Animation.from_motion(clip.rule(emotion, 3, seed)) for clip, emotion in pairs] for seed in (0, 1)]
    split = f"{len(clips)} clips x {len(MOVING)} emotions, level 3, style rule, against one draw of the rules"
    floor = {(f.name, f.mask): f.value for f in compare(draws[1], draws[0], split)}
    return [
        Row.of(figure, note=f"another draw of the rules: {floor[figure.name, figure.mask]:.4g}", where="rules")
        for figure in compare(ours, draws[0], split)
    ]


def sample_rows(performer: Performer, clip: Spoken, samples: int) -> list[Row]:
    """MEE, CE and both diversities of samples that differ in their seed, beside those of the rules' draws."""
    regions = open_head_regions()
    values: dict[str, list[tuple[float, float]]] = {}
    errors: list[tuple[Metric[...], str]] = [(mee, "lips"), (ce, "lips")]
    spreads: list[tuple[Metric[...], str]] = [
        (measure, name) for measure in (split_diversity, pairwise_diversity) for name in ("mouth", "upper")
    ]
    for emotion in MOVING[:3]:
        made = [performer.motion(clip.samples, (emotion, 3), seed=seed, style="rule") for seed in range(samples)]
        drawn = [clip.rule(emotion, 3, seed) for seed in range(1, samples + 1)]
        ours, theirs = (np.stack([Animation.from_motion(m).vertices() for m in set_]) for set_ in (made, drawn))
        truth = Animation.from_motion(clip.rule(emotion, 3, 0)).vertices()
        for measure, name in errors:
            mask = getattr(regions, name)
            pair = measure(ours, truth, mask), measure(theirs, truth, mask)
            values.setdefault(f"{measure.name} {name}", []).append(pair)
        for measure, name in spreads:
            mask = getattr(regions, name)
            values.setdefault(f"{measure.name} {name}", []).append((measure(ours, mask), measure(theirs, mask)))
    split = f"{clip.name}, {', '.join(MOVING[:3])} at level 3, style rule, {samples} seeds each"
    rows = []
    for measure, name in (*errors, *spreads):
        ours, theirs = np.mean(values[f"{measure.name} {name}"], 0)
        figure = measure.figure(ours, regions.said(name), split)
        rows.append(Row.of(figure, note=f"draws of the rules: {theirs:.4g}", where="samples"))
    return rows
