"""How the upper face, the eyes and the head live in time, beside captured people."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from emoface.animation import Animation
from emoface.audio.features import SAMPLE_RATE
from emoface.face.layout import ARKIT_INDEX, FPS, MOTION_NAMES, NECK
from emoface.metrics.blinks import blink_shapes
from emoface.metrics.gaze import fixation_speed, gaze_degrees, saccades_per_minute
from emoface.metrics.head import AXES, head_spread, head_with_loudness, median_head_speed
from emoface.metrics.liveliness import (
    events_per_minute,
    side_difference,
    side_mean,
    slow_share,
    upper_activity,
)
from emoface.pipeline import Pipeline

from ..training.corpus.adapters.signals import mel_of
from ..training.corpus.clips import mel_loudness
from .material import repeated
from .report import Row, not_measured
from .tracks import read_fits

WINDOW, HEAD_WINDOW = 10.0, 3.0
"""Seconds of a window; figures of the head are taken on windows as long as the captured clips."""
SECONDS = (40.0, 20.0)
"""Of animation for each condition: as a rule, and in a quick evaluation."""
PHONES = "iPhone takes of acting without speech and of idling, published figures, measured 2026-11"
FILMED = "GRID speaker 1, 1,000 clips of 3 s, head fitted to the landmarks"
CONDITIONS: dict[str, object] = {
    "neutral": "neutral", "None": None, "sad 2": ("sad", 2), "fear 2": ("fear", 2), "angry 2": ("angry", 2),
    "happy 2": ("happy", 2), "silence": "neutral",
}  # fmt: skip
QUICK_CONDITIONS = ("neutral", "sad 2")
LEAST_WINDOWS = 20  # captured windows from which quantiles are taken


@dataclass(frozen=True)
class Measure:
    """A figure of a window of ARKit weights (T, 52) at 25 fps.

    Attributes:
        name, unit, definition, mask: as in a row. value: of a window; NaN leaves it out.
        people: 5 and 95 % quantiles of captured takes, the bar, or None. medians: of acted and of idle takes, or None.
    """

    name: str
    unit: str
    definition: str
    mask: str
    value: Callable[[np.ndarray], float]
    people: tuple[float, float] | None = None
    medians: tuple[float, float] | None = None


def _spread(name: str, weights: np.ndarray) -> float:
    return float(side_mean(weights, name).std())


def _range(name: str, weights: np.ndarray) -> float:
    return float(np.ptp(side_mean(weights, name)))


def _speed(name: str, weights: np.ndarray) -> float:
    return float(FPS * np.abs(np.diff(side_mean(weights, name))).mean())


def _events(name: str, weights: np.ndarray) -> float:
    return events_per_minute(side_mean(weights, name), FPS)


def _slow(name: str, weights: np.ndarray) -> float:
    return slow_share(side_mean(weights, name), FPS)


STD, RANGE, SPEED = "std_t x[t], sides averaged", "max_t x - min_t x", "mean_t |x[t+1] - x[t]| fps"
PUBLISHED: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "browInnerUp": ((0.002, 0.186), (0.048, 0.004)), "browDown": ((0.0, 0.200), (0.095, 0.0)),
    "eyeSquint": ((0.015, 0.147), (0.081, 0.015)), "eyeWide": ((0.006, 0.153), (0.079, 0.013)),
}  # fmt: skip
"""Curve -> captured quantiles of its std, and medians of acted and of idle takes."""
EVENTS = {"browInnerUp": (9.0, 0.0), "browDown": (12.0, 0.0), "eyeSquint": (18.0, 6.0)}
"""Curve -> events a minute, medians of acted and of idle takes; no quantiles were published."""
UPPER: tuple[Measure, ...] = (
    Measure("upper activity", "weight", upper_activity.definition, "seven upper curves", upper_activity,
            (0.013, 0.120), (0.057, 0.014)),
    *(Measure(f"{name} std", "weight", STD, name, partial(_spread, name), *known) for name, known in PUBLISHED.items()),
    *(Measure(f"{name} {kind}", unit, definition, name, partial(value, name))
      for kind, unit, definition, value in (("range", "weight", RANGE, _range), ("speed", "weight/s", SPEED, _speed))
      for name in ("browInnerUp", "eyeSquint")),
    *(Measure(f"{name} events", "1/min", events_per_minute.definition, name, partial(_events, name), None, medians)
      for name, medians in EVENTS.items()),
    Measure("eyeWide slow share", "1", slow_share.definition, "eyeWide", partial(_slow, "eyeWide"),
            (0.30, 0.85), (0.69, 0.64)),
    Measure("browInnerUp slow share", "1", slow_share.definition, "browInnerUp", partial(_slow, "browInnerUp")),
    Measure("cheekSquint left-right", "weight", side_difference.definition, "cheekSquint",
            lambda weights: side_difference(weights, "cheekSquint"), (0.004, 0.069)),
    Measure("gaze pitch std", "deg", "std_t of 35 (lookUp - lookDown)", "both eyes",
            lambda weights: float(gaze_degrees(weights)[:, 0].std()), (1.8, 7.8), (5.7, 2.0)),
    Measure("eye speed in fixations", "deg/s", fixation_speed.definition, "both eyes",
            lambda weights: fixation_speed(gaze_degrees(weights), FPS), (0.8, 6.2)),
    Measure("saccades", "1/min", saccades_per_minute.definition, "both eyes",
            lambda weights: saccades_per_minute(gaze_degrees(weights), FPS), (18.0, 137.0)),
)  # fmt: skip
BLINKS = ((0.0, 42.0), (0.080, 0.186), (0.37, 0.81))
"""Captured 5 and 95 % quantiles of blinks a minute, their width in seconds, and their peak."""
HEAD: dict[str, tuple[float, float]] = {
    "pitch std": (0.48, 1.61), "yaw std": (0.18, 1.01), "roll std": (0.09, 0.53), "speed": (2.2, 5.5),
}  # fmt: skip
"""Captured quantiles within clips of 3 s, degrees and degrees a second, where no fitted motion is at hand."""


def windows(values: np.ndarray, seconds: float) -> list[np.ndarray]:
    """Whole windows of so many seconds of curves at 25 fps, one after the other; all of it if it is shorter."""
    length = round(seconds * FPS)
    return [values[start : start + length] for start in range(0, len(values) - length + 1, length)] or [values]


def head_figures(rotation: np.ndarray) -> dict[str, float]:
    """Spread in degrees by axis, and median speed in degrees a second, of one window (T, 3)."""
    spread = dict(zip((f"{axis} std" for axis in AXES), map(float, head_spread(rotation))))
    return {**spread, "speed": median_head_speed(rotation, FPS)}


@lru_cache(maxsize=4)
def captured_heads(captures: Path | None) -> dict[str, tuple[float, float]]:
    """5 and 95 % quantiles of the figures of the head over clips of filmed people; published ones without fits."""
    found: list[dict[str, float]] = []
    for path in [] if captures is None else sorted(captures.glob("grid_*.npz")):
        motions, names = read_fits(path)
        places = [names.index(MOTION_NAMES[channel]) for channel in NECK if MOTION_NAMES[channel] in names]
        for motion in motions.values():
            rotation = motion[:, places]
            known = np.isfinite(rotation).all(1)
            if len(places) == len(NECK) and known.mean() > 0.9:
                found.append(head_figures(rotation[known]))
    if len(found) < LEAST_WINDOWS:
        return HEAD
    quantiles = {name: np.quantile([figures[name] for figures in found], (0.05, 0.95)) for name in found[0]}
    return {name: (float(low), float(high)) for name, (low, high) in quantiles.items()}


def liveliness_rows(
    pipeline: Pipeline, voice: np.ndarray, take: Animation | None, captures: Path | None, quick: bool
) -> list[Row]:
    """All figures for every condition.

    Args:
        pipeline: animates with blinks, gaze and head. voice: speech, repeated as needed.
        take: of a phone, whose figures stand beside, or None. captures: folder of fitted motion, or None.
        quick: fewer conditions, and shorter.
    """
    rows = []
    speech = repeated(voice, SECONDS[quick])
    for number, (name, emotion) in enumerate(CONDITIONS.items()):
        if quick and name not in QUICK_CONDITIONS:
            continue
        samples = np.zeros_like(speech) if name == "silence" else speech
        animation = pipeline.animate(samples, sample_rate=SAMPLE_RATE, emotion=emotion, seed=number)
        rows += upper_rows(name, animation.arkit(), take)
        rows += head_rows(name, animation.motion, samples, captures)
        if name in ("neutral", "silence"):
            rows += blink_rows(name, animation.arkit())
    return rows


def upper_rows(name: str, weights: np.ndarray, take: Animation | None) -> list[Row]:
    """Upper face and eyes of one condition: median over windows, beside captured quantiles and one take of a phone."""
    parts = windows(weights, WINDOW)
    real = None if take is None else take.arkit()
    rows = []
    for measure in UPPER:
        values = np.array([measure.value(part) for part in parts])
        known = values[np.isfinite(values)]
        if not len(known):
            rows += not_measured([f"{name}: {measure.name}"], "nothing moves")
            continue
        note = ""
        if measure.people is not None:
            low, high = measure.people
            note = f"{((known >= low) & (known <= high)).sum()} of {len(known)} windows inside"
        beside = dict(zip(("acted", "idle"), measure.medians or ()))
        if real is not None and len(real) >= 2 * FPS:
            one = measure.value(real)
            beside |= {"one take of a phone": one} if math.isfinite(one) else {}
        least, most = measure.people or (None, None)
        rows.append(
            Row(
                f"{name}: {measure.name}", float(np.median(known)), least, most, note=note,
                unit=measure.unit, definition=f"median over windows of {WINDOW:g} s of {measure.definition}; {PHONES}",
                mask=measure.mask, split=_split(len(weights), name), floors=beside, people=measure.people,
            )
        )  # fmt: skip
    return rows


def blink_rows(name: str, weights: np.ndarray) -> list[Row]:
    """Rate, width and peak of blinks."""
    lids = weights[:, [ARKIT_INDEX["eyeBlinkLeft"], ARKIT_INDEX["eyeBlinkRight"]]].mean(1)
    shapes = blink_shapes(lids, FPS)
    what = "stretches of the lids above their median + 0.25; width at half of the rise"
    common = Row("", None, definition=f"{what}; {PHONES}", mask="eyeBlink, both eyes", split=_split(len(lids), name))
    rate, width, peak = BLINKS
    rows = [replace(common, name=f"{name}: blinks", value=len(shapes) * 60 * FPS / len(lids), unit="1/min",
                    low=rate[0], high=rate[1], people=rate)]  # fmt: skip
    if not len(shapes):
        return rows + not_measured([f"{name}: blink width", f"{name}: blink peak"], "no blinks")
    height, long = np.median(shapes, 0)
    return [
        *rows,
        replace(common, name=f"{name}: blink width", value=float(long), unit="s", low=width[0], high=width[1],
                people=width),
        replace(common, name=f"{name}: blink peak", value=float(height), unit="weight", low=peak[0], high=peak[1],
                people=peak),
    ]  # fmt: skip


def head_rows(name: str, motion: np.ndarray, samples: np.ndarray, captures: Path | None) -> list[Row]:
    """Spread and speed of the head, and its speed against the loudness of the voice."""
    kinds = [*(f"{axis} std" for axis in AXES), "speed"]
    rotation = motion[:, list(NECK)]
    people = captured_heads(captures)
    found = [head_figures(part) for part in windows(rotation, HEAD_WINDOW)]
    split = _split(len(rotation), name)
    rows = []
    for kind in kinds:
        value = float(np.median([figures[kind] for figures in found]))
        unit = "deg/s" if kind == "speed" else "deg"
        what = median_head_speed.definition if kind == "speed" else "std over time of an angle of the head"
        low, high = people.get(kind, (None, None))
        words = f"median over windows of {HEAD_WINDOW:g} s of {what}; {FILMED}"
        rows.append(Row(f"{name}: head {kind}", value, low, high, unit=unit, definition=words, mask="neck_pose",
                        split=split, people=people.get(kind)))  # fmt: skip
    if samples.any():
        loudness = mel_loudness(mel_of(samples))[: len(rotation)]
        value = head_with_loudness(rotation[: len(loudness)], loudness, FPS)
        figure = head_with_loudness.figure(value, "neck_pose", split)
        rows.append(Row.of(figure, note="within captured clips .33", where=name))
    return rows


def _split(frames: int, name: str) -> str:
    return f"{frames / FPS:.0f} s of {'silence' if name == 'silence' else 'speech'}, {name}, blinks, gaze and head on"
