"""Eyes, head and blinks in time, each against a value reckoned by hand."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.face.layout import ARKIT_INDEX
from emoface.metrics.blinks import blink_shapes
from emoface.metrics.gaze import fixation_speed, gaze_degrees, saccades_per_minute
from emoface.metrics.head import head_spread, head_with_loudness, median_head_speed


def test_directions_of_the_eyes() -> None:
    weights = np.zeros((4, 52))
    weights[0, [ARKIT_INDEX["eyeLookUpLeft"], ARKIT_INDEX["eyeLookUpRight"]]] = 0.2
    weights[1, [ARKIT_INDEX["eyeLookDownLeft"], ARKIT_INDEX["eyeLookDownRight"]]] = 0.1
    weights[2, [ARKIT_INDEX["eyeLookOutLeft"], ARKIT_INDEX["eyeLookInRight"]]] = 0.4  # to the speaker's left
    np.testing.assert_allclose(gaze_degrees(weights), [[7, 0], [-3.5, 0], [0, 14], [0, 0]])
    with pytest.raises(ValueError, match=r"\(T, 52\)"):
        gaze_degrees(weights[:, :50])


def test_eyes_drift_between_jumps() -> None:
    gaze = np.zeros((50, 2))
    gaze[:, 0] = 0.04 * np.arange(50)  # 1 degree a second at 25 fps
    gaze[20:, 1] = 5  # one jump within a frame
    gaze[40:, 1] = 0
    assert fixation_speed(gaze, 25) == pytest.approx(1.0)
    assert saccades_per_minute(gaze, 25) == pytest.approx(2 * 30)
    assert np.isnan(fixation_speed(10 * np.tile([[0.0, 0], [1, 0]], (5, 1)), 25))


def test_head_by_hand() -> None:
    rotation = np.zeros((51, 3))
    rotation[:, 1] = np.radians(0.2) * np.arange(51)  # 5 degrees a second
    np.testing.assert_allclose(head_spread(rotation), [0, 0.2 * np.arange(51).std(), 0], atol=1e-9)
    assert median_head_speed(rotation, 25) == pytest.approx(5.0)
    loudness = np.sin(np.arange(51) * 0.3)
    steps = (loudness[1:] + loudness[:-1]) / 2 + 2
    moving = np.zeros((51, 3))
    moving[1:, 0] = np.cumsum(steps)
    assert head_with_loudness(moving, loudness, 25) == pytest.approx(1.0)
    assert head_with_loudness(0 * moving, loudness, 25) == 0
    with pytest.raises(ValueError, match="each of 51 frames"):
        head_with_loudness(moving, loudness[1:], 25)


def test_blinks_have_a_peak_and_a_width() -> None:
    lids = np.full(100, 0.1)
    lids[20:25] = [0.3, 0.5, 0.9, 0.5, 0.3]  # half of the rise is 0.5: two frames wide
    lids[60:80] = 0.8  # a look down
    lids[:2] = 0.9  # shut from the start
    np.testing.assert_allclose(blink_shapes(lids, 25), [[0.9, 2 / 25]])
    assert blink_shapes(np.zeros(10), 25).shape == (0, 2)
    with pytest.raises(ValueError, match="curve"):
        blink_shapes(np.zeros((2, 2)), 25)
