"""The style of a clip: motion's statistics move towards it, within bounds, and closed lips stay closed."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.face.controls import NEARLY_CLOSED_MM
from emoface.face.layout import JAW_OPEN_RADIANS, MOTION_INDEX, MOTION_NAMES, MOTION_SIZE, lip_gap
from emoface.face.speaker_style import GAIN, OFFSET, SpeakerStyle, amplitude_style, motion_style

JAW, SMILE, OTHER_SMILE, BROW, PRESS, BLINK = (
    MOTION_INDEX[name]
    for name in ("jaw_pose_x", "mouthSmileLeft", "mouthSmileRight", "browInnerUp", "mouthPressLeft", "eyeBlinkLeft")
)


def speech(frames: int = 500, seed: int = 0) -> np.ndarray:
    """Motion (T, 53) whose jaw opens and shuts while all other shapes wander."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(MOTION_SIZE, frames))
    wander = np.stack([np.convolve(row, np.hanning(15) / 7, "same") for row in noise], 1)
    motion = (0.2 + 0.05 * wander).clip(0, 1).astype(np.float32)
    parting = ("mouthL", "mouthU", "mouthSh", "mouthF", "mouthClose", "jaw")
    motion[:, [i for i, name in enumerate(MOTION_NAMES) if name.startswith(parting)]] = 0
    motion[:, JAW] = (0.1 * np.sin(np.arange(frames) / 2)).clip(0)
    return motion


def changed(motion: np.ndarray, channels: int | list[int], gain: float = 1.0, offset: float = 0.0) -> np.ndarray:
    other = motion.copy()
    other[:, channels] = gain * other[:, channels] + offset
    return other


def test_the_style_of_the_motion_itself_changes_nothing() -> None:
    base = speech()
    style = motion_style(base, base)
    np.testing.assert_array_equal(style.gain, 1)
    np.testing.assert_array_equal(style.offset, 0)
    np.testing.assert_array_equal(style.apply(base), base)


def test_amplitude_moves_towards_the_clips() -> None:
    base, clip = speech(), changed(speech(seed=1), JAW, 0.6)
    styled = motion_style(clip, base).apply(base)
    spread = [motion[:, JAW].std() for motion in (clip, styled, base)]
    assert spread[0] < spread[1] < spread[2]
    believed = (spread[0] / spread[2]) ** (500 / 575)
    assert spread[1] / spread[2] == pytest.approx(believed, rel=0.01)
    assert styled[base[:, JAW] == 0, JAW].max() == 0, "a mouth at rest stays at rest"


def test_habitual_pose_and_lopsidedness_are_taken_over() -> None:
    base = speech()
    clip = changed(changed(base, SMILE, 1.0, 0.2), BROW, 1.0, 0.1)
    styled = motion_style(clip, base).apply(base)
    for channel, much in ((SMILE, 0.2), (BROW, 0.1)):
        assert styled[:, channel].mean() - base[:, channel].mean() == pytest.approx(500 / 575 * much, rel=0.05)
    assert styled[:, OTHER_SMILE].mean() == pytest.approx(base[:, OTHER_SMILE].mean(), abs=0.03)
    assert styled[:, SMILE].std() > 1.2 * styled[:, OTHER_SMILE].std(), "the stronger side moves more"


def test_emotion_stays_on_top() -> None:
    base, happy = speech(), changed(speech(), [SMILE, OTHER_SMILE], 1.0, 0.4)
    style = motion_style(changed(base, BROW, 2.0), base)
    moved = style.apply(happy)[:, SMILE] - style.apply(base)[:, SMILE]
    np.testing.assert_allclose(moved, 0.4, atol=1e-5)


def test_bounds_hold_for_a_grimace() -> None:
    base, wild = speech(), np.random.default_rng(0).uniform(0, 1, (2000, MOTION_SIZE)).astype(np.float32)
    style = motion_style(wild, base)
    assert style.gain.max() <= GAIN and style.gain.min() >= 1 / GAIN and np.abs(style.offset).max() <= OFFSET
    styled = style.apply(base)
    assert styled[:, :50].min() >= 0 and styled[:, :50].max() <= 1 and styled[:, JAW].max() <= JAW_OPEN_RADIANS
    closed = lip_gap(base) < 1
    assert closed.any() and lip_gap(styled)[closed].max() <= 1.0 + 1e-4
    np.testing.assert_array_equal(styled[:, BLINK], base[:, BLINK])
    pressed = styled[:, PRESS] - base[:, PRESS]  # where the lips were closed, for what the grimace would part
    assert pressed.min() >= 0 and not pressed[lip_gap(base) > NEARLY_CLOSED_MM].any()


def test_short_clips_and_still_faces_say_little() -> None:
    base = speech()
    short, long = (motion_style(changed(base[:frames], JAW, 0.5), base).gain[JAW] for frames in (25, 500))
    assert 1 > short > long + 0.1
    mouth_only = base.copy()
    mouth_only[:, BROW] = 0
    for name in ("browDownLeft", "browDownRight", "browOuterUpLeft", "browOuterUpRight"):
        mouth_only[:, MOTION_INDEX[name]] = 0
    style = motion_style(mouth_only, base)
    assert style.gain[BROW] == 1 and style.offset[BROW] == 0, "brows that were not captured are not still brows"


def test_amplitude_alone() -> None:
    style = amplitude_style(1.3, 9.0)
    assert (style.gain[JAW], style.gain[BROW], style.gain[PRESS]) == (pytest.approx(1.3), GAIN, 1)
    assert not style.offset.any()


def test_bad_clips() -> None:
    base = speech(20)
    for clip, said in ((base[:1], "T at least 2"), (base[:, :52], r"shape \(T, 56\)"), (base * np.nan, "finite")):
        with pytest.raises(ValueError, match=f"clip must .*{said}"):
            motion_style(clip, base)
    assert isinstance(motion_style(base, base), SpeakerStyle)
