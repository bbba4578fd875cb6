"""Random animations on the open head."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.face.layout import arkit_to_motion


def random_animation(frames: int = 60, fps: float = 25, seed: int = 0, **options: object) -> Animation:
    """ARKit weights that the motion layout holds exactly: the jaw goes to one side at a time, no tongueUp."""
    weights = np.random.default_rng(seed).random((frames, 52)).astype(np.float32)
    weights[:, 15:17] *= np.eye(2, dtype=np.float32)[np.arange(frames) % 2]
    return Animation.from_motion(arkit_to_motion(weights), fps, **options)


@pytest.fixture
def animate() -> Callable[..., Animation]:
    return random_animation
