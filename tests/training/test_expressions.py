"""The expression rules and the losses."""

import numpy as np
import pytest
import torch

from emoface.binding.emotions import EMOTIONS
from emoface.binding.intensity import level_strength
from emoface.face.layout import (
    ARKIT_NAMES,
    FACE_SIZE,
    JAW_OPEN_RADIANS,
    MOTION_INDEX,
    MOTION_SIZE,
    MOUTH,
    NECK,
    UPPER,
    lip_gap,
    motion_to_arkit,
)
from emoface.training import losses
from emoface.training.expressions import express, prototype

FRAMES = 100
LOUD = np.clip(np.sin(np.arange(FRAMES) / 4) ** 2, 0, 1)
STILL = np.zeros((FRAMES, MOTION_SIZE), np.float32)
OPEN = np.zeros(FRAMES, np.float32)


def mean_expression(emotion, level, count=12, lips=STILL, closure=OPEN):
    rng = np.random.default_rng(0)
    motions = [express(FRAMES, emotion, level, rng, LOUD, lips, closure) for _ in range(count)]
    return np.mean([m[20:80].mean(0) for m in motions], 0)


@pytest.mark.parametrize(
    ("emotion", "up"),
    [
        ("happy", ("mouthSmileLeft", "cheekSquintLeft")),
        ("sad", ("browInnerUp", "mouthFrownLeft")),
        ("surprised", ("browInnerUp", "browOuterUpLeft", "eyeWideLeft")),
        ("fear", ("browInnerUp", "eyeWideLeft", "mouthStretchLeft")),
        ("disgusted", ("noseSneerLeft", "mouthUpperUpLeft")),
        ("angry", ("browDownLeft", "eyeSquintLeft")),
        ("contempt", ("mouthDimpleLeft", "mouthSmileLeft")),
    ],
)
def test_emotions_move_the_right_muscles_and_grow_with_level(emotion, up):
    neutral = mean_expression("neutral", 2)
    levels = [mean_expression(emotion, level) - neutral for level in (1, 2, 3)]
    for name in up:
        moved = [level[MOTION_INDEX[name]] for level in levels]
        assert 0 < moved[0] < moved[1] < moved[2]
        assert moved[2] > 0.1


def test_contempt_is_one_sided_and_the_others_are_not():
    for emotion in EMOTIONS[1:]:
        shape = prototype(emotion, 3)
        left, right = shape[MOTION_INDEX["mouthDimpleLeft"]], shape[MOTION_INDEX["mouthDimpleRight"]]
        assert (left != right) == (emotion == "contempt")


def test_strength_is_that_of_the_prototype():
    for emotion in EMOTIONS[1:]:
        for level in (1, 2, 3):
            shape = prototype(emotion, level)
            strength = (mean_expression(emotion, level, 40) - mean_expression("neutral", level, 40)) @ shape
            assert abs(strength / (shape @ shape) - 1) < 0.15
    assert level_strength(0) == 0 and level_strength(1.5) == pytest.approx(0.63)


def test_lips_still_meet_on_bilabials():
    """Wherever speech closes the lips fully, no emotion may open them, and none needs the jaw to shut."""
    said = STILL.copy()
    said[:, MOTION_INDEX["jaw_pose_x"]] = 0.02
    for emotion in EMOTIONS:
        for seed in range(4):
            motion = express(FRAMES, emotion, 3, np.random.default_rng(seed), LOUD, said, OPEN + 1)
            assert lip_gap(motion).max() < 1e-4


def test_emotions_differ_below_the_brows():
    mouth = [i for i, name in enumerate(ARKIT_NAMES) if name.startswith(("mouth", "jaw"))]
    resting = {emotion: motion_to_arkit(mean_expression(emotion, 3))[mouth] for emotion in EMOTIONS}
    for first in EMOTIONS:
        for second in EMOTIONS:
            if first != second:
                assert np.linalg.norm(resting[first] - resting[second]) > 0.12, (first, second)


