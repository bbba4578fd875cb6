"""Blinks, gaze and micro-motion: human figures, reproducible, the same in pieces as at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emoface.face.layout import MOTION_INDEX, MOUTH, NECK, motion_to_arkit
from emoface.face.life import FULL_LOOK, GAZE_LIMIT, REFLEX, Blink, Life, add_life
from emoface.metrics.liveliness import side_difference, upper_activity

MINUTE = 60 * 25
TO_LEFT, UPWARD = ("eyeLookOutLeft", "eyeLookInLeft"), ("eyeLookUpLeft", "eyeLookDownLeft")
BLINK = [MOTION_INDEX["eyeBlinkLeft"], MOTION_INDEX["eyeBlinkRight"]]


def still(frames: int = MINUTE, **weights: float) -> np.ndarray:
    motion = np.zeros((frames, 56), np.float32)
    for name, weight in weights.items():
        for side in ("Left", "Right"):
            motion[:, MOTION_INDEX[name + side]] = weight
    return motion


def phrases(frames: int, seed: int) -> np.ndarray:
    """Loudness of phrases of 1 to 3 s with pauses of 0.2 to 1 s."""
    rng = np.random.default_rng(seed)
    loudness: list[float] = []
    while len(loudness) < frames:
        loudness += [0.8] * int(rng.integers(25, 75)) + [0.05] * int(rng.integers(5, 25))
    return np.array(loudness[:frames])


def onsets(motion: np.ndarray, level: float = 0.5) -> np.ndarray:
    shut = motion[:, BLINK[0]] > level
    return np.flatnonzero(shut[1:] & ~shut[:-1]) + 1


@pytest.mark.parametrize("rate", [0.0, 12.0, 17.0, 40.0])
@pytest.mark.parametrize("voice", ["unknown", "speech", "silence"])
def test_fifteen_to_twenty_blinks_a_minute(rate: float, voice: str) -> None:
    counts = []
    for seed in range(30):
        loudness = {"unknown": None, "speech": phrases(MINUTE, seed), "silence": np.zeros(MINUTE)}[voice]
        counts.append(len(onsets(add_life(still(), 25, seed, rate, loudness))))
    assert 15 <= np.mean(counts) <= 20
    assert np.mean([10 <= count <= 22 for count in counts]) >= 0.9


def test_rate_follows_the_emotion_within_the_human_range() -> None:
    slow, fast = (sum(len(onsets(add_life(still(), 25, s, rate))) for s in range(20)) for rate in (5, 30))
    assert fast > 1.1 * slow
    changing = np.repeat([16.0, 19.0], MINUTE // 2)
    halves = np.zeros(2)
    for seed in range(40):
        halves += np.histogram(onsets(add_life(still(), 25, seed, changing)), [0, MINUTE // 2, MINUTE])[0]
    assert halves[1] > 1.1 * halves[0]


@pytest.mark.parametrize("fps", [25, 30, 60, 120])
def test_shape_of_a_blink(fps: int) -> None:
    frames = 120 * fps
    motion = add_life(np.zeros((frames, 56), np.float32), fps, 3, gaze=False)
    lid = motion[:, BLINK[0]]
    assert np.array_equal(lid, motion[:, BLINK[1]])
    depths = []
    moving = np.flatnonzero(np.diff(np.concatenate([[0], lid > 0.02, [0]])))
    for begin, end in moving.reshape(-1, 2)[:-1]:
        length = (end - begin) / fps
        peak = begin + int(np.argmax(lid[begin:end]))
        assert 0.1 - 1 / fps <= length <= 0.4 + 1 / fps
        depths.append(lid[peak])
        assert peak - begin <= (end - begin) / 2, "closing is faster than opening"
    assert min(depths) > 0.5 and 0.7 < np.median(depths) < 0.95 and max(depths) > 0.9, "not all are complete"
    gaps = np.diff(onsets(motion)) / fps
    assert gaps.min() >= 0.3 and (gaps < 0.7).mean() < 0.25, "only double blinks come close together"
    assert (gaps < 0.7).any() and gaps.std() > 0.5


def test_weight_is_zero_outside() -> None:
    blink = Blink(peak=10, closing=0.1, shut=0.03, opening=0.2, depth=0.9)
    weight = blink.weight(np.arange(40), 25)
    assert weight[10] == 0.9 and weight[:8].max() == 0 and weight[blink.last(25) + 1 :].max() == 0


def test_blinks_favour_pauses() -> None:
    paused = total = share = 0.0
    for seed in range(20):
        loudness = phrases(MINUTE, seed)
        at = onsets(add_life(still(), 25, seed, loudness=loudness))
        paused += (loudness[at - 1] < 0.3).sum()
        total += len(at)
        share += (loudness < 0.3).mean() / 20
    assert paused / total > 1.5 * share


def test_blink_does_not_fight_lids_that_are_low_already() -> None:
    lowered = add_life(still(eyeBlink=0.4, eyeWide=0.5), 25, 1, gaze=False)
    open_eyes = add_life(still(), 25, 1, gaze=False)
    assert np.array_equal(lowered[:, BLINK], np.maximum(open_eyes[:, BLINK], np.float32(0.4)))
    wide = lowered[:, MOTION_INDEX["eyeWideLeft"]]
    assert np.allclose(wide, 0.5 * (1 - open_eyes[:, BLINK[0]]), atol=1e-6)


def signed(motion: np.ndarray, plus: str, minus: str) -> np.ndarray:
    return motion[:, MOTION_INDEX[plus]] - motion[:, MOTION_INDEX[minus]]


def test_gaze_is_conjugate_small_and_fixates() -> None:
    motion = add_life(still(10 * MINUTE), 25, 4, blink=False)
    left = signed(motion, "eyeLookOutLeft", "eyeLookInLeft") * FULL_LOOK
    right = signed(motion, "eyeLookInRight", "eyeLookOutRight") * FULL_LOOK
    up = signed(motion, "eyeLookUpLeft", "eyeLookDownLeft") * FULL_LOOK
    np.testing.assert_allclose(left, right, atol=1e-5)
    np.testing.assert_allclose(up, signed(motion, "eyeLookUpRight", "eyeLookDownRight") * FULL_LOOK, atol=1e-5)
    assert np.abs(left).max() <= GAZE_LIMIT[0] + 1 and np.abs(up).max() <= GAZE_LIMIT[1] + 1
    for angle in (left, up):
        windows = angle[: len(angle) // 250 * 250].reshape(-1, 250)
        assert 1.8 < np.median(windows.std(1)) < 5 and abs(angle.mean()) < 0.6  # people: pitch 1.8 to 7.8
    speed = np.hypot(np.diff(left), np.diff(up)) * 25
    drifts = speed[speed < 15]
    assert len(drifts) > 0.85 * len(speed) and 0.5 < np.median(drifts) < 3, "the eyes drift in a fixation"
    saccades = np.flatnonzero((speed[1:] > 30) & (speed[:-1] <= 30))
    assert 15 < len(saccades) / 10 < 100, "a minute"
    both = motion[:, MOTION_INDEX["eyeLookUpLeft"]] * motion[:, MOTION_INDEX["eyeLookDownLeft"]]
    assert not both.any(), "an eye does not look up and down at once"


def test_lids_follow_the_gaze_and_an_asked_look_is_kept() -> None:
    motion = add_life(still(), 25, 4, blink=False)
    up = signed(motion, "eyeLookUpLeft", "eyeLookDownLeft")
    assert np.corrcoef(motion[:, BLINK[0]], up)[0, 1] < -0.5
    lowered = add_life(still(eyeLookDown=0.5), 25, 4, blink=False)
    np.testing.assert_allclose(signed(lowered, "eyeLookUpLeft", "eyeLookDownLeft"), up - 0.5, atol=1e-5)


def test_micro_motion_is_slow_small_and_leaves_the_mouth() -> None:
    motion = add_life(still(), 25, 0, blink=False)
    assert not motion[:, list(MOUTH)].any()
    brow = motion[:, MOTION_INDEX["browInnerUp"]]
    assert 0.001 < brow.std() < 0.02 and brow.max() < 0.06 and np.abs(np.diff(brow)).max() < 0.008
    weights = motion_to_arkit(add_life(still(), 25, 0))
    windows = [weights[start : start + 250] for start in range(0, MINUTE - 250, 250)]
    assert 0.004 < np.median([upper_activity(window) for window in windows]) < 0.012  # people at rest: 0.014
    assert 0.002 < side_difference(weights, "cheekSquint") < 0.02
    assert motion.min() >= 0 and add_life(np.ones((500, 56), np.float32), 25, 0)[:, :50].max() <= 1


def test_eyes_stay_on_target_while_the_head_turns() -> None:
    turned = still()
    turned[100:, NECK[1]] = np.radians(8)  # to the speaker's left
    turned[100:, NECK[0]] = np.radians(4)  # chin down
    eyes, calm = add_life(turned, 25, 4, blink=False), add_life(still(), 25, 4, blink=False)
    left = FULL_LOOK * (signed(eyes, *TO_LEFT) - signed(calm, *TO_LEFT))
    up = FULL_LOOK * (signed(eyes, *UPWARD) - signed(calm, *UPWARD))
    assert np.abs(left[:100]).max() < 1e-4
    assert -8 * REFLEX - 0.1 < left[100] < -8 * REFLEX * 0.9 and 4 * REFLEX * 0.9 < up[100] < 4 * REFLEX + 0.1
    assert abs(left[300]) < 0.3 and abs(up[300]) < 0.3, "they come back to the middle"


def test_what_is_added_to_the_head() -> None:
    neck = {head: add_life(still(), 25, 3, head=head)[:, list(NECK)] for head in ("still", "breath", "rule")}
    assert not neck["still"].any()
    swing = np.degrees(neck["breath"])
    assert 0.1 < swing[:, 0].std() < 0.4 and not swing[:, 1:].any()
    turns = np.degrees(add_life(still(), 25, 3, 17.0, phrases(MINUTE, 1), head="rule")[:, list(NECK)])
    assert turns.std(0).min() > 0.4
    with pytest.raises(ValueError, match="head must be"):
        Life(25, 0, head="nod")  # type: ignore[arg-type]


def test_seeds_and_switches() -> None:
    motion = np.random.default_rng(0).random((200, 56)).astype(np.float32)
    before = motion.copy()
    once = add_life(motion, 25, 7)
    assert np.array_equal(motion, before) and once.dtype == np.float32
    assert np.array_equal(once, add_life(motion, 25, 7))
    assert not np.array_equal(once, add_life(motion, 25, 8))
    assert np.array_equal(add_life(motion, 25, 7, blink=False, gaze=False), motion)
    assert add_life(motion[:0], 25, 7).shape == (0, 56)


@given(seed=st.integers(0, 2**40), cuts=st.lists(st.integers(1, 400), max_size=8), fps=st.sampled_from([25, 60]))
@settings(max_examples=10, deadline=None)
def test_pieces_equal_the_whole(seed: int, cuts: list[int], fps: int) -> None:
    frames = sum(cuts) + 1100
    rng = np.random.default_rng(seed)
    motion = rng.random((frames, 56)).astype(np.float32) * 0.5
    loudness, rate = phrases(frames, seed), rng.uniform(10, 22, frames)
    whole = add_life(motion, fps, seed, rate, loudness, head="rule")
    life, pieces, start = Life(fps, seed, head="rule"), [], 0
    for size in [*cuts, 0, 1, 1099]:
        part = slice(start, start + size)
        pieces.append(life.apply(motion[part], rate[part], loudness[part]))
        start += size
    assert np.array_equal(np.concatenate(pieces), whole)


def test_bad_arguments() -> None:
    motion = still(10)
    with pytest.raises(ValueError, match=r"motion must have shape \(T, 56\), got \(10, 55\)"):
        add_life(motion[:, 1:], 25, 0)
    with pytest.raises(ValueError, match=r"loudness must have shape \(10,\) like motion, got \(9,\)"):
        add_life(motion, 25, 0, loudness=np.zeros(9))
    for rate in (float("nan"), np.zeros(9)):
        with pytest.raises(ValueError, match=r"rate must be a finite number or shape \(10,\)"):
            add_life(motion, 25, 0, rate)
    with pytest.raises(ValueError, match="fps must be positive and finite, got 0"):
        add_life(motion, 0, 0)
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        add_life(motion, 25, -1)


@pytest.mark.parametrize("voice", ["speech", "silence"])
def test_ten_minutes_of_life(voice: str) -> None:
    frames = 10 * MINUTE
    loudness = phrases(frames, 5) if voice == "speech" else np.zeros(frames)
    blinks = onsets(add_life(still(frames), 25, 5, 17.0, loudness))
    assert 150 <= len(blinks) <= 200
    if voice == "speech":
        quiet = loudness < 0.35
        assert quiet[blinks].mean() > 1.8 * quiet.mean(), "pauses draw blinks"
