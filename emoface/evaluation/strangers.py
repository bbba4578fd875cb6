"""Lips of people that the network never saw, against the landmarks that were tracked on their faces.

Floors are fitted in the same run, on training clips of the one GRID speaker of whom there are many. They and the
network are judged on the same clips, each at its own lags for each speaker: one for what is measured on the tracks,
which the landmark net smoothed and so delayed, and one for the curves of the fit, which undoes that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from emoface.animation import Animation
from emoface.face.layout import MOTION_INDEX
from emoface.metrics.figure import Metric
from emoface.metrics.following import (
    Pair,
    best_lag,
    gain,
    mean_correlation,
    opening_ratio,
    pooled_correlation,
    shape_error,
    shifted,
)
from emoface.reading import Arrays

from .floors import LOUDNESS, RIDGE, Method, fit_floors
from .material import Performer
from .report import Row, not_measured
from .tracks import DEFINITION, MEASURES, TRACKS, Tracked, Tracks, mesh_measures, read_tracks

SPEAKER = "grid_s1"
"""Folder of the one speaker with training clips; those of every other ``grid_*`` folder are strangers."""
HELD_OUT = "a"  # end of the names of the clips that are never trained on
LOOKED_AT = ("grid_others",)
"""Folders that were looked at while settings were chosen."""
TRAINING_CLIPS, TEST_CLIPS = (200, 60), (60, 16)
"""Clips of the speaker that floors learn from and that are judged: as a rule, and in a quick evaluation."""
SEEDS = (2, 1)
CURVES: dict[str, tuple[str, ...]] = {
    "funnel": ("mouthFunnel",), "lowerDown": ("mouthLowerDownLeft", "mouthLowerDownRight"),
    "upperUp": ("mouthUpperUpLeft", "mouthUpperUpRight"), "stretch": ("mouthStretchLeft", "mouthStretchRight"),
    "pucker": ("mouthPucker",), "press": ("mouthPressLeft", "mouthPressRight"),
}  # fmt: skip
"""Curve that is fitted to the landmarks -> the channels of motion whose mean it is."""
CHANNELS = (*MEASURES, *CURVES)
NO_WORSE = ("funnel", "lowerDown", "upperUp", "stretch")
"""Curves that must follow at least as well as the ridge regression's."""
STRANGERS_MUST = {"jaw": 0.72, "gap": 0.74, "width": 0.50}
SPEAKER_MUST = {"jaw": 0.88, "gap": 0.88}
GAIN_MUST = {"jaw": (0.8, 1.15), "gap": (0.8, 1.15)}
LAG = "at the lag of -3 to 3 frames with the largest mean r of jaw and gap, one for each speaker and method"
CURVE_LAG = (
    "at the lag of -3 to 3 frames with the largest mean r of these curves, one for each speaker and method (tracks are "
    "late by the landmark net's smoothing, which fits undo)"
)
FLOORS = f"{RIDGE}; loudness: {LOUDNESS}"


@dataclass(eq=False)
class Followed:
    """What one method makes of the clips of a split.

    Attributes:
        clips: the clip of each take. targets: (T, C) measured curves of each, NaN in gaps.
        takes: (T, C) curves of the method. lags: frames by which they are late, by speaker. curve_lags: the same of
            the fitted curves.
    """

    clips: list[Tracked]
    targets: list[np.ndarray]
    takes: list[np.ndarray]
    lags: dict[str, int]
    curve_lags: dict[str, int]

    def pairs(self, channel: int, raw: bool = False) -> list[Pair]:
        """The curve of the method and the measured one of each take, the lag taken off unless ``raw``."""
        found = self.lags if channel < len(MEASURES) else self.curve_lags
        lags = [0 if raw else found[clip.speaker] for clip in self.clips]
        return [(shifted(x[:, channel], lag), y[:, channel]) for x, y, lag in zip(self.takes, self.targets, lags)]

    def told(self) -> str:
        """The lags in words."""
        found = list(self.lags.values())
        return ", ".join(f"{lag:+d} ({found.count(lag)})" for lag in sorted(set(found)))


