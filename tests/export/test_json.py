"""ARKit weights as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from emoface.animation import Animation
from emoface.face.layout import ARKIT_NAMES


def test_content(tmp_path: Path, animate: Callable[..., Animation]) -> None:
    animation = animate(frames=7, fps=30, metadata={"emotion": "sad", "fps": "overridden"})
    content = json.loads(animation.save(tmp_path / "take.json").read_text(encoding="utf-8"))
    assert tuple(content["names"]) == ARKIT_NAMES and content["fps"] == 30
    assert content["metadata"]["emotion"] == "sad" and content["metadata"]["fps"] == 30
    assert content["metadata"]["frame_count"] == len(content["frames"]) == 7
    assert [frame["time"] for frame in content["frames"]] == [round(k / 30, 6) for k in range(7)]
    weights = np.array([frame["weights"] for frame in content["frames"]])
    np.testing.assert_allclose(weights, animation.arkit(), atol=1e-6)


def test_at_the_players_rate_or_another(tmp_path: Path, animate: Callable[..., Animation]) -> None:
    animation = animate(frames=50)
    for options, fps in (({}, 30), ({"fps": 25}, 25), ({"fps": "30000/1001"}, 30000 / 1001)):
        content = json.loads(animation.save(tmp_path / "take.json", **options).read_text(encoding="utf-8"))
        assert content["fps"] == fps
        weights = np.array([frame["weights"] for frame in content["frames"]])
        np.testing.assert_allclose(weights, animation.resample(fps).arkit(), atol=1e-6)
