"""How closely a curve follows a measured one: correlation at a lag, size of the movement, opening over rest.

Measured curves have gaps, which are NaN; frames without a measurement take no part.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emoface import checks

from .figure import metric
from .lip_closure import correlation

LEAST = 10  # frames that a correlation is taken over
REST = 0.05  # quantile that counts as the mouth at rest
REACH = 3  # frames of lag that are searched, either way

Pair = tuple[np.ndarray, np.ndarray]
"""Our curve (T,) and the measured one (T,), NaN where nothing was measured."""


def aligned(ours: np.ndarray, measured: np.ndarray) -> Pair:
    """The frames of both curves at which both are known.

    Args:
        ours, measured: (T,) and (T',) curves of one frame rate; the longer one is cut.

    Returns:
        (n,) and (n,), finite.

    Raises:
        ValueError: not curves, or fewer than 10 frames in common.
    """
    ours, measured = np.asarray(ours, np.float64), np.asarray(measured, np.float64)
    if ours.ndim != 1 or measured.ndim != 1:
        raise ValueError(f"ours and measured must be curves (T,), got {ours.shape} and {measured.shape}")
    frames = min(len(ours), len(measured))
    known = np.isfinite(ours[:frames]) & np.isfinite(measured[:frames])
    if known.sum() < LEAST:
        raise ValueError(f"ours and measured must share at least {LEAST} frames, got {known.sum()}")
    return ours[:frames][known], measured[:frames][known]


def shifted(curves: np.ndarray, lag: int) -> np.ndarray:
    """Curves that are late by a lag brought back in time: row t becomes row t + lag, NaN where there is none.

    Args:
        curves: (T, ...). lag: frames, of either sign.

    Returns:
        (T, ...) float64.
    """
    curves = np.asarray(curves, np.float64)
    rows = np.arange(len(curves)) + checks.whole("lag", lag)
    inside = (rows >= 0) & (rows < len(curves))
    moved = np.full(curves.shape, np.nan)
    moved[inside] = curves[rows[inside]]
    return moved


def best_lag(channels: Sequence[Sequence[Pair]], reach: int = REACH) -> int:
    """The one lag at which several curves of several recordings follow best on average.

    ``argmax_d mean_{channel, recording} r(ours[t + d], measured[t])`` over ``|d| <= reach``; the least one of equals.

    Args:
        channels: for each channel, a pair of curves a recording. reach: frames.

    Returns:
        Frames; positive: ours is late.

    Raises:
        ValueError: nothing to align, or curves too short.
    """
    lags = sorted(range(-reach, reach + 1), key=abs)
    pairs = [pair for channel in channels for pair in channel]
    if not pairs:
        raise ValueError("channels must hold at least one pair of curves")
    found = [np.nan_to_num([correlation(*aligned(shifted(x, lag), y)) for x, y in pairs]).mean() for lag in lags]
    return lags[int(np.argmax(found))]


@metric("r", "1", "mean over recordings of Pearson's r over time")
def mean_correlation(pairs: Sequence[Pair]) -> float:
    """Mean over recordings of Pearson's r over time; a curve that does not move follows nothing (r = 0).

    Args:
        pairs: a pair of curves a recording.

    Raises:
        ValueError: no pairs, or curves too short.
    """
    if not pairs:
        raise ValueError("pairs must hold at least one pair of curves")
    return float(np.nan_to_num([correlation(*aligned(*pair)) for pair in pairs]).mean())


@metric("pooled r", "1", "Pearson's r over the frames of all recordings, each less its own mean")
def pooled_correlation(pairs: Sequence[Pair]) -> float:
    """Pearson's r over the frames of all recordings, each less its own mean: large movements weigh more.

    Args:
        pairs: a pair of curves a recording.

    Raises:
        ValueError: no pairs, or curves too short.
    """
    if not pairs:
        raise ValueError("pairs must hold at least one pair of curves")
    both = [[curve - curve.mean() for curve in aligned(*pair)] for pair in pairs]
    return float(np.nan_to_num(correlation(*(np.concatenate(side) for side in zip(*both)))))


@metric("gain", "1", "sqrt(mean over recordings of var_t ours / mean over recordings of var_t measured)")
def gain(pairs: Sequence[Pair]) -> float:
    """Size of our movement over that of the measured one, ``sqrt(mean var_t ours / mean var_t measured)``.

    Args:
        pairs: a pair of curves a recording, in one unit.

    Raises:
        ValueError: no pairs, curves too short, or measured ones that do not move.
    """
    if not pairs:
        raise ValueError("pairs must hold at least one pair of curves")
    ours, measured = np.mean([[curve.var() for curve in aligned(*pair)] for pair in pairs], 0)
    if measured <= 0:
        raise ValueError("measured curves must move")
    return float(np.sqrt(ours / measured))


@metric("opening", "1", "mean_t (gap - 5 % quantile of gap) of ours / the same of the measured one")
def opening_ratio(pairs: Sequence[Pair]) -> float:
    """How far the mouth opens above its rest on average, over the same of the person.

    ``sum over recordings of mean_t (x - q(x)) / sum of mean_t (y - q(y))``, q the 5 % quantile over time.

    Args:
        pairs: a pair of curves a recording, in one unit.

    Raises:
        ValueError: no pairs, curves too short, or measured ones that never open.
    """
    if not pairs:
        raise ValueError("pairs must hold at least one pair of curves")
    ours, measured = np.sum([[_over_rest(curve) for curve in aligned(*pair)] for pair in pairs], 0)
    if measured <= 0:
        raise ValueError("measured curves must rise above their rest")
    return float(ours / measured)


def _over_rest(curve: np.ndarray) -> float:
    return float(curve.mean() - np.quantile(curve, REST))


@metric("error", "mm", "mean over recordings of mean_t |(x - mean_t x) - (y - mean_t y)|")
def shape_error(pairs: Sequence[Pair]) -> float:
    """Mean distance of the two curves once the mean of each recording is taken away; the mean pose has none of ours.

    Args:
        pairs: a pair of curves a recording, in millimetres.

    Returns:
        Millimetres.

    Raises:
        ValueError: no pairs, or curves too short.
    """
    if not pairs:
        raise ValueError("pairs must hold at least one pair of curves")
    both = [[curve - curve.mean() for curve in aligned(*pair)] for pair in pairs]
    return float(np.mean([np.abs(ours - measured).mean() for ours, measured in both]))