def followed(takes: list[tuple[Tracked, np.ndarray]]) -> Followed:
    """Curves (T, C) that a method made of clips, and the lags of each speaker: by jaw and gap, by fitted curves."""
    targets = [target(clip) for clip, _ in takes]
    lags, curve_lags = {}, {}
    for speaker in dict.fromkeys(clip.speaker for clip, _ in takes):
        own = [(take, told) for (clip, take), told in zip(takes, targets) if clip.speaker == speaker]
        lags[speaker] = best_lag([[(x[:, k], y[:, k]) for x, y in own] for k in (0, 1)])
        made = range(len(MEASURES), own[0][0].shape[1])
        fitted = [k for k in made if all(np.isfinite(y[:, k]).any() and np.isfinite(x[:, k]).any() for x, y in own)]
        curves = [[(x[:, k], y[:, k]) for x, y in own] for k in fitted]
        curve_lags[speaker] = best_lag(curves) if curves else lags[speaker]
    return Followed([clip for clip, _ in takes], targets, [take for _, take in takes], lags, curve_lags)


def ours_on(
    performer: Performer, clips: list[Tracked], heard: Sequence[np.ndarray], asked: Sequence[Mapping[str, Any]] = ()
) -> Followed:
    """Our curves of clips, the measures taken on the mesh.

    Args:
        performer: animates. clips: one for each take. heard: samples (N,) at 16 kHz that each take is made from, those
            of the clip or the same under noise. asked: options of each take; empty for neutral ones with seed 0.
    """
    takes = []
    for clip, samples, options in zip(clips, heard, asked or [{"emotion": "neutral", "seed": 0}] * len(clips)):
        motion = performer.motion(samples, **options)
        curves = _curves(motion, MOTION_INDEX.__getitem__)
        takes.append((clip, np.concatenate([mesh_measures(Animation.from_motion(motion)), curves], 1)))
    return followed(takes)


def target(clip: Tracked) -> np.ndarray:
    """Measured curves (T, C) of a clip in the order of ``CHANNELS``; NaN where they are not known."""
    curves = np.full((len(clip.measures), len(CURVES)), np.nan)
    if clip.fitted is not None:
        frames = min(len(clip.fitted), len(curves))
        curves[:frames] = _curves(clip.fitted[:frames], clip.names.index)
    return np.concatenate([clip.measures, curves], 1)


def _curves(motion: np.ndarray, place: Callable[[str], int]) -> np.ndarray:
    return np.stack([motion[:, [place(name) for name in names]].mean(1) for names in CURVES.values()], 1)


