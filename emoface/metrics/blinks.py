"""How often the eyes blink, how long and how far."""

from __future__ import annotations

import numpy as np

from emoface import checks

from .sequences import finite

SHUT = 0.5
BLINK = 0.25
"""Weight of the lid above its median from which a rise and fall counts as a blink, however far the eye shuts."""
LONGEST = 0.5  # seconds; what lasts longer is a look down or closed eyes


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


def blink_shapes(eye_blink: np.ndarray, fps: float) -> np.ndarray:
    """Peak and width of every blink, both above the median of the curve.

    A blink is a stretch above ``median + 0.25`` that begins and ends within the curve. Its peak is the largest weight;
    its width is the time above half of the rise, with straight lines between frames; longer ones than 0.5 s are none.

    Args:
        eye_blink: (T,) weights of one eye or the mean of both, 0 open, 1 shut. fps: frames per second.

    Returns:
        (n, 2): peak weight, and width in seconds.

    Raises:
        ValueError: not a curve, empty, not finite, or bad fps.
    """
    eye_blink = finite(eye_blink, "eye_blink")
    fps = checks.number("fps", fps, above=0)
    if eye_blink.ndim != 1 or len(eye_blink) == 0:
        raise ValueError(f"eye_blink must be a curve (T,) with T at least 1, got shape {eye_blink.shape}")
    rest = float(np.median(eye_blink))
    above = np.concatenate([[False], eye_blink >= rest + BLINK, [False]])
    begins, ends = np.flatnonzero(above[1:] & ~above[:-1]), np.flatnonzero(above[:-1] & ~above[1:])
    found = []
    for begin, end in zip(begins.tolist(), ends.tolist()):
        if begin == 0 or end == len(eye_blink):
            continue
        peak = float(eye_blink[begin:end].max())
        half = (rest + peak) / 2
        first, last = _crossing(eye_blink, begin, -1, half), _crossing(eye_blink, end - 1, 1, half)
        if last - first <= LONGEST * fps:
            found.append((peak, (last - first) / fps))
    return np.array(found).reshape(-1, 2)


def _crossing(curve: np.ndarray, start: int, step: int, level: float) -> float:
    """Where a curve falls below a level, going from a frame in steps; the curve's end if it never does.

    From a frame that is itself below, the way is the other one: to where the curve rises above.
    """
    frame = start
    while curve[frame] < level:
        frame -= step
    while 0 <= frame + step < len(curve) and curve[frame + step] >= level:
        frame += step
    beyond = frame + step
    if not 0 <= beyond < len(curve):
        return float(frame)
    return frame + step * float((curve[frame] - level) / (curve[frame] - curve[beyond]))
