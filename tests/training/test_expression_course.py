"""How the targets live in time: how much the face moves, how often something happens, and what draws differ in."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from emoface.binding.emotions import EMOTIONS
from emoface.binding.intensity import LEVEL_STRENGTH
from emoface.face.layout import FPS, MOTION_INDEX, MOTION_SIZE, motion_to_arkit
from emoface.face.speech_marks import speech_marks
from emoface.metrics.liveliness import (
    UPPER_CURVES,
    events_per_minute,
    offset_share,
    side_difference,
    slow_share,
    upper_activity,
    upper_curves,
)
from emoface.training.expression_course import draw_holds
from emoface.training.expressions import PROTOTYPES, express, prototype
from emoface.training.facial_events import KINDS, RATES, facial_events

FRAMES = 250
TAKES = 8


def voice(seed: int) -> np.ndarray:
    """Relative loudness (T,) of syllables at 4 Hz in phrases of 1.5 to 3 s."""
    rng, values = np.random.default_rng(seed), []
    while len(values) < FRAMES:
        for _ in range(int(rng.integers(6, 13))):
            values += list(rng.uniform(0.75, 1.05) * np.array([0.6, 0.85, 1.0, 1.0, 0.85, 0.65]))
        values += [0.1] * int(rng.integers(6, 20))
    return np.array(values[:FRAMES])


@cache
def takes(emotion: str, level: float, spoken: bool = True) -> np.ndarray:
    """Weights (N, T, 52) of draws of one recording."""
    loudness = voice(0) * spoken
    still, shut = np.zeros((FRAMES, MOTION_SIZE), np.float32), np.zeros(FRAMES, np.float32)
    draws = [express(FRAMES, emotion, level, np.random.default_rng(s), loudness, still, shut) for s in range(TAKES)]
    return motion_to_arkit(np.stack(draws))


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_upper_face_moves_as_much_as_that_of_people(emotion: str) -> None:
    activity = float(np.median([upper_activity(take) for take in takes(emotion, 2)]))
    low, high = (0.003, 0.03) if emotion == "neutral" else (0.025, 0.1)  # people: 0.014 idle, 0.057 acting
    assert low < activity < high


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_listening_faces_are_alive(emotion: str) -> None:
    activity = float(np.median([upper_activity(take) for take in takes(emotion, 2, spoken=False)]))
    assert activity > (0.003 if emotion == "neutral" else 0.02)


def test_events_come_at_human_rates() -> None:
    """People acting fear and sadness: 9, 12 and 18 a minute of inner brow, lowered brow and squint; idle: few."""
    for curve, low, high in (("browInnerUp", 5, 45), ("browDown", 5, 30), ("eyeSquint", 7, 30)):
        place = UPPER_CURVES.index(curve)
        rates = [
            np.mean([events_per_minute(upper_curves(take)[:, place], FPS) for take in takes(emotion, 2)])
            for emotion in ("sad", "fear")
        ]
        assert low < np.mean(rates) < high, curve
        calm = np.mean([events_per_minute(upper_curves(take)[:, place], FPS) for take in takes("neutral", 2)])
        assert calm < 10, curve


def test_motion_is_slow_and_fast_in_human_shares() -> None:
    wide = UPPER_CURVES.index("eyeWide")
    shares = [slow_share(upper_curves(take)[:, wide], FPS) for e in ("fear", "surprised") for take in takes(e, 2)]
    assert 0.45 < np.mean(shares) < 0.85  # people 0.30 to 0.85


def test_sides_differ() -> None:
    for emotion in ("happy", "disgusted"):
        difference = np.mean([side_difference(take, "cheekSquint") for take in takes(emotion, 2)])
        assert 0.01 < difference < 0.15


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_draws_differ_in_time_and_not_by_an_offset(emotion: str) -> None:
    assert offset_share(np.stack([upper_curves(take) for take in takes(emotion, 2)])) < 0.45


@pytest.mark.parametrize("emotion", EMOTIONS[1:])
def test_mean_pose_grows_with_level_and_stays_nearest_its_own_prototype(emotion: str) -> None:
    rest = takes("neutral", 2).mean((0, 1))
    shapes = {name: motion_to_arkit(prototype(name, 3)) for name in EMOTIONS[1:]}
    moved = [takes(emotion, level).mean((0, 1)) - rest for level in (1, 2, 3)]
    along = [float(m @ shapes[emotion]) / float(shapes[emotion] @ shapes[emotion]) for m in moved]
    assert 0.35 < along[0] < along[1] - 0.1 < along[2] - 0.25
    for level, pose in zip((1, 2, 3), moved):
        distance = {name: np.linalg.norm(pose - LEVEL_STRENGTH[level] * shape) for name, shape in shapes.items()}
        assert min(distance, key=lambda name: distance[name]) == emotion


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_nothing_pops(emotion: str) -> None:
    """A brow that goes up in 0.2 s moves by 0.2 a frame; nearly all of the time curves move much less."""
    steps = np.abs(np.diff(np.stack([upper_curves(take) for take in takes(emotion, 3)]), axis=1)).max(-1)
    assert steps.max() < 0.22 and np.quantile(steps, 0.95) < 0.09


def test_same_draws_same_bits() -> None:
    still, shut, loudness = np.zeros((50, MOTION_SIZE), np.float32), np.zeros(50, np.float32), voice(1)[:50]
    one, two = (express(50, "fear", 2, np.random.default_rng(4), loudness, still, shut) for _ in range(2))
    assert np.array_equal(one, two)


def test_jaw_of_an_emotion_follows_the_phrases_alone() -> None:
    """A jaw that came and went by chance would look like speech."""
    holds = draw_holds(np.stack(PROTOTYPES["surprised"]), 10.0, [[0]], np.random.default_rng(0), [])
    assert len(holds.begins) > 3
    jaw = takes("surprised", 3, spoken=False)[:, 40:, 17]  # jawOpen after the onset
    assert jaw.std(1).max() < 0.02


def test_events_prefer_stresses() -> None:
    loudness = np.full(FRAMES, 0.6)
    loudness[120:126] = [0.8, 1.0, 1.1, 1.1, 0.9, 0.7]
    marks = speech_marks(loudness, FPS)
    assert [mark.kind for mark in marks].count("stress") == 1
    draws = [facial_events(FRAMES, "happy", 1, np.random.default_rng(n), marks, loudness) for n in range(60)]
    brow = np.mean(draws, 0)[:, MOTION_INDEX["browInnerUp"]]
    assert brow[118:130].mean() > 1.5 * brow[30:100].mean()


def test_every_event_is_known_and_moves_something() -> None:
    assert set(RATES) == set(EMOTIONS)
    assert {name for rates in RATES.values() for name in rates} == set(KINDS)
    for name, kind in KINDS.items():
        for shape in kind.shapes:
            assert shape in MOTION_INDEX or shape + "Left" in MOTION_INDEX, (name, shape)
        assert 0.3 < kind.attack[0] + kind.release[0] and kind.attack[1] + kind.hold[1] + kind.release[1] <= 2.7


def test_presses_wait_for_silence() -> None:
    press = MOTION_INDEX["mouthPressLeft"]
    rng = np.random.default_rng(0)
    speaking = [facial_events(FRAMES, "angry", 1, rng, [], np.ones(FRAMES))[:, press].max() for _ in range(20)]
    silent = [facial_events(FRAMES, "angry", 1, rng, [], np.zeros(FRAMES))[:, press].max() for _ in range(20)]
    assert max(speaking) == 0 and max(silent) > 0.1
