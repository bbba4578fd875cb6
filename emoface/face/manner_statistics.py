"""Statistics of how somebody moves: range, resting pose, asymmetry, rate of events, head.

Of motion ``x`` (T, 56) at 25 fps in shares of full movement: ``spread_i = std_t x_i``; ``rest_i = median_t x_i``;
``side_p = ln (rms left + e) / (rms right + e)`` of each pair of shapes; ``rate_r``: how often a second a region's mean
curve rises through its mean plus its deviation; ``head = std_t`` and mean speed of pitch, yaw and roll. Statistics of
what is not known are NaN.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from .layout import FPS, JAW_OPEN_RADIANS, JAW_SIDE_RADIANS, MOTION_INDEX, MOTION_NAMES, MOTION_SIZE, NECK

LEAST_FRAMES = 2
SMALL = 0.01
"""Movement, in shares of a full one, below which differences do not count."""
SMALL_TURN, SMALL_RATE = 0.005, 0.2
REST_UNIT = 0.1
"""Difference of resting poses that counts as much as a factor of e in a range."""
NOT_MANNER = tuple(i for i, name in enumerate(MOTION_NAMES) if name.startswith(("eyeBlink", "eyeLook", "tongue")))
"""Channels that are no manner: blinks, gaze and the tongue."""
EVENTS: dict[str, tuple[str, ...]] = {
    "brows": ("brow",), "corners": ("mouthSmile", "mouthFrown", "mouthStretch", "mouthDimple"), "jaw": ("jaw_pose_x",),
    "nods": ("neck_pose_x",),
}  # fmt: skip
"""Regions whose events are counted, by the beginnings of their channels' names."""

SCORED = tuple(i for i in range(MOTION_SIZE) if i not in NOT_MANNER and i not in NECK)
PAIRS = tuple(
    (i, MOTION_INDEX[name[:-4] + "Right"])
    for i, name in enumerate(MOTION_NAMES)
    if name.endswith("Left") and name != "mouthLeft" and i not in NOT_MANNER
)
_EVENTS = [[i for i, name in enumerate(MOTION_NAMES) if name.startswith(starts)] for starts in EVENTS.values()]
_UNITS = np.ones(MOTION_SIZE)
_UNITS[MOTION_INDEX["jaw_pose_x"]] = JAW_OPEN_RADIANS
_UNITS[[MOTION_INDEX["jaw_pose_y"], MOTION_INDEX["jaw_pose_z"]]] = JAW_SIDE_RADIANS


@dataclass(frozen=True, eq=False)
class MannerStatistics:
    """See the module for what each is.

    Attributes:
        spread, rest: (len(SCORED),). sides: (len(PAIRS),). rates: (len(EVENTS),) a second.
        head: (6,) deviation of the three turns in radians, then their mean speed in radians a second.
    """

    spread: np.ndarray
    rest: np.ndarray
    sides: np.ndarray
    rates: np.ndarray
    head: np.ndarray

    def vector(self) -> np.ndarray:
        """All of them on scales alike, logarithms of what is a size, NaN where not known: (D,) float64."""
        return np.concatenate([
            np.log(self.spread + SMALL), self.rest / REST_UNIT, self.sides, np.log(self.rates + SMALL_RATE),
            np.log(self.head + SMALL_TURN),
        ])  # fmt: skip

    def distances(self, other: MannerStatistics) -> dict[str, float]:
        """Mean distance of each group from another's, of what both know; NaN for a group that neither tells."""
        ends = np.cumsum([len(getattr(self, field.name)) for field in fields(self)])[:-1]
        apart = np.split(np.abs(self.vector() - other.vector()), ends)
        return {
            field.name: float(np.nanmean(part)) if np.isfinite(part).any() else float("nan")
            for field, part in zip(fields(self), apart)
        }

    def distance(self, other: MannerStatistics) -> float:
        """Mean of the groups' distances; NaN if nothing is known of both."""
        found = np.array([*self.distances(other).values()])
        return float(np.nanmean(found)) if np.isfinite(found).any() else float("nan")


def manner_statistics(motion: np.ndarray) -> MannerStatistics:
    """Measure a clip.

    Args:
        motion: (T, 56) at 25 fps; NaN in channels and frames that are not known.

    Returns:
        Its statistics, NaN where fewer than two frames are known.

    Raises:
        ValueError: another shape, or a single frame.
    """
    if motion.ndim != 2 or motion.shape[1] != MOTION_SIZE or len(motion) < LEAST_FRAMES:
        raise ValueError(f"motion must have shape (T, {MOTION_SIZE}) with T at least 2, got {motion.shape}")
    scaled = motion.astype(np.float64) / _UNITS
    known = np.isfinite(scaled).sum(0) >= LEAST_FRAMES
    spread, rest, size = (np.full(MOTION_SIZE, np.nan) for _ in range(3))
    spread[known], rest[known] = np.nanstd(scaled[:, known], 0), np.nanmedian(scaled[:, known], 0)
    size[known] = np.sqrt(np.nanmean(scaled[:, known] ** 2, 0))
    sides = np.array([np.log((size[left] + SMALL) / (size[right] + SMALL)) for left, right in PAIRS])
    rates = np.array([_rate(scaled[:, channels][:, known[channels]]) for channels in _EVENTS])
    neck = list(NECK)
    speeds = np.full(3, np.nan)
    if known[neck].all() and len(motion) > LEAST_FRAMES:
        speeds = np.nanmean(np.abs(np.diff(scaled[:, neck], axis=0)), 0) * FPS
    scored = list(SCORED)
    return MannerStatistics(spread[scored], rest[scored], sides, rates, np.concatenate([spread[neck], speeds]))


def _rate(curves: np.ndarray) -> float:
    """Events a second of the mean (T,) of curves; NaN without any."""
    if not curves.shape[1]:
        return float("nan")
    curve = curves.mean(1)
    curve = curve[np.isfinite(curve)]
    if len(curve) < LEAST_FRAMES:
        return float("nan")
    above = curve > curve.mean() + curve.std()
    return float((above[1:] & ~above[:-1]).sum() / (len(curve) / FPS))
