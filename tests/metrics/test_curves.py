"""Jitter, diversity and blinks on cases that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.face.layout import ARKIT_INDEX
from emoface.metrics.beats import audio_beats, chance_alignment, motion_beats
from emoface.metrics.blinks import blinks_per_minute
from emoface.metrics.diversity import curve_diversity, pose_diversity
from emoface.metrics.emotion import displacement, nearest_prototype
from emoface.metrics.jitter import REGIONS, jitter, region_jitter, relative_jitter, spectrum
from emoface.metrics.lip_closure import bilabials_closed, correlation


def test_jitter() -> None:
    assert jitter(np.arange(5.0)[:, None]) == 0
    assert jitter(np.array([[0.0], [1.0], [0.0], [1.0]])) == pytest.approx(2)  # |-2|, |2|
    assert jitter(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]])) == pytest.approx(1)
    with pytest.raises(ValueError, match="at least 3"):
        jitter(np.zeros((2, 1)))


def test_regions_do_not_overlap_and_jaw_is_mouth() -> None:
    assert not set(REGIONS["upper"]) & set(REGIONS["mouth"])
    assert ARKIT_INDEX["jawOpen"] in REGIONS["mouth"]
    assert ARKIT_INDEX["eyeWideLeft"] in REGIONS["upper"]
    assert ARKIT_INDEX["eyeBlinkLeft"] not in REGIONS["upper"]


def test_relative_jitter() -> None:
    target = np.zeros((3, 52))
    target[1, ARKIT_INDEX["jawOpen"]] = 0.1
    target[1, ARKIT_INDEX["browInnerUp"]] = 0.1
    ours = target.copy()
    ours[1, ARKIT_INDEX["jawOpen"]] = 0.3
    assert relative_jitter(ours, target) == {"upper": pytest.approx(1), "mouth": pytest.approx(3)}
    assert region_jitter(ours)["upper"] == pytest.approx(0.2 / len(REGIONS["upper"]))
    assert relative_jitter(ours, np.zeros((3, 52)))["mouth"] == float("inf")


def test_diversity() -> None:
    takes = np.zeros((2, 4, 2))
    takes[1, :, 0] = 2.0  # another pose in one of two channels: deviation 1 there
    assert pose_diversity(takes) == pytest.approx(0.5)
    assert curve_diversity(takes) == pytest.approx(0.5)
    takes[1, :, 0] = [2, -2, 2, -2]  # another course about the same pose
    assert pose_diversity(takes) == pytest.approx(0)
    assert curve_diversity(takes) == pytest.approx(0.5)
    with pytest.raises(ValueError, match="at least 2"):
        pose_diversity(takes[:1])


def test_spoilt_curves_do_not_pass() -> None:
    curves = np.zeros((60, 2))
    curves[3, 1] = np.nan
    for measure in (
        lambda: jitter(curves), lambda: spectrum(curves, 25, 2), lambda: pose_diversity(curves[None].repeat(2, 0)),
        lambda: curve_diversity(curves[None].repeat(2, 0)), lambda: blinks_per_minute(curves[:, 1], 25),
        lambda: displacement(curves, 0 * curves), lambda: correlation(curves[:, 1], curves[:, 0]),
        lambda: motion_beats(curves), lambda: audio_beats(curves, 50), lambda: bilabials_closed(curves[:, 1]),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="must be finite"):
            measure()
    with pytest.raises(ValueError, match=r"displacement's shape \(2,\)"):
        nearest_prototype(np.zeros(2), {"a": np.zeros(3)})
    with pytest.raises(ValueError, match="same shape"):
        displacement(curves[:0], curves[:0])
    for measure in (lambda: blinks_per_minute(np.zeros(3), 0), lambda: audio_beats(np.zeros((9, 2)), 0),
                    lambda: chance_alignment(np.ones(1), np.ones(1), 25, 0)):  # fmt: skip
        with pytest.raises(ValueError, match="must be positive"):
            measure()


def test_blinks() -> None:
    lids = np.zeros(25 * 60)
    lids[100:104] = lids[900:903] = 1.0
    assert blinks_per_minute(lids, 25) == pytest.approx(2)
    assert blinks_per_minute(lids, 50) == pytest.approx(4)
    lids[:5] = 1.0
    assert blinks_per_minute(lids, 25) == pytest.approx(2), "shut from the start is no blink"
    with pytest.raises(ValueError, match="at least 1"):
        blinks_per_minute(np.zeros(0), 25)
