"""How a head moves: how far, how fast, and with the voice."""

from __future__ import annotations

import numpy as np

from emoface import checks

from .figure import metric
from .lip_closure import correlation
from .sequences import finite

AXES = ("pitch", "yaw", "roll")
"""Of an axis-angle about the head's own axes: x, y and z."""


def _rotation(rotation: np.ndarray, least: int) -> np.ndarray:
    rotation = finite(rotation, "rotation")
    if rotation.ndim != 2 or rotation.shape[1] != 3 or len(rotation) < least:
        raise ValueError(f"rotation must be (T, 3) with T at least {least}, got {rotation.shape}")
    return rotation


def head_spread(rotation: np.ndarray) -> np.ndarray:
    """Standard deviation over time of pitch, yaw and roll, (3,) in degrees.

    Args:
        rotation: (T, 3) axis-angle in radians; small, so that its parts are the three angles.

    Raises:
        ValueError: another shape, or not finite.
    """
    return np.degrees(_rotation(rotation, 1).std(0))


def head_speed(rotation: np.ndarray, fps: float) -> np.ndarray:
    """Speed of the head ``fps |r[t+1] - r[t]|`` in degrees a second, (T - 1,); as :func:`head_spread`, small angles."""
    fps = checks.number("fps", fps, above=0)
    return np.degrees(np.linalg.norm(np.diff(_rotation(rotation, 2), axis=0), axis=1)) * fps


@metric("head speed", "deg/s", "median over time of fps |r[t+1] - r[t]|, r axis-angle")
def median_head_speed(rotation: np.ndarray, fps: float) -> float:
    """Median speed of the head.

    Args:
        rotation: (T, 3) axis-angle in radians. fps: frames per second.

    Returns:
        Degrees a second.

    Raises:
        ValueError: another shape, not finite, or bad fps.
    """
    return float(np.median(head_speed(rotation, fps)))


@metric("head speed with loudness", "1", "Pearson's r of the head's speed with loudness, both over time")
def head_with_loudness(rotation: np.ndarray, loudness: np.ndarray, fps: float) -> float:
    """Correlation over time of the head's speed with the loudness of the voice.

    Args:
        rotation: (T, 3) axis-angle in radians. loudness: (T,) a value a frame. fps: frames per second.

    Returns:
        Pearson's r, 0 for a head that does not move.

    Raises:
        ValueError: other lengths or shapes, not finite, or bad fps.
    """
    speed = head_speed(rotation, fps)
    loudness = finite(loudness, "loudness")
    if loudness.shape != (len(rotation),):
        raise ValueError(f"loudness must have a value for each of {len(rotation)} frames, got {loudness.shape}")
    return float(np.nan_to_num(correlation(speed, (loudness[1:] + loudness[:-1]) / 2)))
