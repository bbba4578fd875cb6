"""How a curve follows a measured one: each figure against a value reckoned by hand, gaps and lags included."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.metrics.following import (
    aligned,
    best_lag,
    gain,
    mean_correlation,
    opening_ratio,
    pooled_correlation,
    shape_error,
    shifted,
)

WAVE = np.sin(np.arange(60) * 0.7) + 0.3 * np.cos(np.arange(60) * 1.9)


def test_gaps_and_what_is_longer_take_no_part() -> None:
    measured = WAVE.copy()
    measured[5:20] = np.nan
    ours, theirs = aligned(WAVE[:50], measured)
    assert len(ours) == len(theirs) == 35
    np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ValueError, match="at least 10 frames, got 9"):
        aligned(WAVE[:9], measured[20:])
    with pytest.raises(ValueError, match=r"curves \(T,\), got \(60, 1\)"):
        aligned(WAVE[:, None], WAVE)


@pytest.mark.parametrize("lag", [-3, -1, 0, 2])
def test_a_late_curve_is_brought_back(lag: int) -> None:
    late = np.roll(WAVE, lag)
    assert best_lag([[(late, WAVE)], [(-2 * late + 1, -WAVE)]]) == lag
    moved = shifted(late, lag)
    known = np.isfinite(moved)
    assert known.sum() == 60 - abs(lag)
    np.testing.assert_array_equal(moved[known], WAVE[known])


def test_lag_is_that_of_the_mean_and_none_where_all_are_equal() -> None:
    still = np.zeros(60)
    assert best_lag([[(still, WAVE)]]) == 0
    with pytest.raises(ValueError, match="at least one pair"):
        best_lag([[]])


def test_correlation_over_recordings_and_over_frames() -> None:
    x = np.tile([1.0, -1.0], 10)
    one, other, still = (x, x), (10 * x, -10 * x), (np.ones(20), x)
    assert mean_correlation([one, other]) == pytest.approx(0.0)
    assert mean_correlation([one, still]) == pytest.approx(0.5)
    # the frames of the larger recording weigh 100 times as much: (20 - 2000) / 2020
    assert pooled_correlation([one, other]) == pytest.approx(-1980 / 2020)
    assert pooled_correlation([(x + 7, x - 3), (x - 5, x)]) == pytest.approx(1.0)


def test_gain_opening_and_error_by_hand() -> None:
    ramp = np.arange(21.0)
    assert gain([(3 * ramp, ramp), (4 * ramp + 9, ramp)]) == pytest.approx(np.sqrt((9 + 16) / 2))
    # mean 10 and 5 % quantile 1: 9 above rest, and half of it
    assert opening_ratio([(0.5 * ramp + 3, ramp)]) == pytest.approx(0.5)
    x = np.tile([1.0, -1.0], 10)
    assert shape_error([(3 * x + 5, x), (x, x)]) == pytest.approx(1.0)
    assert shape_error([(0 * x, x)]) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="must move"):
        gain([(x, 0 * x)])
    with pytest.raises(ValueError, match="above their rest"):
        opening_ratio([(x, 0 * x)])
    for measure in (gain, mean_correlation, pooled_correlation, opening_ratio, shape_error):
        with pytest.raises(ValueError, match="at least one pair"):
            measure([])
