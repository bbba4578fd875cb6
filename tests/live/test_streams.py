"""Streams step together, and none of them changes another's bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import emoface
from emoface.live import Streams


@pytest.fixture(scope="module")
def pipeline(tiny_checkpoint: Path) -> emoface.Pipeline:
    return emoface.load(tiny_checkpoint)


ASKED = [
    {"emotion": "happy", "seed": 1}, {"emotion": None, "latency": "instant"}, {"emotion": {"sad": 0.5, "angry": 0.5}},
    {"emotion": "fear", "intensity": 1.5, "fps": 50, "sample_rate": 48000}, {"emotion": "sad", "style": "rule"},
]  # fmt: skip


def voices(seconds: float) -> list[np.ndarray]:
    rng = np.random.default_rng(4)
    rates = [asked.get("sample_rate", 16000) for asked in ASKED]
    return [(0.1 * rng.normal(size=round(seconds * rate))).astype(np.float32) for rate in rates]


def test_a_stream_among_others_gives_what_it_gives_alone(pipeline: emoface.Pipeline) -> None:
    """Streams of several options that begin and arrive at times of their own."""
    streams = Streams(pipeline, len(ASKED))
    opened, given, rng = [], {}, np.random.default_rng(6)
    voice = voices(1.1)
    place = [0] * len(ASKED)
    while any(at < len(samples) for at, samples in zip(place, voice)):
        if len(opened) < len(ASKED):
            opened.append(streams.open(**ASKED[len(opened)]))
        for number, stream in enumerate(opened):
            size = int(rng.integers(0, 5000))
            stream.push(voice[number][place[number] : place[number] + size])
            place[number] += size
        while stepped := streams.step():
            for stream, frames in stepped:
                assert frames.start == sum(map(len, given.setdefault(id(stream), [])))
                given[id(stream)].append(frames.motion)
    for asked, samples, stream in zip(ASKED, voice, opened):
        alone = pipeline.stream(**asked).feed(samples).motion
        assert len(alone) > 20
        np.testing.assert_array_equal(np.concatenate(given[id(stream)]), alone, err_msg=str(asked))


def test_capacity_is_kept(pipeline: emoface.Pipeline) -> None:
    streams = Streams(pipeline, 1)
    only = streams.open()
    with pytest.raises(RuntimeError, match="capacity is 1"):
        streams.open()
    assert streams.step() == [] and list(streams) == [only]
    streams.close(only)
    with pytest.raises(ValueError, match="open here"):
        streams.close(only)
    assert len(streams) == 0
    with pytest.raises(ValueError, match="emotion"):
        streams.open(emotion="hapy")
    assert len(streams) == 0
    with pytest.raises(ValueError, match="capacity"):
        Streams(pipeline, 0)
