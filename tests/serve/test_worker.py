"""The thread of the streams and what waits before and after it, without a network."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from emoface.serve.limits import OverLimit
from emoface.serve.worker import Ended, Event, Failed, Interrupted, Made, Opened, Voice, Worker

pytest.importorskip("prometheus_client")
from emoface.serve.outbox import MOST_MESSAGES, Outbox
from emoface.serve.telemetry import Telemetry

RATE = 16000
OPTIONS: dict[str, Any] = {"latency": "live"}


class Listener:
    """Voices by name, and what they were told in its order."""

    def __init__(self, worker: Worker) -> None:
        self.worker, self.told = worker, []
        self.done = threading.Event()

    def voice(self, name: str, encode: Callable[[Any], Any] = len) -> Voice:
        def deliver(event: Event) -> None:
            self.told.append((name, event))
            if isinstance(event, Ended) or (isinstance(event, Failed) and event.fatal):
                self.done.set()

        made = Voice(OPTIONS, RATE, encode, deliver)
        self.worker.open(made, 3)
        return made

    def of(self, name: str, kind: type) -> list[Any]:
        return [event for owner, event in self.told if owner == name and isinstance(event, kind)]


@pytest.fixture
def listener(fake_streams: Any) -> Any:
    worker = Worker(fake_streams, Telemetry(), lambda deliver, event: deliver(event))
    listener = Listener(worker)
    yield listener
    if worker.is_alive():
        worker.stop()


def run(listener: Listener) -> None:
    listener.worker.start()
    assert listener.done.wait(20)
    listener.worker.stop()


def test_a_long_burst_leaves_room_for_those_in_time(listener: Listener) -> None:
    burst, spoken = listener.voice("burst"), listener.voice("spoken")
    listener.worker.hear(burst, np.ones(20 * RATE, np.float32), 30)
    listener.worker.hear(spoken, np.ones(RATE // 25, np.float32), 30)
    listener.worker.tell(burst, "end")
    run(listener)
    assert sum(event.frames for event in listener.of("burst", Made)) == 500
    owners = [owner for owner, event in listener.told if isinstance(event, Made)]
    assert owners.index("spoken") <= 2
    assert burst.waiting == 0 and listener.worker.streams == 1


def test_what_is_asked_for_comes_after_the_sound_before_it(listener: Listener, fake_streams: Any) -> None:
    voice = listener.voice("one", lambda frames: fake_streams.opened[0].emotion)
    listener.worker.hear(voice, np.ones(RATE, np.float32), 30)
    listener.worker.tell(voice, "emotion", "happy")
    listener.worker.hear(voice, np.ones(RATE, np.float32), 30)
    listener.worker.tell(voice, "end")
    run(listener)
    moods = [event.message for event in listener.of("one", Made) for _ in range(event.frames)]
    assert moods == [None] * 25 + ["happy"] * 25 and listener.of("one", Ended) == [Ended(50)]


def test_an_interruption_does_not_wait_for_sound(listener: Listener) -> None:
    voice = listener.voice("one")
    listener.worker.hear(voice, np.ones(20 * RATE, np.float32), 30)
    listener.worker.tell(voice, "interrupt")
    assert voice.waiting == 0
    listener.worker.tell(voice, "end")
    run(listener)
    assert listener.of("one", Interrupted) == [Interrupted(0)] and listener.of("one", Ended) == [Ended(2)]


def test_a_fault_in_the_midst_of_others(listener: Listener) -> None:
    bad, good = listener.voice("bad"), listener.voice("good")
    listener.worker.hear(bad, np.full(640, 13, np.int16), 30)
    listener.worker.hear(good, np.ones(RATE, np.float32), 30)
    listener.worker.start()
    assert listener.done.wait(20) and listener.of("bad", Failed)[0].code == "internal"
    listener.done.clear()
    listener.worker.tell(good, "end")
    assert listener.done.wait(20) and listener.of("good", Ended) == [Ended(25)]
    listener.worker.stop()


def test_bad_options_end_a_voice_alone(listener: Listener) -> None:
    other = listener.voice("other")
    wrong = Voice({"latency": "never"}, RATE, len, lambda event: listener.told.append(("wrong", event)))
    listener.worker.open(wrong, 3)
    listener.worker.tell(other, "end")
    run(listener)
    assert listener.of("wrong", Failed)[0].fatal and not listener.of("wrong", Opened)


def test_room_for_another_stream(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    voices = [listener.voice(name) for name in "ab"]
    monkeypatch.setattr(Worker, "busy", 0.6)
    with pytest.raises(OverLimit, match="2 streams take 60% of the time; another would be late"):
        listener.worker.open(Voice(OPTIONS, RATE, len, print), 3, 0.85)
    monkeypatch.setattr(Worker, "busy", 0.9)
    listener.worker.open(Voice(OPTIONS, RATE, len, print), 3, 1.0)
    with pytest.raises(OverLimit, match="all 3 streams are taken"):
        listener.worker.open(Voice(OPTIONS, RATE, len, print), 3)
    with pytest.raises(OverLimit, match=r"more than 0.5 s of sound would wait to be heard"):
        listener.worker.hear(voices[0], np.zeros(RATE, np.float32), 0.5)


def made(start: int, frames: int) -> Made:
    return Made(f"{start}", start, frames)


def all_of(outbox: Outbox) -> list[Event]:
    async def take() -> list[Event]:
        return [await outbox.get() for _ in range(len(outbox._events))]

    return asyncio.run(take())


def test_the_oldest_frames_give_way() -> None:
    telemetry = Telemetry()
    outbox = Outbox(1, telemetry)
    outbox.put(Opened(25, 0))
    for start in range(0, 50, 5):
        outbox.put(made(start, 5))
    outbox.put(Failed("bad_emotion", "no such emotion"))
    opened, *frames, failed = all_of(outbox)
    assert isinstance(opened, Opened) and isinstance(failed, Failed)
    assert [event.start for event in frames if isinstance(event, Made)] == [25, 30, 35, 40, 45]
    assert telemetry.dropped.labels("slow_reader")._value.get() == 25 and outbox.sent == 49


def test_nothing_is_sent_between_an_interruption_and_its_answer() -> None:
    telemetry = Telemetry()
    outbox = Outbox(10, telemetry)
    outbox.put(Opened(25, 0))
    outbox.put(made(0, 5))
    outbox.hold()
    outbox.put(made(5, 5))
    outbox.put(Interrupted(0))
    outbox.put(made(0, 2))
    assert [type(event) for event in all_of(outbox)] == [Opened, Interrupted, Made]
    assert telemetry.dropped.labels("interrupted")._value.get() == 10


def test_answers_that_nobody_reads_end_the_stream() -> None:
    outbox = Outbox(1, Telemetry())
    for _ in range(MOST_MESSAGES + 1):
        outbox.put(Failed("bad_message", "again"))
    with pytest.raises(OverLimit, match="the answers are not read"):
        asyncio.run(outbox.get())
