"""Seams of edits: calm where the new comes out of the old, and nothing else touched."""

from __future__ import annotations

import numpy as np

from emoface.direct.seams import eased_seams, firm
from emoface.face.layout import MOTION_INDEX, MOTION_SIZE


def test_a_step_is_eased_and_the_rest_kept():
    rng = np.random.default_rng(0)
    brow, jaw = MOTION_INDEX["browInnerUp"], MOTION_INDEX["jaw_pose_x"]
    old = np.zeros((60, MOTION_SIZE), np.float32)
    old[:, brow] = 0.3 + 0.1 * np.sin(np.arange(60) / 4) + 0.002 * rng.standard_normal(60)
    edited = old.copy()
    edited[20:40, [brow, jaw]] += 0.3
    share = np.zeros_like(old)
    ramp = np.linspace(0, 1, 9)[1:]
    share[20:28, [brow, jaw]], share[28:32, [brow, jaw]], share[32:40, [brow, jaw]] = ramp[:, None], 1, ramp[::-1, None]
    eased = eased_seams(edited, old, share)
    limit = np.quantile(np.abs(np.diff(old[:, brow], 2)), 0.99)
    assert np.abs(np.diff(edited[:, brow], 2)).max() > 10 * limit
    assert np.abs(np.diff(eased[:, brow], 2)).max() < 3 * limit
    assert np.array_equal(eased[share == 0], old[share == 0])
    assert np.array_equal(eased[:, jaw], edited[:, jaw])  # lips keep to the voice


def test_firm_has_both_ends():
    share = np.array([0.0, 0.5, 1.0])
    assert np.allclose(firm(share), [0, 0.875, 1])
