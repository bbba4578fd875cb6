"""Stresses and phrases in loudness, the same in pieces as at once."""

from __future__ import annotations

import numpy as np

from emoface.face.speech_marks import SpeechMarks, speech_marks

SYLLABLE = [0.6, 0.8, 0.9, 0.8, 0.6]


def test_phrases_and_the_stressed_syllable_are_found() -> None:
    loud = [0.0] * 20 + SYLLABLE * 3 + [0.7, 1.0, 1.1, 1.0, 0.7] + SYLLABLE * 2 + [0.0] * 20
    marks = speech_marks(np.array(loud), 25)
    assert [(mark.kind, mark.frame) for mark in marks if mark.kind != "stress"] == [("begin", 20), ("end", 49)]
    stresses = [mark for mark in marks if mark.kind == "stress"]
    largest = max(stresses, key=lambda mark: mark.size)
    assert abs(largest.frame - 37) <= 1 and largest.heard > largest.frame and largest.size > 0.8


def test_silence_and_a_steady_tone_have_no_stress() -> None:
    assert speech_marks(np.zeros(200), 25) == []
    assert [mark.kind for mark in speech_marks(np.full(200, 0.9), 25)] == ["begin"]


def test_pieces_find_the_same_marks() -> None:
    loudness = np.random.default_rng(0).uniform(0, 1.2, 400)
    whole = speech_marks(loudness, 50)
    heard, pieces = SpeechMarks(50), []
    for start, stop in ((0, 1), (1, 1), (1, 37), (37, 250), (250, 400)):
        pieces += list(heard.hear(loudness[start:stop]))
    assert pieces == whole and len(whole) > 5
