"""By how much the mouth is early or late."""

from __future__ import annotations

import numpy as np

from emoface import checks

from .figure import metric
from .lip_closure import correlation

LIMIT = 0.3


@metric("audio-motion offset", "ms", "argmax_d corr(loudness[t], opening[t + d]) over |d| <= 300 ms, by a parabola")
def audio_motion_offset(loudness: np.ndarray, opening: np.ndarray, fps: float) -> float:
    """Delay at which the mouth's opening correlates best with loudness; positive: the mouth is late.

    The maximum over whole frames within 0.3 s is refined by a parabola through its neighbours. Loud vowels open the
    jaw, so human speech itself is at 0 to 40 ms, not exactly at 0.

    Args:
        loudness: (T,) of the voice, a value a motion frame. opening: (T,) of the mouth, any unit. fps: of both.

    Returns:
        Milliseconds.

    Raises:
        ValueError: curves of other lengths, shorter than four times the reach, or that do not vary; bad fps.
    """
    loudness, opening = np.asarray(loudness, np.float64), np.asarray(opening, np.float64)
    if loudness.ndim != 1 or loudness.shape != opening.shape:
        shapes = f"{loudness.shape} and {opening.shape}"
        raise ValueError(f"loudness and opening must be curves (T,) of one length, got {shapes}")
    fps = checks.number("fps", fps, above=0)
    reach = max(round(LIMIT * fps), 1)
    if len(loudness) < 4 * reach:
        raise ValueError(f"loudness must have at least {4 * reach} frames, got {len(loudness)}")
    middle = loudness[reach:-reach]
    delays = range(-reach, reach + 1)
    found = np.array([correlation(middle, opening[reach + d : len(opening) - reach + d]) for d in delays])
    if not np.isfinite(found).all():
        raise ValueError("loudness and opening must vary")
    best = int(found.argmax())
    shift = 0.0
    if 0 < best < 2 * reach:
        before, here, after = found[best - 1 : best + 2]
        shift = 0.5 * (before - after) / (before - 2 * here + after)
    return float(1000 * (best - reach + shift) / fps)
