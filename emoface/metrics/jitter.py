"""How much curves tremble: their mean absolute second difference, and spectra of acceleration and jerk."""

from __future__ import annotations

import numpy as np

from emoface import checks
from emoface.face.layout import ARKIT_NAMES

from .figure import metric
from .sequences import finite

SEGMENT = 2.0  # seconds under one window of a spectrum
FAST = 6.0  # Hz; syllables come at 3 to 6
MOUTH_SHAPES = tuple(
    i for i, name in enumerate(ARKIT_NAMES) if name.startswith(("jaw", "mouth", "tongue", "cheekPuff"))
)
UPPER_SHAPES = tuple(
    i for i, name in enumerate(ARKIT_NAMES) if name.startswith(("brow", "cheekSquint", "noseSneer", "eyeS", "eyeW"))
)
"""Brow, cheek, nose and lid shapes; blinks and gaze, which are fast by nature, are left out."""
REGIONS = {"upper": UPPER_SHAPES, "mouth": MOUTH_SHAPES}


def jitter(curves: np.ndarray) -> float:
    """Mean absolute second difference ``mean |x[t+1] - 2 x[t] + x[t-1]|`` over time and shapes.

    Args:
        curves: (T, C), T at least 3.

    Returns:
        Units of the curves per squared frame.

    Raises:
        ValueError: another shape, or fewer than three frames.
    """
    curves = finite(curves, "curves")
    if curves.ndim != 2 or len(curves) < 3:
        raise ValueError(f"curves must have shape (T, C) with T at least 3, got {curves.shape}")
    return float(np.abs(np.diff(curves, n=2, axis=0)).mean())


def region_jitter(weights: np.ndarray) -> dict[str, float]:
    """Jitter of the upper face and of the mouth.

    Args:
        weights: (T, 52) ARKit weights.

    Returns:
        ``{"upper": ..., "mouth": ...}`` in weights per squared frame.
    """
    return {name: jitter(weights[:, list(shapes)]) for name, shapes in REGIONS.items()}


def relative_jitter(weights: np.ndarray, target: np.ndarray) -> dict[str, float]:
    """Jitter of each region over that of target curves; no unit, 1 means as calm as the target.

    Args:
        weights: (T, 52) ARKit weights. target: (T', 52), at the same frame rate.

    Returns:
        ``{"upper": ..., "mouth": ...}``; infinite where the target does not move.
    """
    ours, theirs = region_jitter(weights), region_jitter(target)
    return {name: ours[name] / theirs[name] if theirs[name] else float("inf") for name in ours}


def spectrum(curves: np.ndarray, fps: float, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Power density of a derivative of curves, mean over shapes and over Hann windows of 2 s, half overlapping.

    The derivative is ``fps^order`` times the difference of that order, so frame rates only limit the band.

    Args:
        curves: (T, C), at least 2 s. fps: of them. order: 2 for acceleration, 3 for jerk.

    Returns:
        (F,) Hz, and (F,) units^2 / s^(2 order) / Hz.

    Raises:
        ValueError: another shape, too short, an order below 1, or bad fps.

    Source: Welch 1967, "The use of fast Fourier transform for the estimation of power spectra".
    """
    curves = finite(curves, "curves")
    fps, order = checks.number("fps", fps, above=0), checks.whole("order", order, 1)
    length = round(SEGMENT * fps)
    if curves.ndim != 2 or len(curves) < length + order:
        raise ValueError(f"curves must have shape (T, C) with T at least {length + order}, got {curves.shape}")
    moved = np.diff(curves, n=order, axis=0) * fps**order
    window = np.hanning(length + 2)[1:-1, None]
    starts = range(0, len(moved) - length + 1, max(length // 2, 1))
    powers = [np.abs(np.fft.rfft(window * moved[s : s + length], axis=0)) ** 2 for s in starts]
    return np.fft.rfftfreq(length, 1 / fps), 2 * np.mean(powers, (0, 2)) / (fps * float((window**2).sum()))


def _fast_power(curves: np.ndarray, real: np.ndarray, fps: float, real_fps: float, order: int) -> float:
    if fps != real_fps:
        raise ValueError(f"curves have {fps:g} fps and real ones {real_fps:g}: resample one of them first")
    powers = []
    for name, takes in (("curves", curves), ("real", real)):
        hertz, power = spectrum(takes, fps, order)
        powers.append(power[hertz > FAST].sum())
        if powers[-1] <= 0:
            raise ValueError(f"{name} must move faster than {FAST:g} Hz at least a little, got stillness")
    return float(10 * np.log10(powers[0] / powers[1]))


@metric("acceleration above 6 Hz against real takes", "dB", "10 log10 (P(y) / P(x)), P power of x'' above 6 Hz")
def acceleration_excess(curves: np.ndarray, real: np.ndarray, fps: float, real_fps: float) -> float:
    """Power of acceleration above 6 Hz over that of real takes, ``10 log10 (P(y) / P(x))``; 0 is as calm as they are.

    Negative is smoother than people, which is a fault too.

    Args:
        curves: (T, C). real: (T', C) captured curves of the same shapes. fps, real_fps: of each, must be equal.

    Returns:
        Decibels.

    Raises:
        ValueError: other frame rates, takes shorter than about 2 s, or stillness.
    """
    return _fast_power(curves, real, fps, real_fps, 2)


@metric("jerk above 6 Hz against real takes", "dB", "10 log10 (P(y) / P(x)), P power of x''' above 6 Hz")
def jerk_excess(curves: np.ndarray, real: np.ndarray, fps: float, real_fps: float) -> float:
    """Power of jerk above 6 Hz over that of real takes; as :func:`acceleration_excess`, weighing the fastest more."""
    return _fast_power(curves, real, fps, real_fps, 3)
