"""What a face needs to know of a voice that it does not speak itself: how loud it is, and which sounds it makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from .delivery import relative_loudness
from .features import loudness
from .load import Recording
from .nonverbal import AHEAD, SOUNDS, NonverbalListener, SoundGate, told_apart
from .stream import MelStream

WINDOW = 84
"""Motion frames that are heard at once."""
BLOCK = 160_000  # samples read at once


@dataclass(frozen=True)
class Voice:
    """A voice over T motion frames at 25 fps.

    Attributes:
        loudness: (T,) relative loudness, 1 where it is loud, 0 at 25 dB below.
        sounds: (T, 5) bool, which sound that is no word there is, see ``emoface.audio.nonverbal``.
    """

    loudness: np.ndarray
    sounds: np.ndarray


def hear_voice(recording: Recording, frames: int) -> Voice:
    """Listen to a recording in memory that hardly grows with its length.

    Args:
        recording: of the voice; beyond its end is silence. frames: T.

    Returns:
        The voice.
    """
    stream = MelStream(recording.heard(BLOCK))
    listener, gate = NonverbalListener(), SoundGate()
    level, sounds = torch.empty(frames), np.empty((frames, len(SOUNDS)), bool)
    with torch.inference_mode():
        for start in range(0, frames, WINDOW):
            stop = min(start + WINDOW, frames)
            mel, raw = stream.read(start, stop + AHEAD, frames)
            level[start:stop] = loudness(raw)[: stop - start]
            sounds[start:stop] = gate.decide(told_apart(listener.hear(mel, stop - start), raw).numpy())
            stream.finish(stop)
    return Voice(relative_loudness(level).numpy(), sounds)
