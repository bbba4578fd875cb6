"""The head: human ranges and speeds, beats on stresses, postures of emotions, the same in pieces as at once."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.face.head_motion import MANNERS, Head, manner_of

MINUTE = 1500


def speech(seed: int, frames: int = MINUTE) -> np.ndarray:
    """Relative loudness (T,) of phrases of syllables with pauses."""
    rng, values = np.random.default_rng(seed), []
    while len(values) < frames:
        for _ in range(int(rng.integers(5, 14))):
            values += list(rng.uniform(0.75, 1.05) * np.array([0.6, 0.85, 1.0, 1.0, 0.85, 0.65]))
        values += [0.05] * int(rng.integers(6, 25))
    return np.array(values[:frames])


def degrees(emotion: str, seed: int, loudness: np.ndarray, strength: float = 1.0) -> np.ndarray:
    return np.degrees(Head(25, seed, manner_of(emotion, strength)).angles(loudness))


def test_ranges_and_speeds_are_human() -> None:
    takes = np.stack([degrees("neutral", seed, speech(seed)) for seed in range(6)])  # (N, T, 3)
    spread, speed = takes.std(1).mean(0), np.linalg.norm(np.diff(takes, axis=1), axis=2) * 25
    assert (spread > (0.8, 1.0, 0.5)).all() and (spread < (2.6, 3.2, 1.8)).all()
    assert 1.3 < np.median(speed) < 5 and 6 < np.quantile(speed, 0.95) < 18 and speed.max() < 60
    assert np.abs(takes.mean((0, 1))).max() < 0.6
    silent = np.stack([degrees("neutral", seed, np.zeros(MINUTE)) for seed in range(6)])
    assert 0.4 < silent.std(1).mean() < spread.mean() * 1.1, "a listener moves too"


def test_stresses_are_beaten_with_the_head() -> None:
    calm, loud = np.full(100, 0.6), np.full(100, 0.6)
    loud[60:66] = [0.8, 1.0, 1.1, 1.1, 0.9, 0.7]
    beats = [degrees("angry", s, loud)[60:80, 0] - degrees("angry", s, calm)[60:80, 0] for s in range(20)]
    nods = [beat.max() for beat in beats if np.abs(beat).max() > 0.1]
    assert 5 <= len(nods) <= 18 and np.mean(nods) > 0.8, "some stresses, mostly downwards"
    assert np.abs(degrees("angry", 3, loud)[:55] - degrees("angry", 3, calm)[:55]).max() < 1e-9


def test_emotions_hold_the_head_their_way() -> None:
    mean = {
        emotion: np.mean([degrees(emotion, s, speech(s, 500))[100:].mean(0) for s in range(4)], 0)
        for emotion in MANNERS
    }
    assert mean["sad"][0] > 3 and mean["angry"][0] > 2
    assert mean["contempt"][0] < -2 and mean["surprised"][0] < -2 and mean["fear"][0] < -1
    half = np.mean([degrees("sad", s, speech(s, 500), 0.5)[100:].mean(0) for s in range(4)], 0)
    assert 0.3 * mean["sad"][0] < half[0] < 0.75 * mean["sad"][0]
    quick = {e: np.mean([np.abs(np.diff(degrees(e, s, speech(s)), axis=0)).mean() for s in range(3)]) for e in MANNERS}
    assert quick["sad"] < quick["neutral"] < quick["angry"]


def test_pieces_equal_the_whole() -> None:
    loudness = speech(5, 700)
    for seed, fps in ((0, 25), (9, 60)):
        whole = Head(fps, seed, manner_of("happy", 0.7)).angles(loudness)
        head, start, pieces = Head(fps, seed, manner_of("happy", 0.7)), 0, []
        for stop in (1, 1, 9, 100, 101, 333, 700):
            pieces.append(head.angles(loudness[start:stop]))
            start = stop
        assert np.array_equal(np.concatenate(pieces), whole)
        assert not np.array_equal(Head(fps, seed + 1, manner_of("happy", 0.7)).angles(loudness), whole)


def test_unknown_emotion() -> None:
    with pytest.raises(ValueError, match="got 'bored'"):
        manner_of("bored", 1)
