"""Motion curves at another frame rate, without overshoot and with the lips' closures kept."""

from __future__ import annotations

import numpy as np

LOBES = 2  # of the low-pass kernel: a sinc within the main lobe of a wider one


def resample_curves(curves: np.ndarray, fps: float, new_fps: float, frames: int) -> np.ndarray:
    """Read curves at the frame centres of another rate: ``y_j = f((j + 0.5) fps / new_fps - 0.5)``.

    f is a monotone cubic through the frames, so nothing leaves the range of its two neighbours: weights stay in
    0..1 and closed lips stay closed. A lower rate is low-passed first, see :func:`low_pass`. The ends are held.

    Args:
        curves: (T, n) float32, frame k centred at (k + 0.5) / fps seconds. fps, new_fps: frames per second.
        frames: how many to give.

    Returns:
        (frames, n) float32.
    """
    if new_fps < fps:
        curves = low_pass(curves, fps / new_fps)
    return monotone_cubic(curves, (np.arange(frames) + 0.5) * (fps / new_fps) - 0.5)


def low_pass(curves: np.ndarray, ratio: float) -> np.ndarray:
    """Take out what a rate ``ratio`` times lower cannot hold, by a windowed sinc (Lanczos) over the frames.

    A sinc keeps short closures where a mean would open them, but it rings; so every value is limited to the range
    of the frames within ``ratio`` of it. Straight lines pass unchanged, ends included.

    Args:
        curves: (T, n). ratio: 1 or more.

    Returns:
        (T, n) float32.
    """
    reach = int(np.ceil(LOBES * ratio)) - 1
    offsets = np.arange(-reach, reach + 1)
    taps = np.sinc(offsets / ratio) * np.sinc(offsets / (LOBES * ratio))
    taps /= taps.sum()
    frames = len(curves)
    place = np.arange(frames)
    smooth = np.zeros(curves.shape, np.float64)
    low, high = curves.copy(), curves.copy()
    for offset, tap in zip(offsets, taps):  # one pass an offset: memory does not grow with the reach
        inside = (place + offset).clip(0, frames - 1)
        mirrored = (2 * inside - place - offset).clip(0, frames - 1)  # beyond an end: the curve turned about it
        near = curves[inside]
        beyond = (inside != place + offset)[:, None]
        smooth += tap * np.where(beyond, 2 * near - curves[mirrored], near)
        if abs(offset) <= ratio:
            np.minimum(low, near, out=low)
            np.maximum(high, near, out=high)
    return smooth.clip(low, high).astype(np.float32)


def monotone_cubic(curves: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Cubic Hermite interpolation whose slopes are the harmonic mean of the neighbouring ones, 0 at extremes.

    Args:
        curves: (T, n) at positions 0..T-1. positions: (m,) in frames; those outside read the ends.

    Returns:
        (m, n) float32. Source: Fritsch and Butland 1984.
    """
    last = len(curves) - 1
    positions = positions.clip(0, last)
    before = np.minimum(positions.astype(int), max(last - 1, 0))
    after = np.minimum(before + 1, last)
    step = np.diff(curves, axis=0)  # (T - 1, n)
    slopes = np.zeros_like(curves)
    if last > 0:
        slopes[0], slopes[-1] = step[0], step[-1]
        product, total = step[:-1] * step[1:], step[:-1] + step[1:]
        slopes[1:-1] = np.divide(2 * product, total, out=np.zeros_like(product), where=product > 0)
    t = (positions - before).astype(np.float32)[:, None]  # (m, 1)
    start, end = curves[before], curves[after]
    cubic = start + (end - start) * t * t * (3 - 2 * t)
    cubic += slopes[before] * t * (1 - t) ** 2 - slopes[after] * t * t * (1 - t)
    return cubic.clip(np.minimum(start, end), np.maximum(start, end)).astype(np.float32)
