"""One pipeline and one take for all tests of direction."""

from __future__ import annotations

from pathlib import Path

import pytest

import emoface
from emoface import Animation, Pipeline
from emoface.checkpoints import DEFAULT
from emoface.demo import demo_path


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    if not DEFAULT.exists():
        pytest.skip("no default checkpoint")
    return emoface.load()


@pytest.fixture(scope="session")
def tiny_pipeline(tiny_checkpoint: Path) -> Pipeline:
    return emoface.load(tiny_checkpoint)


@pytest.fixture(scope="session")
def take(pipeline: Pipeline) -> Animation:
    """A sad line without blinks and gaze."""
    return pipeline.animate(demo_path(), emotion=("sad", 2), blink=False, gaze=False)