def test_variants_of_an_emotion_are_different_faces():
    for emotion in EMOTIONS[1:]:
        last = [express(FRAMES, emotion, 3, np.random.default_rng(s), LOUD, STILL, OPEN)[50] for s in range(12)]
        assert np.linalg.norm(np.std(last, axis=0)) > 0.15


def test_speech_wins_over_what_works_against_it():
    """Pressed lips part for an open vowel, a smile narrows when lips are rounded."""
    press, smile = MOTION_INDEX["mouthPressLeft"], MOTION_INDEX["mouthSmileLeft"]
    wide, rounded = STILL.copy(), STILL.copy()
    wide[:, MOTION_INDEX["jaw_pose_x"]] = 0.1
    rounded[:, MOTION_INDEX["mouthPucker"]] = 0.6
    assert mean_expression("angry", 3, lips=wide)[press] < 0.3 * mean_expression("angry", 3)[press]
    assert mean_expression("happy", 3, lips=rounded)[smile] < 0.85 * mean_expression("happy", 3)[smile]


def test_motion_stays_in_range():
    lips = np.random.default_rng(0).uniform(0, 2, (FRAMES, MOTION_SIZE)).astype(np.float32)
    motion = express(FRAMES, "angry", 3, np.random.default_rng(1), LOUD, lips, OPEN)
    assert motion.dtype == np.float32 and motion[:, :FACE_SIZE].min() >= 0 and motion[:, :50].max() <= 1
    assert motion[:, MOTION_INDEX["jaw_pose_x"]].max() <= JAW_OPEN_RADIANS


def test_unknown_emotion():
    with pytest.raises(ValueError, match="got 'bored'"):
        express(FRAMES, "bored", 1, np.random.default_rng(0), LOUD, STILL, OPEN)


def test_losses_by_hand():
    weights = torch.ones(MOTION_SIZE)
    error = torch.zeros(1, 4, MOTION_SIZE)
    error[0, 1] = 2.0
    none = torch.zeros(1, 4)
    assert losses.reconstruction(error, weights, none, 2.0, none) == 1.0  # mean of 0, 4, 0, 0
    closed = torch.tensor([[0.0, 1.0, 0.0, 0.0]])
    heavier = losses.reconstruction(error, weights, closed, 2.0, none)
    still = len(UPPER) + len(NECK)
    share = (still + 3 * len(MOUTH)) / MOTION_SIZE
    assert heavier == pytest.approx(4 * share / (3 + share), rel=1e-5)
    assert losses.velocity(error, weights, 0.0) == pytest.approx(8 / 3 * still / MOTION_SIZE, rel=1e-5)
    assert losses.acceleration(error) == pytest.approx((16 + 4) / 2 * still / MOTION_SIZE, rel=1e-5)


def test_opening_counts_only_closed_frames():
    motion = torch.zeros(1, 2, MOTION_SIZE)
    motion[..., MOTION_INDEX["jaw_pose_x"]] = 0.1
    gap = float(lip_gap(motion)[0, 0]) / 10
    assert losses.lip_opening(motion, torch.tensor([[0.0, 1.0]])) == pytest.approx(gap**2, rel=1e-5)
    assert losses.lip_opening(motion, torch.zeros(1, 2)) == 0


def test_channel_weights_have_mean_one():
    weights = losses.channel_weights(4.0, 1.5, 0.3)
    assert float(weights.mean()) == pytest.approx(1)
    assert weights[MOTION_INDEX["jaw_pose_x"]] == weights.max()
    assert set(MOUTH) | set(UPPER) | set(NECK) == set(range(MOTION_SIZE)) and not set(MOUTH) & set(UPPER)


def test_phonetic_activity_is_larger_where_the_lips_move():
    target = torch.zeros(1, 40, MOTION_SIZE)
    target[:, 20:24, MOTION_INDEX["jaw_pose_x"]] = torch.tensor([1.0, -1.0, 1.0, -1.0])
    activity = losses.phonetic_activity(target, 0.3)
    assert activity.shape == (1, 40) and activity[0, 21] > activity[0, 5]
