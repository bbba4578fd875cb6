"""Figures of liveliness against curves whose values are known."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.face.layout import ARKIT_INDEX
from emoface.metrics.liveliness import (
    events_per_minute,
    offset_share,
    side_difference,
    side_mean,
    slow_share,
    upper_activity,
    upper_curves,
)

SECONDS = np.arange(250) / 25


def test_upper_activity_is_the_mean_deviation_of_seven_curves() -> None:
    weights = np.zeros((250, 52))
    weights[::2, ARKIT_INDEX["browInnerUp"]] = 0.4  # deviation 0.2
    weights[::2, ARKIT_INDEX["eyeWideLeft"]] = 0.4  # 0.1 as the mean of both sides
    weights[:, ARKIT_INDEX["eyeBlinkLeft"]] = SECONDS  # no part of it
    assert upper_activity(weights) == pytest.approx(0.3 / 7)
    assert upper_curves(weights)[:, 4] == pytest.approx(side_mean(weights, "eyeWide"))
    assert side_difference(weights, "eyeWide") == pytest.approx(0.2)
    with pytest.raises(ValueError, match="two sides, got 'browInnerUp'"):
        side_difference(weights, "browInnerUp")
    with pytest.raises(ValueError, match="ARKit shape"):
        side_mean(weights, "brow")
    with pytest.raises(ValueError, match=r"\(T, 52\)"):
        upper_activity(weights[:, :50])


def test_events_are_rises_after_falls() -> None:
    curve = 0.1 - 0.04 * np.cos(2 * np.pi * 1.0 * SECONDS)  # rises by 0.08, ten times in ten seconds
    assert events_per_minute(curve, 25) == 60
    assert events_per_minute(curve, 25, rise=0.1) == 0
    assert events_per_minute(np.linspace(0, 1, 250), 25) == 6
    assert events_per_minute(np.zeros(250), 25) == 0
    with pytest.raises(ValueError, match="curve must have shape"):
        events_per_minute(np.zeros((3, 2)), 25)


def test_slow_share_tells_slow_from_fast() -> None:
    slow, fast = np.sin(2 * np.pi * 0.2 * SECONDS), np.sin(2 * np.pi * 2.0 * SECONDS)
    assert slow_share(slow, 25) > 0.98 and slow_share(fast, 25) < 0.02
    assert slow_share(5 + slow + fast, 25) == pytest.approx(0.5, abs=0.03)
    assert np.isnan(slow_share(np.ones(250), 25))
    with pytest.raises(ValueError, match="last 2 s or longer"):
        slow_share(np.zeros(40), 25)


def test_offset_share_tells_poses_from_performances() -> None:
    rng = np.random.default_rng(0)
    shared = rng.standard_normal((1, 400, 3))
    poses, noise = rng.standard_normal((20, 1, 3)), rng.standard_normal((20, 400, 3))
    assert offset_share(shared + poses) == pytest.approx(1)
    assert offset_share(shared + noise) < 0.02
    assert offset_share(poses + noise) == pytest.approx(0.5, abs=0.12)
    assert np.isnan(offset_share(np.zeros((2, 5, 1))))
    with pytest.raises(ValueError, match="N at least 2"):
        offset_share(noise[:1])
