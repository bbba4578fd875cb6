"""Streams step together, and none of them changes another's bits."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

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


def test_streams_with_networks_of_their_own(pipeline: emoface.Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """As adapters make them: who listens differently hears no other's batch."""
    other = copy.deepcopy(pipeline.hearing)
    for weights in other.parameters():
        weights.mul_(0.5)
    usual, voice = pipeline._networks, voices(0.8)[0]

    def networks(manner: Any) -> Any:
        return replace(usual(manner), hearing=other) if next(turns) % 2 else usual(manner)

    monkeypatch.setattr(pipeline, "_networks", networks)
    turns = itertools.count()
    alone = [pipeline.stream(emotion="happy", seed=seed).feed(voice).motion for seed in range(4)]
    assert not np.array_equal(alone[0], alone[1])
    streams, turns = Streams(pipeline, 4), itertools.count()
    opened = [streams.open(emotion="happy", seed=seed) for seed in range(4)]
    for stream in opened:
        stream.push(voice)
    given: dict[int, list[np.ndarray]] = {}
    while stepped := streams.step():
        for stream, frames in stepped:
            given.setdefault(id(stream), []).append(frames.motion)
    for stream, expected in zip(opened, alone):
        np.testing.assert_array_equal(np.concatenate(given[id(stream)]), expected)


def test_threads_do_not_change_bits(tiny_checkpoint: Path) -> None:
    voice, made = voices(0.6)[0], []
    for threads in (1, 3):
        streams = Streams(emoface.load(tiny_checkpoint, threads=threads), 5)
        opened = [streams.open(emotion="sad", seed=seed) for seed in range(5)]
        for stream in opened:
            stream.push(voice)
        given: dict[int, list[np.ndarray]] = {}
        while stepped := streams.step():
            for stream, frames in stepped:
                given.setdefault(opened.index(stream), []).append(frames.motion)
        made.append([np.concatenate(given[number]) for number in range(5)])
    np.testing.assert_array_equal(made[0], made[1])


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
