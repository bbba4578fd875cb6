"""The object that TalkingHead plays."""

from __future__ import annotations

import json

import numpy as np
import pytest

import emoface
from emoface.export.talking_head import last_values, talking_head_anim


def test_anim() -> None:
    weights = np.random.default_rng(0).uniform(0, 1, (5, 52)).astype(np.float32)
    weights[:, emoface.ARKIT_NAMES.index("jawLeft")] = 0
    turn = np.zeros((5, 3), np.float32)
    turn[:, 1] = 0.2
    motion = emoface.Animation.from_arkit(weights, 50, neck_pose=turn)
    anim = talking_head_anim(motion, "hello")
    assert json.loads(json.dumps(anim)) == anim and set(anim) == {"name", "dt", "vs"} and anim["name"] == "hello"
    assert anim["dt"] == [10, 20, 20, 20, 20] and len(anim["vs"]) == 55
    for number, name in enumerate(emoface.ARKIT_NAMES):
        assert anim["vs"][name][0] == 0
        np.testing.assert_allclose(anim["vs"][name][1:], weights[:, number], atol=2e-6)
    assert anim["vs"]["headRotateY"][1:] == pytest.approx([0.2] * 5, abs=1e-5)
    assert anim["vs"]["headRotateX"] == [0] * 6 == anim["vs"]["headRotateZ"]
    following = talking_head_anim(motion, before=last_values(anim))
    assert following["vs"]["jawOpen"][0] == anim["vs"]["jawOpen"][-1] and following["name"] == "emoface"
