"""How a face lives in time: how much its upper part moves, how often something happens, how slowly, how unlike.

Figures of windows of 10 s are comparable with each other; longer ones hold more slow motion.
"""

from __future__ import annotations

import numpy as np

from emoface import checks
from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES

from .figure import metric
from .sequences import finite

UPPER_CURVES = ("browInnerUp", "browDown", "browOuterUp", "eyeSquint", "eyeWide", "cheekSquint", "noseSneer")
"""The seven curves of the upper face, sides averaged; blinks and gaze are left out."""
WINDOW = 10.0  # seconds
EVENT = 0.05
"""Rise of a curve that counts as an event."""
SLOW = 0.5  # Hz


def side_mean(weights: np.ndarray, name: str) -> np.ndarray:
    """One shape's curve (T,) from ARKit weights (T, 52); of a shape with two sides, their mean."""
    weights = finite(weights, "weights")
    sides = [i for i, other in enumerate(ARKIT_NAMES) if other in (name, name + "Left", name + "Right")]
    if weights.ndim != 2 or weights.shape[1] != len(ARKIT_NAMES) or not sides:
        raise ValueError(f"weights must be (T, 52) and name an ARKit shape, got {weights.shape} and {name!r}")
    return weights[:, sides].mean(1)


def upper_curves(weights: np.ndarray) -> np.ndarray:
    """The curves (T, 7) of ``UPPER_CURVES`` from ARKit weights (T, 52)."""
    return np.stack([side_mean(weights, name) for name in UPPER_CURVES], 1)


@metric("upper activity", "weight", "mean_c std_t x[t,c]")
def upper_activity(weights: np.ndarray) -> float:
    """How much the upper face moves, ``mean_c std_t x[t,c]`` over the curves of ``UPPER_CURVES``.

    Args:
        weights: (T, 52) ARKit weights of one window.

    Raises:
        ValueError: another shape, or not finite.
    """
    return float(upper_curves(weights).std(0).mean())


@metric("events", "1/min", "rises of a curve by at least 0.05 above its last valley, each after a fall by as much")
def events_per_minute(curve: np.ndarray, fps: float, rise: float = EVENT) -> float:
    """How often a curve rises by ``rise`` or more above its last valley, falling by as much in between.

    Args:
        curve: (T,) weights of one shape. fps: frames per second. rise: what counts, above 0.

    Returns:
        Events per minute.

    Raises:
        ValueError: not a curve, empty, not finite, or arguments out of range.
    """
    curve = finite(curve, "curve")
    fps, rise = checks.number("fps", fps, above=0), checks.number("rise", rise, above=0)
    if curve.ndim != 1 or len(curve) == 0:
        raise ValueError(f"curve must have shape (T,) with T at least 1, got {curve.shape}")
    count, rising, turn = 0, False, float(curve[0])
    for value in curve.tolist():
        turn = max(turn, value) if rising else min(turn, value)
        if rising and value <= turn - rise:
            rising, turn = False, value
        elif not rising and value >= turn + rise:
            rising, turn, count = True, value, count + 1
    return count * 60 * fps / len(curve)


@metric("slow share", "1", "power of x below 0.5 Hz over all of it, mean removed, Hann window")
def slow_share(curve: np.ndarray, fps: float, below: float = SLOW) -> float:
    """Share of a curve's power below ``below`` Hz, its mean removed, under a Hann window.

    Args:
        curve: (T,) of one window. fps: frames per second. below: Hz.

    Returns:
        0..1; nan for a curve that does not move.

    Raises:
        ValueError: not a curve, shorter than one period of ``below``, not finite, or bad fps.
    """
    curve, fps = finite(curve, "curve"), checks.number("fps", fps, above=0)
    if curve.ndim != 1 or len(curve) * below < fps:
        raise ValueError(f"curve must be (T,) and last {1 / below:g} s or longer, got {curve.shape} at {fps:g} fps")
    power = np.abs(np.fft.rfft((curve - curve.mean()) * np.hanning(len(curve) + 2)[1:-1])) ** 2
    total = power.sum()
    return float(power[np.fft.rfftfreq(len(curve), 1 / fps) < below].sum() / total) if total > 0 else float("nan")


@metric("offset share", "1", "sum_c var_n mean_t x[n,t,c] / (sum_c mean_t var_n x[n,t,c])")
def offset_share(takes: np.ndarray) -> float:
    """How much of the variance between takes is a constant offset: 1 if each only holds another pose, 0 if none does.

    Args:
        takes: (N, T, C) curves of N takes of one recording, N at least 2.

    Returns:
        0..1; nan if the takes are equal.

    Raises:
        ValueError: another shape, a single take, or not finite.
    """
    takes = finite(takes, "takes")
    if takes.ndim != 3 or len(takes) < 2:
        raise ValueError(f"takes must have shape (N, T, C) with N at least 2, got {takes.shape}")
    total = takes.var(0).mean(0).sum()
    return float(takes.mean(1).var(0).sum() / total) if total > 0 else float("nan")


@metric("side difference", "weight", "mean_t |left[t] - right[t]|")
def side_difference(weights: np.ndarray, name: str) -> float:
    """How unlike the two sides of a shape are, ``mean_t |left[t] - right[t]|``.

    Args:
        weights: (T, 52) ARKit weights. name: of the shape, without its side.

    Raises:
        ValueError: another shape, no such two-sided shape, or not finite.
    """
    weights = finite(weights, "weights")
    if name + "Left" not in ARKIT_INDEX:
        raise ValueError(f"name must be a shape with two sides, got {name!r}")
    return float(np.abs(weights[:, ARKIT_INDEX[name + "Left"]] - weights[:, ARKIT_INDEX[name + "Right"]]).mean())
