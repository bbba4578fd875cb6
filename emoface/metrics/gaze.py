"""Where the eyes look, and how they get there."""

from __future__ import annotations

import numpy as np

from emoface import checks
from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES
from emoface.face.life import FULL_LOOK

from .figure import metric
from .sequences import finite

SACCADE = 30.0  # degrees a second, from which a movement counts as a jump


def gaze_degrees(weights: np.ndarray) -> np.ndarray:
    """Direction of both eyes, their mean: ``35 (lookUp - lookDown)``, and sideways to the speaker's left.

    Args:
        weights: (T, 52) ARKit weights.

    Returns:
        (T, 2) degrees: pitch, up positive; yaw, to the speaker's left positive.

    Raises:
        ValueError: another shape, or not finite.
    """
    weights = finite(weights, "weights")
    if weights.ndim != 2 or weights.shape[1] != len(ARKIT_NAMES):
        raise ValueError(f"weights must be (T, 52), got {weights.shape}")

    def of(name: str) -> np.ndarray:
        return weights[:, ARKIT_INDEX["eyeLook" + name]]

    pitch = of("UpLeft") + of("UpRight") - of("DownLeft") - of("DownRight")
    yaw = of("OutLeft") + of("InRight") - of("InLeft") - of("OutRight")
    return FULL_LOOK / 2 * np.stack([pitch, yaw], 1)


def gaze_speed(gaze: np.ndarray, fps: float) -> np.ndarray:
    """Speed ``fps |g[t+1] - g[t]|`` in degrees a second, (T - 1,), of directions (T, 2)."""
    gaze, fps = finite(gaze, "gaze"), checks.number("fps", fps, above=0)
    if gaze.ndim != 2 or len(gaze) < 2:
        raise ValueError(f"gaze must be directions (T, 2) with T at least 2, got {gaze.shape}")
    return np.linalg.norm(np.diff(gaze, axis=0), axis=1) * fps


@metric("eye speed in fixations", "deg/s", "median speed of the eyes over frames slower than 30 degrees a second")
def fixation_speed(gaze: np.ndarray, fps: float) -> float:
    """Median speed of the eyes between jumps: they never rest wholly.

    Args:
        gaze: (T, 2) degrees, as :func:`gaze_degrees` gives them. fps: frames per second.

    Returns:
        Degrees a second; NaN if the eyes do nothing but jump.

    Raises:
        ValueError: another shape, not finite, or bad fps.
    """
    speed = gaze_speed(gaze, fps)
    still = speed[speed < SACCADE]
    return float(np.median(still)) if len(still) else float("nan")


@metric("saccades", "1/min", "runs of frames faster than 30 degrees a second, a minute")
def saccades_per_minute(gaze: np.ndarray, fps: float) -> float:
    """Jumps of the eyes a minute.

    Args:
        gaze: (T, 2) degrees. fps: frames per second.

    Raises:
        ValueError: another shape, not finite, or bad fps.
    """
    fast = gaze_speed(gaze, fps) >= SACCADE
    begun = fast & ~np.concatenate([[False], fast[:-1]])
    return float(begun.sum() * 60 * fps / len(gaze))
