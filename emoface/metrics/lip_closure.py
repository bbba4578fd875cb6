"""Do the lips follow the voice: correlation with measured curves, and closure on p, b, m against open vowels."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from .figure import metric
from .sequences import finite

Phone = tuple[str, float, float]
"""Label, start and end in seconds."""

BILABIAL_SAMPA = frozenset({"p", "b", "m"})
OPEN_SAMPA = frozenset({"a", "a6", "aI", "aU", "E", "O"})
"""The open vowels of German SAMPA, as the Berlin database writes them."""
HIT_SHARE = 0.3
CLOSED_MM = 1.0
SLACK = 0.1  # seconds


@dataclass(frozen=True)
class Closure:
    """How well bilabials close.

    Attributes:
        auc: probability that the gap of a bilabial is smaller than that of an open vowel, ties counting half.
        ratio: mean gap of the bilabials over mean gap of the open vowels; NaN where lips never open.
        hit30: share of bilabials whose gap is below 30 % of the median open gap of their recording.
        closed, opened: numbers of bilabials and of open vowels.
    """

    auc: float
    ratio: float
    hit30: float
    closed: int
    opened: int


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's r of two curves (T,): ``cov(a, b) / (std(a) std(b))``; NaN if one of them does not move.

    Raises:
        ValueError: the curves are not two vectors of the same length.
    """
    a, b = finite(a, "a"), finite(b, "b")
    if a.ndim != 1 or a.shape != b.shape:
        raise ValueError(f"a and b must be curves (T,) of the same length, got {a.shape} and {b.shape}")
    a, b = a - a.mean(), b - b.mean()
    power = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / power) if power > 1e-10 * len(a) else float("nan")


def phone_gaps(
    gap: np.ndarray,
    phones: Iterable[Phone],
    fps: float,
    closed: Collection[str] = BILABIAL_SAMPA,
    opened: Collection[str] = OPEN_SAMPA,
    cut: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """The smallest gap of every closing phone and the largest of every opening one.

    Frame k, centred at ``(k + 0.5) / fps``, belongs to a phone if its centre is at most half a frame outside.

    Args:
        gap: (T,) lip gap, any unit. phones: label, start, end. fps: of the gap.
        closed, opened: labels that close the lips and that open them. cut: leave out phones beyond the last frame.

    Returns:
        (n,) and (m,) gaps.

    Raises:
        ValueError: the gap is no finite curve, bad fps, or phones that begin 0.1 s beyond its end: other lengths.
    """
    gap = finite(gap, "gap")
    if gap.ndim != 1 or not len(gap) or not fps > 0:
        raise ValueError(f"gap must be (T,) with T at least 1 and fps positive, got {gap.shape} and {fps}")
    centres = (np.arange(len(gap)) + 0.5) / fps
    half = 0.5 / fps
    shut: list[float] = []
    wide: list[float] = []
    for label, start, end in phones:
        if start > len(gap) / fps + SLACK and not cut:
            raise ValueError(f"phone {label!r} at {start:.2f} s is beyond the gap's {len(gap) / fps:.2f} s; cut=True")
        if label not in closed and label not in opened:
            continue
        inside = gap[(centres >= start - half) & (centres <= end + half)]
        if len(inside):
            (shut if label in closed else wide).append(inside.min() if label in closed else inside.max())
    return np.array(shut), np.array(wide)


def closure(recordings: Iterable[tuple[np.ndarray, np.ndarray]]) -> Closure:
    """Closure over several recordings.

    Args:
        recordings: per recording the gaps of its bilabials (n,) and of its open vowels (m,), as
            :func:`phone_gaps` gives them; a recording without one of the kinds is left out.

    Returns:
        The figures, see :class:`Closure`.

    Raises:
        ValueError: no recording has both kinds.
    """
    usable = [(shut, wide) for shut, wide in recordings if len(shut) and len(wide)]
    if not usable:
        raise ValueError("recordings must hold bilabials and open vowels, got none that has both")
    hits = np.concatenate([shut < HIT_SHARE * np.median(wide) for shut, wide in usable])
    shut, wide = (np.concatenate(parts) for parts in zip(*usable))
    below = (shut[:, None] < wide).mean() + 0.5 * (shut[:, None] == wide).mean()
    ratio = shut.mean() / wide.mean() if wide.any() else np.nan
    return Closure(float(below), float(ratio), float(hits.mean()), len(shut), len(wide))


@metric("bilabials closed", "1", "p, b, m whose smallest inner-lip gap is below 1 mm / p, b, m")
def bilabials_closed(gaps: np.ndarray, limit: float = CLOSED_MM) -> float:
    """Share of bilabials whose smallest inner-lip gap is below ``limit``; lips that never open reach 1 too.

    Args:
        gaps: (n,) smallest gaps in millimetres, as :func:`phone_gaps` gives them. limit: millimetres.

    Returns:
        Share, 0..1.

    Raises:
        ValueError: no bilabials.
    """
    gaps = finite(gaps, "gaps")
    if gaps.ndim != 1 or not len(gaps):
        raise ValueError(f"gaps must be (n,) with n at least 1, got shape {gaps.shape}")
    return float((gaps < limit).mean())
