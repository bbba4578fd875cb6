"""What lies behind a voice is taken for silence, and voices without a background are left as they are."""

from __future__ import annotations

import numpy as np
import torch

from emoface.audio.features import SAMPLE_RATE, log_mel
from emoface.audio.foreground import AFTER, BEFORE, FADE, Foreground
from emoface.audio.normalize import SILENT_MEL

LEAD = 75  # log-mel frames of 1.5 s
MARGIN = max(BEFORE, AFTER) + FADE


def voice(seconds: float, level: float = 0.1) -> np.ndarray:
    """A tone with harmonics (N,) in syllables, three a second, and phrases of 1 s, with silence between them."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tone = sum(np.sin(2 * np.pi * 130 * k * time) / k for k in range(1, 25))
    return level * tone * np.clip(np.sin(2 * np.pi * 3 * time), 0, 1) * (time % 1.3 < 1)


def hiss(seconds: float, level: float) -> np.ndarray:
    return level * np.random.default_rng(0).standard_normal(round(seconds * SAMPLE_RATE))


def mel(samples: np.ndarray) -> torch.Tensor:
    return log_mel(torch.from_numpy(samples.astype(np.float32)))


def heard(rows: torch.Tensor) -> Foreground:
    foreground = Foreground()
    foreground.update(rows)
    return foreground


def test_a_voice_without_a_background_is_left_as_it_is() -> None:
    for level in (0.1, 0.01):
        rows = mel(voice(4.0, level) + hiss(4.0, 1e-4 * level))
        foreground = heard(rows)
        assert foreground.background == 0 and foreground.apply(rows) is rows


def test_a_background_before_and_after_the_voice_is_silent() -> None:
    """Where the voice is near, not a bit is changed."""
    lead, noise = np.zeros(round(1.5 * SAMPLE_RATE)), hiss(6.0, 0.01)
    rows = mel(np.concatenate([lead, voice(3.0), lead]) + noise)
    lowered = heard(rows).apply(rows)
    for alone in (slice(LEAD - MARGIN), slice(len(rows) - LEAD + MARGIN, None)):
        assert lowered[alone].max() == SILENT_MEL < rows[alone].min()
    spoken = slice(LEAD, len(rows) - LEAD)
    assert torch.equal(lowered[spoken], rows[spoken])


def test_a_background_is_silent_before_anything_else_was_heard() -> None:
    """A usual voice is waited for, not for ever."""
    rows = mel(hiss(40.0, 0.01))
    foreground = heard(rows[:10])
    assert foreground.apply(rows[:10]).max() == SILENT_MEL
    foreground.update(rows[10:])
    assert torch.equal(foreground.apply(rows), rows), "what is heard for so long is what there is"


def test_a_soft_voice_is_not_waited_for() -> None:
    rows = mel(voice(1.0, 0.005) + hiss(1.0, 1e-4))
    foreground = heard(rows)
    assert foreground.peak == foreground.loudest < foreground.usual
    assert torch.equal(foreground.apply(rows), rows)


def test_pieces_do_not_matter() -> None:
    rows = mel(voice(12.0) + hiss(12.0, 0.01))
    whole = heard(rows)
    pieces = Foreground()
    for piece in (*rows.split(7), rows[:0]):
        pieces.update(piece)
    assert np.isclose(pieces.peak, whole.peak) and np.isclose(pieces.floor, whole.floor)
    assert whole.background > 0
    torch.testing.assert_close(pieces.apply(rows), whole.apply(rows))
