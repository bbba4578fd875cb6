"""How near takes come to a person's own clips: with an adapter, without it, and by simple methods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from emoface.audio.features import SAMPLE_RATE
from emoface.face.layout import (
    JAW_OPEN_RADIANS,
    JAW_SIDE_RADIANS,
    MOTION_INDEX,
    MOTION_NAMES,
    MOTION_SIZE,
    MOUTH,
    NECK,
    UPPER,
    lip_gap,
)
from emoface.metrics.following import gain, pooled_correlation
from emoface.people import Adapter
from emoface.pipeline import Pipeline

from .clips import PersonClip, Split

_JAW = MOTION_INDEX["jaw_pose_x"]
_SIDE = [MOTION_INDEX["jaw_pose_y"], MOTION_INDEX["jaw_pose_z"]]
UNITS = np.ones(MOTION_SIZE)
UNITS[_JAW], UNITS[_SIDE] = JAW_OPEN_RADIANS, JAW_SIDE_RADIANS
UPPER_SCORED = tuple(i for i in UPPER if not MOTION_NAMES[i].startswith(("eyeBlink", "eyeLook")))
"""Channels of the upper face but blinks and gaze, which are no network's."""

FIGURES: dict[str, tuple[str, bool]] = {
    "lips MAE": ("mean |ours - measured| of the mouth's curves, in shares of their full movement", False),
    "jaw r": ("Pearson's r of the jaw over the frames of all clips, each less its own mean", True),
    "gap r": ("the same of the gap between the inner lips, linear in the shapes", True),
    "jaw range": ("spread of the jaw over the measured one", True),
    "resting pose": ("mean |median of ours - median of the measured| of the mouth's curves", False),
    "upper level": ("mean |mean of ours - mean of the measured| of brows, cheeks, lids, nose", False),
    "upper spread": ("the same of their standard deviations", False),
    "head spread": ("mean |std of ours - std of the measured| of the head's turns, degrees", False),
}
"""Figure -> what it is, and whether more is better; a range is best at 1."""


