"""A recorded utterance, and a stream of the toy checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import emoface
from emoface.demo import demo_path


@pytest.fixture(scope="session")
def pipeline(tiny_checkpoint: Path) -> emoface.Pipeline:
    return emoface.load(tiny_checkpoint, dtype="float32")


@pytest.fixture
def stream(pipeline: emoface.Pipeline) -> Any:
    return pipeline.stream(fps=25, latency="live", emotion="happy")


@pytest.fixture(scope="session")
def utterance() -> tuple[np.ndarray, int]:
    """Two seconds of speech: int16 samples and their rate."""
    samples, rate = soundfile.read(demo_path(), dtype="int16")
    return samples[: 2 * rate], rate


@pytest.fixture(scope="session")
def whole(pipeline: emoface.Pipeline, utterance: tuple[np.ndarray, int]) -> np.ndarray:
    """The weights (50, 52) that ``animate`` gives for it."""
    samples, rate = utterance
    return pipeline.animate(samples, sample_rate=rate, emotion="happy", latency="live").arkit()



def joined(messages: list[dict[str, Any]]) -> np.ndarray:
    """Rows of all messages; a later one takes the place of what an earlier one said of the same frames."""
    rows: dict[int, list[float]] = {}
    for message in messages:
        assert message["type"] == "emoface" and message["fps"] == 25
        assert len(message["rotation"]) == len(message["weights"])
        rows = {index: row for index, row in rows.items() if index < message["start"]}
        rows.update(enumerate(message["weights"], message["start"]))
    assert sorted(rows) == list(range(len(rows)))
    return np.array([rows[index] for index in sorted(rows)])


@pytest.fixture(name="joined")
def _joined():
    return joined