class Strangers:
    """Measures a network on every split of tracked people."""

    def __init__(self, performer: Performer, assets: Path | None, captures: Path | None, quick: bool) -> None:
        """Set up.

        Args:
            performer: animates. assets: folder with ``grid_s1/`` and further ``grid_*/``, or None.
            captures: folder with the motion fitted to each of these, ``<folder>.npz``, or None.
            quick: fewer clips and one seed.
        """
        self.performer, self.assets, self.captures, self.quick = performer, assets, captures, quick
        self.seeds = range(SEEDS[quick])
        self.known: dict[tuple[str, ...], Followed] = {}

    @cached_property
    def splits(self) -> dict[str, Tracks]:
        """Strangers first, then the clips of the speaker that were held out."""
        if self.assets is None:
            return {}
        folders = sorted(path.parent for path in self.assets.glob(f"grid_*/{TRACKS}"))
        found = {f.name: read_tracks(f, fits=self.fits(f.name)) for f in folders if f.name != SPEAKER}
        if self.assets / SPEAKER in folders:
            found[SPEAKER] = self._thinned(lambda name: name.endswith(HELD_OUT), TEST_CLIPS)
        return {name: tracks for name, tracks in found.items() if tracks.clips}

    def fits(self, name: str) -> Path | None:
        """The file of motion fitted to the clips of a folder, None if there is none."""
        path = None if self.captures is None else self.captures / f"{name}.npz"
        return path if path is not None and path.is_file() else None

    def _thinned(self, chosen: Callable[[str], bool], most: tuple[int, int]) -> Tracks:
        """Some clips of the speaker, spread evenly over those that are chosen."""
        assert self.assets is not None
        folder = self.assets / SPEAKER
        with Arrays(folder / TRACKS) as file:
            names = [str(name) for name in file["clips"] if chosen(str(name))]
        places = np.linspace(0, len(names) - 1, min(most[self.quick], len(names))).round().astype(int)
        kept = {names[place] for place in places}
        return read_tracks(folder, kept.__contains__, self.fits(SPEAKER), SPEAKER)

    @cached_property
    def floors(self) -> dict[str, Method]:
        """Floors for all of ``CHANNELS``, learnt from training clips of the speaker; empty without them."""
        if SPEAKER not in self.splits:
            return {}
        clips = self._thinned(lambda name: not name.endswith(HELD_OUT), TRAINING_CLIPS).clips
        training = [(clip.samples, target(clip)) for clip in clips]
        known = np.isfinite(np.concatenate([curves for _, curves in training])).any(0)  # (C,)
        methods = fit_floors([(samples, curves[:, known]) for samples, curves in training])
        return {name: _widened(method, known) for name, method in methods.items()}

    def ours(self, name: str, emotion: object = "neutral", style: str | None = None) -> Followed:
        """Our curves of every clip and seed of a split, the measures taken on the mesh."""
        key = name, repr(emotion), repr(style)
        if key in self.known:
            return self.known[key]
        seeds = self.seeds if (emotion, style) == ("neutral", None) else range(1)
        clips = [clip for clip in self.splits[name].clips for _ in seeds]
        asked = [{"emotion": emotion, "style": style, "seed": seed} for _ in self.splits[name].clips for seed in seeds]
        return self.known.setdefault(key, ours_on(self.performer, clips, [clip.samples for clip in clips], asked))

    def floored(self, name: str) -> dict[str, Followed]:
        """The floors' curves of every clip of a split."""
        clips = self.splits[name].clips
        return {
            floor: followed([(clip, method(clip.samples, len(clip.measures))) for clip in clips])
            for floor, method in self.floors.items()
        }

    def split(self, name: str) -> str:
        """A split in words."""
        tracks = self.splits[name]
        kind = "clips of the floors' speaker, held out" if name == SPEAKER else "strangers"
        told = [f"{name}, {len(tracks.clips)} {kind}, neutral, {len(self.seeds)} seed{'s' * (len(self.seeds) > 1)}"]
        told += ["looked at while choosing"] * (name in LOOKED_AT) + [tracks.told] * bool(tracks.left_out)
        return ", ".join(told)

    def rows(self) -> list[Row]:
        """All figures of all splits."""
        if not self.splits:
            where = "no assets folder was named" if self.assets is None else f"no grid_*/{TRACKS} in {self.assets.name}"
            return not_measured([f"strangers: {measure} r" for measure in MEASURES], where)
        return [row for name in self.splits for row in (*self.measured_rows(name), *self.other_rows(name))]

    def measured_rows(self, name: str) -> list[Row]:
        """How the network follows, how large its movement is, how far the mouth opens, beside the floors."""
        ours, floors = self.ours(name), self.floored(name)
        lags = "; ".join(f"{method} {found.told()}" for method, found in {"ours": ours, **floors}.items())
        must = SPEAKER_MUST if name == SPEAKER else STRANGERS_MUST

        def row(what: str, measure: Metric[[list[Pair]]], channel: int, raw: bool = False) -> Row:
            figure = measure.figure(measure(ours.pairs(channel, raw)), "the same points of the mesh", self.split(name))
            others = {floor: measure(found.pairs(channel, raw)) for floor, found in floors.items()}
            words = "; ".join([figure.definition, *([] if raw else [LAG]), DEFINITION, FLOORS])
            return replace(Row.of(figure), name=f"{name}: {CHANNELS[channel]} {what}", definition=words, floors=others)

        rows = []
        for channel, measure in enumerate(MEASURES):
            clips = [mean_correlation([pair]) for pair in ours.pairs(channel)]
            note = f"takes {min(clips):.2f} to {max(clips):.2f}, median {np.median(clips):.2f}; frames late: {lags}"
            rows.append(replace(row("r", mean_correlation, channel), low=must.get(measure), note=note))
            rows.append(row("r at lag 0", mean_correlation, channel, raw=True))
            rows.append(row("pooled r", pooled_correlation, channel))
        for channel, measure in enumerate(MEASURES):
            low, high = GAIN_MUST.get(measure, (None, None))
            rows.append(replace(row("gain", gain, channel), low=low, high=high))
        rows.append(row("opening", opening_ratio, 1))
        for channel in range(len(MEASURES)):
            rows.append(row("error", shape_error, channel))
            rows[-1].floors["mean pose"] = shape_error([(0 * y, y) for _, y in ours.pairs(channel)])
        return rows + self._curve_rows(name, ours, floors)

    def _curve_rows(self, name: str, ours: Followed, floors: dict[str, Followed]) -> list[Row]:
        """Curves against those fitted to the landmarks, less what the ridge regression reaches."""
        if self.fits(name) is None or self.fits(SPEAKER) is None:
            why = f"no {name if self.fits(name) is None else SPEAKER}.npz among the fits"
            why = "no folder of fitted motion was named" if self.captures is None else why
            return not_measured([f"{name}: {curve} r less ridge" for curve in CURVES], why)
        rows = []
        for channel, curve in enumerate(CURVES, len(MEASURES)):
            try:
                pairs = ours.pairs(channel)
                others = {floor: mean_correlation(found.pairs(channel)) for floor, found in floors.items()}
                value, size = mean_correlation(pairs), gain(pairs)
            except ValueError as error:
                rows += not_measured([f"{name}: {curve} r less ridge"], f"not among what was fitted: {error}")
                continue
            split = f"{self.split(name)}, against motion fitted to the landmarks"
            figure = mean_correlation.figure(value - others["ridge"], ", ".join(CURVES[curve]), split)
            words = f"{figure.definition}, less that of the ridge regression; {CURVE_LAG}; {FLOORS}"
            row = Row.of(figure, low=0.0 if curve in NO_WORSE else None, note=f"r {value:.3f}, gain {size:.2f}")
            rows.append(replace(row, name=f"{name}: {curve} r less ridge", definition=words, floors=others))
        return rows

    def other_rows(self, name: str) -> list[Row]:
        """The jaw with the emotion that is heard in the voice, and in every other style."""
        ways: dict[str, tuple[object, str | None]] = {"emotion None": (None, None)}
        if not self.quick:
            pipeline = self.performer.pipeline
            ways |= {f"style {s}": ("neutral", s) for s in pipeline.styles if s != pipeline.sampling.style}
        rows = []
        for way, asked in ways.items():
            found = self.ours(name, *asked)
            jaw, gap, width = (found.pairs(channel) for channel in range(len(MEASURES)))
            note = f"gap {mean_correlation(gap):.3f}, width {mean_correlation(width):.3f}, gain of jaw {gain(jaw):.2f}"
            figure = mean_correlation.figure(mean_correlation(jaw), "the same points of the mesh", self.split(name))
            words = "; ".join([figure.definition, LAG, DEFINITION])
            rows.append(replace(Row.of(figure, note=note), name=f"{name}: jaw r, {way}", definition=words))
        return rows


def _widened(method: Method, known: np.ndarray) -> Method:
    """A method for some channels as one for all, NaN in the others."""

    def widened(samples: np.ndarray, frames: int) -> np.ndarray:
        curves = np.full((frames, len(known)), np.nan)
        curves[:, known] = method(samples, frames)
        return curves

    return widened