@dataclass(frozen=True)
class Comparison:
    """Figures of the held-out clips.

    Attributes:
        figures: method -> figure -> value, None where the clips do not tell. clips, seconds: that were held out.
        channels: mouth curve -> MAE without and with the adapter.
        shown: jaw curves (T,) of one clip: ``measured``, ``checkpoint``, ``adapted``.
    """

    figures: dict[str, dict[str, float | None]]
    clips: int
    seconds: float
    channels: dict[str, tuple[float, float]] = field(default_factory=dict)
    shown: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def gain(self) -> float:
        """Share by which the held-out lips are nearer than the checkpoint's."""
        before, after = (self.figures[name]["lips MAE"] for name in ("checkpoint", "adapted"))
        return 0.0 if not before or after is None else 1 - after / before

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON, rounded."""
        rounded = {
            method: {name: None if value is None else round(value, 4) for name, value in row.items()}
            for method, row in self.figures.items()
        }
        return {"held_out_seconds": round(self.seconds, 1), "lips_nearer": round(self.gain, 4), "figures": rounded}


def compare(pipeline: Pipeline, adapter: Adapter, split: Split) -> Comparison:
    """Measure the held-out clips without and with an adapter, beside two floors.

    The floors are the mean of the training clips, and the checkpoint's take of another clip's voice.
    """
    clips = split.held_out

    def takes(**options: Any) -> list[np.ndarray]:
        return [
            pipeline.animate(clip.samples, sample_rate=SAMPLE_RATE, emotion="neutral", **options).motion
            for clip in clips
        ]

    ours = {"checkpoint": takes(), "adapted": takes(style=adapter)}
    mean = _by_channel(np.nanmean, np.concatenate([clip.motion for clip in split.training]))
    ours["mean of the training clips"] = [np.repeat(mean[None], len(clip.motion), 0) for clip in clips]
    others = [ours["checkpoint"][(i + 1) % len(clips)] for i in range(len(clips))]
    ours["another clip's voice"] = [np.resize(one, (len(clip.motion), MOTION_SIZE)) for one, clip in zip(others, clips)]
    figures = {name: measure(made, clips) for name, made in ours.items()}
    before, after = (_errors(ours[name], clips) for name in ("checkpoint", "adapted"))
    channels = {MOTION_NAMES[i]: (float(before[i]), float(after[i])) for i in MOUTH if np.isfinite(before[i])}
    shown = {name: ours[name][0][:, _JAW] / JAW_OPEN_RADIANS for name in ("checkpoint", "adapted")}
    shown["measured"] = clips[0].motion[:, _JAW] / JAW_OPEN_RADIANS
    seconds = sum(len(clip.motion) for clip in clips) / 25
    return Comparison(figures, len(clips), seconds, channels, shown)


def measure(takes: Sequence[np.ndarray], clips: Sequence[PersonClip]) -> dict[str, float | None]:
    """Figures of takes (T, 56) of clips; None where nothing was captured."""
    pairs = [_known(take, clip) for take, clip in zip(takes, clips)]
    jaws = [(ours[:, _JAW], theirs[:, _JAW]) for ours, theirs in pairs]
    gaps = [(lip_gap(ours), lip_gap(np.where(np.isfinite(theirs), theirs, 0))) for ours, theirs in pairs]
    gaps = [(a, np.where(np.isfinite(theirs[:, _JAW]), b, np.nan)) for (a, b), (_, theirs) in zip(gaps, pairs)]
    ours, theirs = (np.concatenate([pair[side] for pair in pairs]) / UNITS for side in (0, 1))
    ours = np.where(np.isfinite(theirs), ours, np.nan)
    degrees = np.degrees(1.0)
    return {
        "lips MAE": _mean(_errors(takes, clips)[list(MOUTH)]),
        "jaw r": _or_none(lambda: pooled_correlation(jaws)),
        "gap r": _or_none(lambda: pooled_correlation(gaps)),
        "jaw range": _or_none(lambda: gain(jaws)),
        "resting pose": _distance(np.nanmedian, ours, theirs, MOUTH),
        "upper level": _distance(np.nanmean, ours, theirs, UPPER_SCORED),
        "upper spread": _distance(np.nanstd, ours, theirs, UPPER_SCORED),
        "head spread": _distance(np.nanstd, ours * degrees, theirs * degrees, NECK),
    }


def _known(take: np.ndarray, clip: PersonClip) -> tuple[np.ndarray, np.ndarray]:
    """Both, of the frames that both have."""
    frames = min(len(take), len(clip.motion))
    return take[:frames].astype(np.float64), clip.motion[:frames]


def _errors(takes: Sequence[np.ndarray], clips: Sequence[PersonClip]) -> np.ndarray:
    """Mean absolute error (56,) over the frames of all clips, NaN where nothing was captured."""
    pairs = [_known(take, clip) for take, clip in zip(takes, clips)]
    return _by_channel(np.nanmean, np.concatenate([np.abs(ours - theirs) / UNITS for ours, theirs in pairs]))


def _by_channel(what: Callable[..., Any], values: np.ndarray) -> np.ndarray:
    """A statistic (n,) over the known frames of each channel; NaN for a channel without any."""
    found = np.full(values.shape[1], np.nan)
    seen = np.isfinite(values).any(0)
    found[seen] = what(values[:, seen], axis=0)
    return found


def _distance(what: Callable[..., Any], ours: np.ndarray, theirs: np.ndarray, channels: Sequence[int]) -> float | None:
    """Mean distance of a statistic of both over channels."""
    at = list(channels)
    return _mean(np.abs(_by_channel(what, ours[:, at]) - _by_channel(what, theirs[:, at])))


def _mean(values: np.ndarray) -> float | None:
    return float(np.nanmean(values)) if np.isfinite(values).any() else None


def _or_none(what: Callable[[], float]) -> float | None:
    try:
        found = what()
    except ValueError:  # too few frames in common
        return None
    return found if np.isfinite(found) else None
