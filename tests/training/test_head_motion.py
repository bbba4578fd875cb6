"""Targets of the head: captured motion with the emotion's posture, rules elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.training.head_motion import head_motion


def test_a_captured_head_keeps_its_course_and_takes_the_posture() -> None:
    captured = np.radians(np.random.default_rng(0).standard_normal((100, 3)).cumsum(0) / 5)
    loudness = np.zeros(100)
    assert np.array_equal(head_motion(100, "neutral", 1.0, 3, loudness, captured), captured)
    sad = np.degrees(head_motion(100, "sad", 1.0, 3, loudness, captured))
    assert np.corrcoef(sad[40:, 1], captured[40:, 1])[0, 1] > 0.99
    assert 2 < sad[40:, 0].mean() - np.degrees(captured[40:, 0]).mean() * 0.8 < 7
    with pytest.raises(ValueError, match=r"head must have shape \(100, 3\), got \(99, 3\)"):
        head_motion(100, "sad", 1.0, 3, loudness, captured[:-1])


def test_beats_peak_near_their_syllable() -> None:
    calm = np.full(100, 0.6)
    loud = calm.copy()
    loud[60:66] = [0.8, 1.0, 1.1, 1.1, 0.9, 0.7]
    peaks = []
    for seed in range(20):
        beat = head_motion(100, "neutral", 0.0, seed, loud)[:, 0] - head_motion(100, "neutral", 0.0, seed, calm)[:, 0]
        if np.abs(beat).max() > 1e-3:
            peaks.append(int(np.abs(beat).argmax()))
    assert len(peaks) > 5 and all(60 <= peak <= 67 for peak in peaks)
