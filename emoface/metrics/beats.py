"""Do pauses of the motion fall on beats of the voice."""

from __future__ import annotations

import numpy as np

from emoface import checks

from .figure import metric
from .sequences import finite

SMOOTHING = 5.0  # frames
SIGMA = 3.0  # frames
CHANCE_SHIFTS = 16


def motion_beats(curves: np.ndarray) -> np.ndarray:
    """Frames where the motion pauses: local minima of its mean speed under a Gaussian of 5 frames.

    Args:
        curves: (T, C) curves or (T, n, 3) points, T at least 4.

    Returns:
        (m,) frame numbers, halves included: the speed between frames t and t + 1 belongs to t + 0.5.

    Raises:
        ValueError: too short, or nothing moves.

    Source: Wu et al. 2023, "SingingHead".
    """
    curves = finite(curves, "curves")
    if curves.ndim not in (2, 3) or len(curves) < 4:
        raise ValueError(f"curves must have shape (T, C) or (T, n, 3) with T at least 4, got {curves.shape}")
    step = np.diff(curves, axis=0)
    speed = np.linalg.norm(step, axis=-1).mean(-1) if curves.ndim == 3 else np.abs(step).mean(-1)  # (T - 1,)
    if not speed.any():
        raise ValueError("curves must move, a motion at rest has no beats")
    reach = int(4 * SMOOTHING)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / SMOOTHING) ** 2)
    smooth = np.convolve(np.pad(speed, reach, "edge"), kernel / kernel.sum(), "valid")
    low = (smooth[1:-1] < smooth[:-2]) & (smooth[1:-1] <= smooth[2:])
    return np.flatnonzero(low) + 1.5


def audio_beats(mel: np.ndarray, rate: float) -> np.ndarray:
    """Onsets of a voice: local maxima of its spectral flux that rise above mean plus half a deviation.

    Args:
        mel: (N, B) log-mel frames; frame i is centred at (i + 0.5) / rate. rate: frames per second.

    Returns:
        (m,) seconds.

    Raises:
        ValueError: another shape, or fewer than 3 frames.
    """
    mel = finite(mel, "mel")
    rate = checks.number("rate", rate, above=0)
    if mel.ndim != 2 or len(mel) < 3:
        raise ValueError(f"mel must have shape (N, B) with N at least 3, got {mel.shape}")
    flux = np.diff(mel, axis=0).clip(0).mean(1)
    flux = np.convolve(np.pad(flux, 2, "edge"), np.hanning(7)[1:-1] / np.hanning(7).sum(), "valid")
    peaks = (flux[1:-1] > flux[:-2]) & (flux[1:-1] >= flux[2:]) & (flux[1:-1] > flux.mean() + 0.5 * flux.std())
    return (np.flatnonzero(peaks) + 2.0) / rate


@metric("beat alignment", "1", "mean over voice beats b of exp(-min_m (b - m)^2 / (2 * 3^2)), frames, m motion beats")
def beat_alignment(voice: np.ndarray, motion: np.ndarray, fps: float) -> float:
    """Mean over the voice's beats b of ``exp(-min_m (b - m)^2 / (2 * 3^2))`` with m the motion's beats, in frames.

    A motion with many beats scores high whenever they fall: compare with :func:`chance_alignment`.

    Args:
        voice: (n,) beats of the voice in seconds. motion: (m,) in frames, see :func:`motion_beats`.
        fps: of the motion; both then count frames centred at (k + 0.5) / fps.

    Returns:
        0..1.

    Raises:
        ValueError: no beats on one side, or bad fps.

    Source: Siyao et al. 2022, "Bailando", for dance; for faces Wu et al. 2023, "SingingHead".
    """
    voice, motion = np.asarray(voice, np.float64), np.asarray(motion, np.float64)
    fps = checks.number("fps", fps, above=0)
    if not len(voice) or not len(motion):
        raise ValueError(f"voice and motion must have beats, got {len(voice)} and {len(motion)}")
    away = np.abs((voice * fps - 0.5)[:, None] - motion).min(1)
    return float(np.exp(-0.5 * (away / SIGMA) ** 2).mean())


def chance_alignment(voice: np.ndarray, motion: np.ndarray, fps: float, duration: float) -> float:
    """Beat alignment that the same numbers of beats reach by chance: mean over 15 circular shifts of the voice.

    Args:
        voice, motion, fps: as in :func:`beat_alignment`. duration: of both, seconds.

    Returns:
        0..1.

    Raises:
        ValueError: as :func:`beat_alignment`, or a duration that is not positive.
    """
    duration = checks.number("duration", duration, above=0)
    shifts = duration * np.arange(1, CHANCE_SHIFTS) / CHANCE_SHIFTS
    return float(np.mean([beat_alignment((np.asarray(voice) + shift) % duration, motion, fps) for shift in shifts]))
