"""How often the eyes blink."""

from __future__ import annotations

import numpy as np

from emoface import checks

from .sequences import finite

SHUT = 0.5


def blinks_per_minute(eye_blink: np.ndarray, fps: float, shut: float = SHUT) -> float:
    """Number of times a lid curve rises through ``shut``, per minute; eyes shut from the start do not count.

    Args:
        eye_blink: (T,) weights of one eye, 0 open, 1 shut. fps: frames per second. shut: threshold.

    Returns:
        Blinks per minute.

    Raises:
        ValueError: not a curve, empty, not finite, or bad fps.
    """
    eye_blink = finite(eye_blink, "eye_blink")
    fps = checks.number("fps", fps, above=0)
    if eye_blink.ndim != 1 or len(eye_blink) == 0:
        raise ValueError(f"eye_blink must be a curve (T,) with T at least 1, got shape {eye_blink.shape}")
    down = eye_blink >= shut
    return float((down[1:] & ~down[:-1]).sum() * 60 * fps / len(eye_blink))
