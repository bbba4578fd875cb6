"""Rate and stress of a voice, on loudness curves that were made to be counted."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from emoface.audio.delivery import delivery, relative_loudness


def syllables(rate: float, depth: float, seconds: float = 8.0) -> np.ndarray:
    times = np.arange(round(25 * seconds)) / 25
    return 0.8 + depth * np.sin(2 * np.pi * rate * times)


@pytest.mark.parametrize("rate", [2.0, 3.5, 5.0])
def test_syllables_are_counted(rate: float) -> None:
    found = delivery(syllables(rate, 0.2), 25)
    assert found.rate == pytest.approx(rate, abs=0.3) and found.seconds == pytest.approx(8, abs=0.2)


def test_stress_is_the_swing_and_pauses_do_not_count() -> None:
    soft, strong = delivery(syllables(4, 0.1), 25), delivery(syllables(4, 0.2), 25)
    assert strong.swing / soft.swing == pytest.approx(2, rel=0.02)
    paused = np.concatenate([syllables(4, 0.2), np.zeros(200)])
    assert delivery(paused, 25).rate == pytest.approx(strong.rate, rel=0.05)


def test_silence_and_errors() -> None:
    assert delivery(np.zeros(50), 25).seconds == 0
    for curve, fps in ((np.zeros((5, 2)), 25), (np.zeros(0), 25), (np.zeros(5), 0)):
        with pytest.raises(ValueError, match="loudness must be"):
            delivery(curve, fps)


def test_loudness_beside_the_voices_own() -> None:
    level = torch.tensor([3.0] * 99 + [0.5])
    relative = relative_loudness(level)
    assert relative[0] == 1 and relative[-1] == 0
    assert relative_loudness(level - 9).max() < 0.5, "what is too quiet to be a voice is not loud"
