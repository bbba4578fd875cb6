"""Music and other voices are added in power, at the asked range of levels, seeded."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.audio.features import MEL_BINS
from emoface.training.corpus import backgrounds
from emoface.training.corpus.backgrounds import CLEAREST, LOUDEST, Backgrounds, _level


def voice(seed: int, frames: int = 300, level: float = 4.0) -> np.ndarray:
    """A log-mel with syllables."""
    rng = np.random.default_rng(seed)
    syllables = np.clip(np.sin(np.arange(frames) / 5 + seed), 0, 1)[:, None]
    return (level * syllables - 8 + rng.standard_normal((frames, MEL_BINS))).astype(np.float32) + level


@pytest.fixture(autouse=True)
def one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """One short piece instead of forty."""
    monkeypatch.setattr(backgrounds, "music_mels", lambda: (voice(99, 150, 2.0),))


def test_power_only_grows_by_what_was_added_and_the_seed_decides() -> None:
    sounds = Backgrounds([voice(s) for s in range(1, 5)])
    clean = voice(0)
    for seed in range(20):
        noisy = sounds.under(clean, np.random.default_rng(seed))
        assert noisy.dtype == np.float32 and noisy.shape == clean.shape
        assert (noisy >= clean).all() and (noisy > clean).any()
        added = np.log(np.exp(noisy.astype(float)) - np.exp(clean.astype(float)) + 1e-30)
        ratio = (_level(clean) - _level(added)) * 10 / np.log(10)
        assert LOUDEST - 0.5 <= ratio <= CLEAREST + 0.5
        np.testing.assert_array_equal(noisy, sounds.under(clean, np.random.default_rng(seed)))
    first, second = (sounds.under(clean, np.random.default_rng(seed)) for seed in (0, 1))
    assert np.abs(first - second).max() > 0.5


def test_a_clip_without_a_voice_gets_a_background_of_usual_loudness() -> None:
    quiet = np.full((200, MEL_BINS), -10.0, np.float32)
    levels = [_level(Backgrounds([voice(1)]).under(quiet, np.random.default_rng(seed))) for seed in range(12)]
    assert min(levels) > _level(quiet) + 5
    assert abs(np.median(levels) - backgrounds.USUAL_LEVEL) < 4


def test_without_other_voices_there_is_music_and_nothing_stays_nothing() -> None:
    alone = Backgrounds([np.zeros((0, MEL_BINS), np.float16)])
    assert alone.voices == []
    assert (alone.under(voice(0), np.random.default_rng(3)) >= voice(0)).all()
    assert alone.under(np.zeros((0, MEL_BINS), np.float16), np.random.default_rng(0)).shape == (0, MEL_BINS)
