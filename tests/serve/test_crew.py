"""Processes that step streams: the same bits as alone, and one that dies takes no other's streams with it."""

from __future__ import annotations

import os
import queue
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import emoface

pytest.importorskip("prometheus_client")
from emoface.serve.crew import Crew
from emoface.serve.limits import OverLimit
from emoface.serve.telemetry import Telemetry
from emoface.serve.worker import Ended, Failed, Made, Opened, Voice

RATE = 16000
ASKED: list[dict[str, Any]] = [
    {"latency": "live", "emotion": "happy", "seed": 1}, {"latency": "instant", "emotion": "sad", "seed": 2},
    {"latency": "live", "emotion": None, "fps": 60},
]  # fmt: skip


@pytest.fixture(scope="module")
def pipeline(tiny_checkpoint: Path) -> emoface.Pipeline:
    return emoface.load(tiny_checkpoint)


@pytest.fixture(scope="module")
def crew(pipeline: emoface.Pipeline) -> Iterator[Crew]:
    made = Crew(pipeline, 4, 2, Telemetry(), lambda deliver, event: deliver(event))
    made.start()
    yield made
    made.stop()


def opened(crew: Crew, options: dict[str, Any]) -> tuple[Voice, queue.Queue[Any]]:
    events: queue.Queue[Any] = queue.Queue()
    voice = Voice(options, RATE, lambda frames: frames.motion, events.put)
    crew.open(voice, 3)
    assert isinstance(events.get(timeout=30), Opened)
    return voice, events


def until_end(events: queue.Queue[Any]) -> list[Any]:
    told = [events.get(timeout=30)]
    while not (isinstance(told[-1], Ended) or (isinstance(told[-1], Failed) and told[-1].fatal)):
        told.append(events.get(timeout=30))
    return told


def test_streams_of_several_processes(pipeline: emoface.Pipeline, crew: Crew) -> None:
    """Bits, order, limits, wrong wishes; then a process is killed."""
    sound = (3000 * np.random.default_rng(0).normal(size=2 * RATE)).astype(np.int16)
    voices = [opened(crew, options) for options in ASKED]
    with pytest.raises(OverLimit, match="all 3 streams"):
        crew.open(Voice({}, RATE, len, print), 3)
    with pytest.raises(OverLimit, match="more than 1 s of sound would wait"):
        crew.hear(voices[0][0], np.zeros(2 * RATE, np.int16), 1)
    for start in range(0, len(sound), 999):
        for voice, _ in voices:
            crew.hear(voice, sound[start : start + 999], 30)
    crew.tell(voices[0][0], "emotion", "xyzzy")
    for voice, _ in voices:
        crew.tell(voice, "end")
    for options, (voice, events) in zip(ASKED, voices):
        told = until_end(events)
        motion = np.concatenate([event.message for event in told if isinstance(event, Made)])
        expected = pipeline.animate(sound, sample_rate=RATE, **options).motion
        np.testing.assert_array_equal(motion, expected, err_msg=str(options))
        assert told[-1] == Ended(len(expected)) and voice.waiting == 0
        wrong = [event.code for event in told if isinstance(event, Failed)]
        assert wrong == (["bad_emotion"] if voice is voices[0][0] else [])
    assert crew.streams == 0 and crew.waiting == 0

    (first, of_first), (second, of_second) = (opened(crew, ASKED[0]) for _ in range(2))
    crew.hear(first, sound, 30)
    gone = crew._hands[0] if first in crew._hands[0].voices.values() else crew._hands[1]
    os.kill(gone.process.pid, signal.SIGKILL)
    assert until_end(of_first)[-1] == Failed("internal", "the process of the stream has ended", fatal=True)
    crew.hear(second, sound, 30)
    crew.tell(second, "end")
    assert isinstance(until_end(of_second)[-1], Ended)
    third, of_third = opened(crew, ASKED[0])  # by the one that is left
    crew.close(third)
    crew.close(third)
    crew.hear(third, sound, 30)
    deadline = time.monotonic() + 20
    while crew.streams and time.monotonic() < deadline:
        time.sleep(0.01)
    assert crew.streams == 0 and crew.is_alive() and of_third.empty()
