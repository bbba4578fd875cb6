"""Lips on a recording or a speaker that was left out of training, beside floors that were fitted without it too."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from emoface.animation import Animation
from emoface.face.layout import ARKIT_INDEX, FPS, motion_to_arkit
from emoface.metrics.following import best_lag, gain, mean_correlation, shifted
from emoface.pipeline import load

from .floors import FEATURES, LOUDNESS, RIDGE, Linear, Moments
from .material import CAPTURED, Captured, Performer, captured
from .report import Row, not_measured
from .strangers import SPEAKER, Strangers
from .tracks import MEASURES, Tracked, mesh_measures

RECORDINGS = tuple(f"1114_2_{number:02d}" for number in range(1, 6))
CHANNELS = (
    "jawOpen", "mouthFunnel", "mouthLowerDownLeft", "mouthUpperUpLeft", "mouthStretchLeft", "mouthPucker",
    "mouthPressLeft",
)  # fmt: skip
LEAST_MOVE = 0.01  # standard deviation of a measured curve that is worth following
OVER_RIDGE = 0.02
SHORT = 25.0  # seconds of each recording in a quick evaluation
SHARE = 40.0  # seconds of each recording where speakers are left out
FLOORS = f"{RIDGE}; loudness: {LOUDNESS}; both fitted on the other recordings"


class Recordings:
    """The recordings of one speaker with measured curves, each to be left out in turn."""

    def __init__(self, assets: Path, quick: bool) -> None:
        """Read them; ``assets`` holds ``facegood/``, ``quick`` for the beginning of each alone."""
        self.clips = {name: captured(assets, SHORT if quick else None, name) for name in RECORDINGS}

    @cached_property
    def moments(self) -> dict[str, dict[str, Moments]]:
        """Floor -> recording -> sums for a regression of ``CHANNELS``."""
        found: dict[str, dict[str, Moments]] = {}
        for floor, (features, _) in FEATURES.items():
            for name, clip in self.clips.items():
                sums = Moments.of(features(clip.samples, len(clip.weights)), _measured(clip))
                found.setdefault(floor, {})[name] = sums
        return found

    def floors(self, left_out: str) -> dict[str, np.ndarray]:
        """Curves (T, C) that each floor, fitted without a recording, makes of it."""
        clip, found = self.clips[left_out], {}
        for floor, (features, penalty) in FEATURES.items():
            parts = [moments for name, moments in self.moments[floor].items() if name != left_out]
            found[floor] = Linear.fit(parts, penalty)(features(clip.samples, len(clip.weights)))
        return found


def _measured(clip: Captured) -> np.ndarray:
    return clip.weights[:, [ARKIT_INDEX[name] for name in CHANNELS]]


def _correlations(curves: np.ndarray, clip: Captured) -> tuple[np.ndarray, np.ndarray]:
    """r and gain of every channel, NaN where the measured curve hardly moves; the lag is that of the jaw."""
    measured = _measured(clip)
    frames = min(len(curves), len(measured))
    lag = best_lag([[(curves[:frames, 0], measured[:frames, 0])]])
    moved = shifted(curves[:frames], lag)
    pairs = [(moved[:, k], measured[:frames, k]) for k in range(len(CHANNELS))]
    moves = [theirs.std() > LEAST_MOVE for _, theirs in pairs]
    values = [mean_correlation([pair]) if enough else np.nan for pair, enough in zip(pairs, moves)]
    gains = [gain([pair]) if enough else np.nan for pair, enough in zip(pairs, moves)]
    return np.array(values), np.array(gains)


def _ours(performer: Performer, clip: Captured) -> np.ndarray:
    weights = motion_to_arkit(performer.motion(clip.samples, "neutral", seed=0))
    return weights[:, [ARKIT_INDEX[name] for name in CHANNELS]]


def recording_rows(performer: Performer, recordings: Recordings, folds: Path | None) -> list[Row]:
    """r of every lip curve on recordings that were left out, full system and floors.

    Args:
        performer: of the checkpoint at hand, which left out the last recording. recordings: all of them.
        folds: folder with a checkpoint trained without each, ``2_01.safetensors`` and so on, or None.
    """
    floors = {name: {f: _correlations(c, recordings.clips[name])[0] for f, c in recordings.floors(name).items()}
              for name in RECORDINGS}  # fmt: skip
    paths = {} if folds is None else {name: folds / f"{_short(name)}.safetensors" for name in RECORDINGS}
    trained = {name: path for name, path in paths.items() if path.is_file()}
    made = {
        name: _correlations(_ours(Performer(load(path)), recordings.clips[name]), recordings.clips[name])
        for name, path in trained.items()
    }
    own = _correlations(_ours(performer, recordings.clips[CAPTURED]), recordings.clips[CAPTURED])
    why = "no folder of checkpoints trained without each recording was named"
    if folds is not None:
        why = f"of checkpoints trained without a recording {len(trained)} of {len(RECORDINGS)} are in {folds.name}"
    rows = _fold_rows("recordings left out", list(trained) or list(RECORDINGS), made, floors, why)
    return rows + _fold_rows(f"{_short(CAPTURED)}, this checkpoint", [CAPTURED], {CAPTURED: own}, floors, "")


def _short(name: str) -> str:
    return name.removeprefix("1114_")


def _fold_rows(
    where: str, names: list[str], made: dict[str, tuple[np.ndarray, np.ndarray]],
    floors: dict[str, dict[str, np.ndarray]], why: str,
) -> list[Row]:  # fmt: skip
    split = f"FACEGOOD {', '.join(map(_short, names))}, one speaker, each judged by what left it out"
    definition = f"mean over recordings of Pearson's r at the lag of -3 to 3 frames that is best for the jaw; {FLOORS}"
    rows = []
    for channel, name in enumerate(CHANNELS):
        others = {f: _mean([floors[n][f][channel] for n in names]) for f in FEATURES}
        if not np.isfinite(others["ridge"]):
            rows += not_measured([f"{where}: {name} r"], "the measured curve hardly moves")
            continue
        common = Row("", None, unit="1", definition=definition, mask=name, split=split, floors=others, note=why)
        if not made:
            rows.append(replace(common, name=f"{where}: {name} r"))
            continue
        value, size = (_mean([made[n][kind][channel] for n in names]) for kind in (0, 1))
        each = ", ".join(f"{_short(n)} {made[n][0][channel]:.3f}" for n in names)
        note = "; ".join(filter(None, [f"gain {size:.2f}", each if len(names) > 1 else "", why]))
        low = OVER_RIDGE if name == "jawOpen" else None
        rows.append(replace(common, name=f"{where}: {name} r", value=value, note=note))
        less = value - others["ridge"]
        rows.append(replace(common, name=f"{where}: {name} r less ridge", value=less, low=low, note=""))
    return rows


def _mean(values: list[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def speaker_rows(
    performer: Performer, recordings: Recordings | None, strangers: Strangers, folds: Path | None
) -> list[Row]:
    """Jaw and gap of speakers who were left out, full system and floors; each speaker's curves have unit variance.

    Args:
        performer: of the checkpoint at hand, which judges speakers that it never heard. recordings: of one speaker.
        strangers: tracked people. folds: folder with a checkpoint trained without each speaker,
            ``facegood.safetensors`` and ``grid_s1.safetensors``, or None.
    """
    speakers: dict[str, list[Tracked]] = {name: tracks.clips for name, tracks in strangers.splits.items()}
    if recordings is not None:
        speakers["facegood"] = [
            Tracked(name, "facegood", c.samples[: round(SHARE * 16000)],
                    mesh_measures(Animation.from_arkit(c.weights[: round(SHARE * FPS)])))
            for name, c in recordings.clips.items()
        ]  # fmt: skip
    if len(speakers) < 2:
        return not_measured(["speakers left out: jaw r"], "fewer than two speakers with measured lips")
    scales = {name: np.nanstd(np.concatenate([c.measures - np.nanmean(c.measures, 0) for c in clips]), 0)
              for name, clips in speakers.items()}  # fmt: skip
    rows = []
    for left_out, clips in speakers.items():
        made: dict[str, list[tuple[Tracked, np.ndarray]]] = {}
        for floor, (features, penalty) in FEATURES.items():
            parts = [
                Moments.of(features(c.samples, len(c.measures)), c.measures / scales[name])
                for name, others in speakers.items() if name != left_out for c in others
            ]  # fmt: skip
            linear = Linear.fit(parts, penalty)
            made[floor] = [(c, linear(features(c.samples, len(c.measures)))) for c in clips]
        path = None if folds is None else folds / f"{left_out}.safetensors"
        known = path is not None and path.is_file()
        who = Performer(load(path)) if known else performer
        heard = left_out in ("facegood", SPEAKER)
        if known or not heard:
            made["ours"] = [
                (c, mesh_measures(Animation.from_motion(who.motion(c.samples, "neutral", seed=0)))) for c in clips
            ]
        why = "" if "ours" in made else "no checkpoint trained without this speaker was named"
        rows += _speaker_rows(left_out, made, why)
    return rows


def _speaker_rows(left_out: str, made: dict[str, list[tuple[Tracked, np.ndarray]]], why: str) -> list[Row]:
    rows = []
    for channel in (0, 1):
        values = {}
        for method, takes in made.items():
            curves = [[(take[:, k], clip.measures[:, k]) for clip, take in takes] for k in (0, 1)]
            lag = best_lag(curves)
            values[method] = mean_correlation([(shifted(x, lag), y) for x, y in curves[channel]])
        ours = values.pop("ours", None)
        rows.append(
            Row(
                f"speaker left out, {left_out}: {MEASURES[channel]} r", ours, note=why, unit="1", floors=values,
                definition=f"mean over clips of Pearson's r at one lag of -3 to 3 frames; {RIDGE}; "
                f"loudness: {LOUDNESS}; both fitted on the other speakers' curves over their deviation",
                mask="the same points of the mesh", split=f"{len(next(iter(made.values())))} clips",
            )
        )  # fmt: skip
    return rows
