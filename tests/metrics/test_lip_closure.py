"""Lip figures on cases that can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from emoface.metrics.lip_closure import closure, correlation, phone_gaps


def test_correlation() -> None:
    up = np.array([0.0, 1.0, 2.0])
    assert correlation(up, 3 * up + 5) == pytest.approx(1)
    assert correlation(up, -up) == pytest.approx(-1)
    assert correlation(np.array([0.0, 1, 0, -1]), np.array([1.0, 0, -1, 0])) == pytest.approx(0)
    assert math.isnan(correlation(up, np.ones(3)))
    with pytest.raises(ValueError, match="same length"):
        correlation(up, up[:2])


def test_phone_gaps_take_the_frames_that_belong_to_a_phone() -> None:
    gap = np.array([5.0, 1.0, 7.0, 9.0])  # centres at 0.05, 0.15, 0.25, 0.35 s
    shut, wide = phone_gaps(gap, [("p", 0.10, 0.20), ("t", 0.0, 0.4), ("a", 0.20, 0.40), ("m", 3.0, 3.1)], 10, cut=True)
    assert shut.tolist() == [1.0]
    assert wide.tolist() == [9.0]
    shut, _ = phone_gaps(gap, [("b", 0.21, 0.29)], 10)
    assert shut.tolist() == [7.0], "half a frame on either side, 0.16..0.34"


def test_phones_of_another_recording_are_not_silently_left_out() -> None:
    gap = np.ones(4)
    with pytest.raises(ValueError, match=r"phone 'm' at 3.00 s is beyond the gap's 0.40 s; cut=True"):
        phone_gaps(gap, [("p", 0.1, 0.2), ("m", 3.0, 3.1)], 10)
    for bad, fps in ((gap[:0], 10), (gap[None], 10), (gap, 0), (gap * np.nan, 10)):
        with pytest.raises(ValueError, match="gap must be"):
            phone_gaps(bad, [], fps)


def test_closure() -> None:
    found = closure([(np.array([0.0, 4.0]), np.array([8.0, 4.0])), (np.array([]), np.array([1.0]))])
    # pairs: 0<8, 0<4, 4<8 and a tie: 3.5 of 4; median open 6, 30 % of it 1.8: one hit of two
    assert found.auc == pytest.approx(3.5 / 4)
    assert found.ratio == pytest.approx(2 / 6)
    assert found.hit30 == pytest.approx(0.5)
    assert (found.closed, found.opened) == (2, 2)
    with pytest.raises(ValueError, match="none that has both"):
        closure([(np.array([]), np.array([1.0]))])


def test_lips_that_never_open_have_no_ratio() -> None:
    found = closure([(np.zeros(3), np.zeros(2))])
    assert math.isnan(found.ratio) and found.auc == 0.5 and found.hit30 == 0
