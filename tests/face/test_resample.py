"""Curves at another frame rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoface.face.resample import low_pass, monotone_cubic, resample_curves

RATES = st.floats(5, 240)


def centres(frames: int, fps: float) -> np.ndarray:
    return (np.arange(frames) + 0.5) / fps


@settings(deadline=None)
@given(frames=st.integers(1, 80), fps=RATES, new=RATES, seed=st.integers(0, 99))
def test_never_leaves_the_range_of_the_curve(frames: int, fps: float, new: float, seed: int) -> None:
    curves = np.random.default_rng(seed).random((frames, 3)).astype(np.float32).round(1)
    result = resample_curves(curves, fps, new, max(round(frames / fps * new), 1))
    assert result.dtype == np.float32 and np.isfinite(result).all()
    assert (result >= curves.min(0)).all() and (result <= curves.max(0)).all()


@pytest.mark.parametrize("new", [10, 24, 25, 30, 59.94, 120])
def test_straight_lines_and_constants_are_exact(new: float) -> None:
    fps, frames = 30, 60
    seconds = centres(frames, fps)
    curves = np.stack([seconds, np.full(frames, 0.25)], 1).astype(np.float32)
    count = round(frames / fps * new)
    result = resample_curves(curves, fps, new, count)
    np.testing.assert_allclose(result[:, 0], centres(count, new).clip(seconds[0], seconds[-1]), atol=1e-5)
    assert (result[:, 1] == 0.25).all()


def test_smooth_motion_is_followed_better_than_by_straight_lines() -> None:
    def wave(frames: int, fps: float) -> np.ndarray:
        return (0.5 + 0.4 * np.sin(2 * np.pi * 2 * centres(frames, fps)))[:, None].astype(np.float32)

    coarse, fine = wave(50, 25), wave(120, 60)
    straight = np.interp(centres(120, 60), centres(50, 25), coarse[:, 0])[:, None]
    inner = slice(3, -3)
    error = np.abs(resample_curves(coarse, 25, 60, 120) - fine)[inner]
    assert error.mean() < 0.5 * np.abs(straight - fine)[inner].mean()
    assert np.abs(resample_curves(wave(120, 60), 60, 25, 50) - coarse)[inner].max() < 0.01


def test_fast_motion_does_not_alias() -> None:
    """20 Hz at 60 fps would show as 5 Hz at 25 fps."""
    fast = (0.5 + 0.5 * np.sin(2 * np.pi * 20 * centres(600, 60)))[:, None].astype(np.float32)
    picked = monotone_cubic(fast, (np.arange(250) + 0.5) * 60 / 25 - 0.5)
    assert resample_curves(fast, 60, 25, 250).std() < 0.35 * picked.std()


@pytest.mark.parametrize("new", [24, 25, 30, 120])
def test_a_closure_of_eighty_milliseconds_stays_closed(new: int) -> None:
    gap = np.ones((120, 1), np.float32)
    gap[50:55] = 0
    assert resample_curves(gap, 60, new, 2 * new).min() < 0.05


def test_low_pass_of_one_changes_nothing_smooth() -> None:
    curve = np.sin(np.linspace(0, 6, 200))[:, None].astype(np.float32)
    np.testing.assert_allclose(low_pass(curve, 1.0), curve, atol=1e-6)


def test_the_end_of_a_cubic_by_hand() -> None:
    """Through 0, 1, 4: slopes 1 and 3 at the ends, the harmonic mean 1.5 between."""
    curve = np.array([[0], [1], [4]], np.float32)
    read = monotone_cubic(curve, np.array([0.5, 1.5]))[:, 0]
    np.testing.assert_allclose(read, [0.5 + (1 - 1.5) / 8, 2.5 + (1.5 - 3) / 8], atol=1e-6)


@pytest.mark.parametrize("frames", [2, 3, 5, 40])
def test_low_pass_by_its_definition(frames: int) -> None:
    """A windowed sinc over the curve turned about its ends, limited to the range of the frames near."""
    ratio = 3.0
    curve = np.random.default_rng(frames).random(frames).astype(np.float32)

    def at(k: int) -> float:
        inside = min(max(k, 0), frames - 1)
        turned = curve[min(max(2 * inside - k, 0), frames - 1)]
        return float(curve[k]) if k == inside else 2 * float(curve[inside]) - float(turned)

    offsets = range(-5, 6)
    taps = np.array([np.sinc(k / ratio) * np.sinc(k / (2 * ratio)) for k in offsets])
    for place, found in enumerate(low_pass(curve[:, None], ratio)[:, 0]):
        wanted = sum(tap * at(place + k) for k, tap in zip(offsets, taps / taps.sum()))
        near = curve[max(place - 3, 0) : place + 4]
        assert found == pytest.approx(min(max(wanted, near.min()), near.max()), abs=1e-6)
