"""Targets of the head's motion: captured where a person was captured, by rule elsewhere, with the emotion's posture."""

from __future__ import annotations

import numpy as np

from emoface.face.head_motion import Head, manner_of
from emoface.face.layout import FPS
from emoface.face.slow_noise import ease

AHEAD = 4
"""Frames by which the rule hears ahead, so that a beat's apex comes within 0.1 s of its syllable."""
SOFTLY = 0.7
"""Share of an emotion's posture that is added to a captured head."""
SETTLES = (0.5, 1.0)  # seconds within which it is


def head_motion(
    frames: int, emotion: str, strength: float, seed: int, loudness: np.ndarray, captured: np.ndarray | None = None
) -> np.ndarray:
    """Rotation of the head over a clip.

    Args:
        frames: T at 25 fps. emotion: one of ``EMOTIONS``. strength: of it, 0..1. seed: of all that is drawn.
        loudness: (T,) relative loudness. captured: (T, 3) radians about the clip's mean, or None.

    Returns:
        (T, 3) radians: chin down, to the speaker's left, crown to the speaker's right.

    Raises:
        ValueError: ``captured`` has another shape.
    """
    manner = manner_of(emotion, strength)
    if captured is None:
        heard = np.concatenate([loudness, np.zeros(AHEAD)])
        return Head(FPS, seed, manner, lead=0.9).angles(heard)[AHEAD:]
    if captured.shape != (frames, 3):
        raise ValueError(f"head must have shape ({frames}, 3), got {captured.shape}")
    rng = np.random.default_rng(seed)
    taken = ease((np.arange(frames) / FPS + rng.uniform(0, 1.0)) / rng.uniform(*SETTLES))  # (T,)
    posture = np.radians([manner.pitch, manner.yaw, manner.roll]) * rng.normal(1, 0.25)
    return captured * (1 + (manner.beats - 1) / 2) + SOFTLY * taken[:, None] * posture
