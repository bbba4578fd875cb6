"""Statistics of how somebody moves."""

from __future__ import annotations

import numpy as np
import pytest

from emoface.face.layout import FPS, MOTION_INDEX, MOTION_SIZE
from emoface.face.manner_statistics import EVENTS, PAIRS, SCORED, manner_statistics


def take(frames: int = 250, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 0.3, (frames, MOTION_SIZE))


def test_what_they_measure() -> None:
    motion = np.zeros((4 * FPS, MOTION_SIZE))
    brow, left = MOTION_INDEX["browInnerUp"], MOTION_INDEX["mouthSmileLeft"]
    motion[:, brow] = 0.2 + 0.1 * np.sin(2 * np.pi * 2 * np.arange(4 * FPS) / FPS)
    motion[:, left] = 0.3
    found = manner_statistics(motion)
    place = SCORED.index(brow)
    assert found.spread[place] == pytest.approx(0.1 / np.sqrt(2), rel=0.02)
    assert found.rest[place] == pytest.approx(0.2, abs=0.02)
    assert found.sides[[pair[0] for pair in PAIRS].index(left)] == pytest.approx(np.log(0.31 / 0.01))
    assert found.rates[list(EVENTS).index("brows")] == pytest.approx(2, abs=0.3)
    assert found.distance(found) == 0 and len(found.vector()) == len(manner_statistics(take()).vector())


def test_what_is_not_known_takes_no_part() -> None:
    motion, other = take(), take(seed=1)
    half = motion.copy()
    half[:, [i for i in range(MOTION_SIZE) if i not in SCORED[:5]]] = np.nan
    found = manner_statistics(half)
    assert np.isnan(found.head).all() and np.isnan(found.distances(manner_statistics(other))["head"])
    assert np.isfinite(found.distance(manner_statistics(other)))
    nothing = manner_statistics(np.full((5, MOTION_SIZE), np.nan))
    assert np.isnan(nothing.distance(found))


def test_what_is_no_clip() -> None:
    for bad in (np.zeros((1, MOTION_SIZE)), np.zeros((5, 3)), np.zeros(5)):
        with pytest.raises(ValueError, match="motion must have shape"):
            manner_statistics(bad)
