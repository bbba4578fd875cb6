"""Processes that step streams, each with a worker of its own: one interpreter cannot use more than about a core."""

from __future__ import annotations

import contextlib
import functools
import itertools
import logging
import math
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import numpy as np

from .limits import OverLimit
from .worker import BUSY_SECONDS, Ended, Event, Failed, Made, Voice, Worker

if TYPE_CHECKING:
    from emoface.pipeline import Pipeline

    from .worker import Counting

log = logging.getLogger(__name__)

START_SECONDS = 300.0
"""Within which a process must have loaded its pipeline."""
STOP_SECONDS = 10.0


def warm_up(pipeline: Pipeline) -> None:
    """Perform a second of silence, so that the first client does not wait for what is made once."""
    stream = pipeline.stream(emotion="a calm voice")
    stream.feed(np.zeros(16000, np.float32))
    stream.flush()


@dataclass(eq=False)
class _Hand:
    """One process as the service sees it.

    Attributes:
        process, pipe: the process and what it is told by. voices: its streams by number. sent: seconds of their sound.
        busy, reported: share of its time that streams take, and when it said so.
    """

    process: Any
    pipe: Connection
    voices: dict[int, Voice] = field(default_factory=dict)
    sent: dict[int, float] = field(default_factory=dict)
    busy: float = 0.0
    reported: float = 0.0
    alive: bool = True

    def tell(self, *message: Any) -> None:
        """Send a message; a process that is gone is noticed by who reads."""
        try:
            self.pipe.send(message)
        except OSError:
            self.alive = False

    def busy_now(self) -> float:
        """Share of the last seconds that streams took, 0..1."""
        return self.busy * math.exp((self.reported - time.monotonic()) / BUSY_SECONDS)


class Crew:
    """Several processes that look like one :class:`Worker`. A stream stays with one of them.

    A process that dies takes its own streams with it, which are told so, and no others.
    """

    def __init__(
        self, pipeline: Pipeline, capacity: int, count: int, telemetry: Counting,
        post: Callable[[Callable[[Event], None], Event], None],
    ) -> None:  # fmt: skip
        """Start the processes, and wait until they can work.

        Args:
            pipeline: which each loads for itself. capacity: streams of each at most. count: of processes.
            telemetry, post: as for :class:`Worker`.

        Raises:
            RuntimeError: one did not start.
        """
        self._telemetry, self._post = telemetry, post
        self._lock, self._stopping, self._numbers = threading.Lock(), False, itertools.count()
        self._places: dict[int, tuple[_Hand, int]] = {}  # by id of a voice
        context = multiprocessing.get_context("spawn")
        self._hands: list[_Hand] = []
        try:
            for _ in range(count):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(pipeline, capacity, theirs), daemon=True)
                process.start()
                theirs.close()
                self._hands.append(_Hand(process, ours))
            for hand in self._hands:
                if not hand.pipe.poll(START_SECONDS) or hand.pipe.recv() != ("ready",):
                    raise RuntimeError("a process of streams did not start")
        except (EOFError, OSError, RuntimeError) as error:
            self._end()
            raise RuntimeError(f"a process of streams did not start: {error or 'it ended'}") from error
        telemetry.watch("streams", "Open streams", lambda: self.streams)
        telemetry.watch("queue_seconds", "Sound that waits to be heard, of all streams", lambda: self.waiting)
        telemetry.watch("busy_share", "Share of the time that streams take, in the busiest process", lambda: self.busy)

    @property
    def streams(self) -> int:
        """Open streams."""
        return len(self._places)

    @property
    def waiting(self) -> float:
        """Seconds of sound that wait, of all streams."""
        with self._lock:
            return sum(voice.waiting for hand in self._hands for voice in hand.voices.values())

    @property
    def busy(self) -> float:
        """Share of the last seconds that streams took in the busiest process, 0..1."""
        return max(hand.busy_now() for hand in self._hands)

    def is_alive(self) -> bool:
        """Whether any process can take streams."""
        return any(hand.alive for hand in self._hands)

    def start(self) -> None:
        """Begin to pass on what the processes tell."""
        for hand in self._hands:
            threading.Thread(target=self._read, args=(hand,), name="emoface-crew", daemon=True).start()

    def stop(self) -> None:
        """End the processes after the steps that they are in."""
        self._stopping = True
        self._end()

    def _end(self) -> None:
        for hand in self._hands:
            hand.tell("stop")
        for hand in self._hands:
            hand.process.join(STOP_SECONDS)
            if hand.process.is_alive():
                hand.process.terminate()

    def open(self, voice: Voice, most: int, busy_share: float = 1.0) -> None:
        """Begin a stream in the process that has fewest; as :meth:`Worker.open`."""
        with self._lock:
            hands = [hand for hand in self._hands if hand.alive]
            if len(self._places) >= most or not hands:
                raise OverLimit("connections", f"all {most if hands else 0} streams are taken")
            hand = min(hands, key=lambda hand: (len(hand.voices), hand.busy_now()))
            count, busy = len(hand.voices), hand.busy_now()
            if count and busy_share < 1 and busy * (count + 1) / count > busy_share:
                raise OverLimit("busy_share", f"{count} streams take {busy:.0%} of the time; another would be late")
            number = next(self._numbers)
            hand.voices[number], hand.sent[number] = voice, 0.0
            self._places[id(voice)] = hand, number
        hand.tell("open", number, voice.options, voice.sample_rate)

    def hear(self, voice: Voice, samples: np.ndarray, most_seconds: float) -> None:
        """Add sound of a stream; as :meth:`Worker.hear`."""
        seconds = len(samples) / voice.sample_rate
        with self._lock:
            if id(voice) not in self._places:
                return
            if voice.waiting + seconds > most_seconds:
                raise OverLimit("queue_seconds", f"more than {most_seconds:g} s of sound would wait to be heard")
            hand, number = self._places[id(voice)]
            voice.waiting += seconds
            hand.sent[number] += seconds
        hand.tell("hear", number, samples)

    def tell(self, voice: Voice, kind: str, value: Any = None) -> None:
        """Ask something of a stream; as :meth:`Worker.tell`."""
        with self._lock:
            if id(voice) not in self._places:
                return
            hand, number = self._places[id(voice)]
            if kind == "interrupt":
                voice.waiting = 0.0
        hand.tell("tell", number, kind, value)

    def close(self, voice: Voice) -> None:
        """Forget a stream, whatever it still waits for."""
        with self._lock:
            if id(voice) not in self._places:
                return
            hand, number = self._places[id(voice)]
            self._forget(hand, number)
        hand.tell("close", number)

    def _forget(self, hand: _Hand, number: int) -> None:
        voice = hand.voices.pop(number)
        del hand.sent[number], self._places[id(voice)]
        voice.waiting = 0.0

    def _read(self, hand: _Hand) -> None:
        """Pass on what a process tells until it ends."""
        try:
            while True:
                kind, number, value, busy = hand.pipe.recv()
                hand.busy, hand.reported = busy, time.monotonic()
                if kind == "latency":
                    self._telemetry.latency.observe(value)
                elif kind == "heard":
                    with self._lock:
                        if number in hand.voices:
                            hand.voices[number].waiting = max(hand.sent[number] - value, 0.0)
                else:
                    self._pass_on(hand, number, value)
        except (EOFError, OSError):
            hand.alive = False
        if not self._stopping:
            log.error("a process of streams has ended")
            for number in list(hand.voices):
                self._pass_on(hand, number, Failed("internal", "the process of the stream has ended", fatal=True))

    def _pass_on(self, hand: _Hand, number: int, event: Event) -> None:
        with self._lock:
            voice = hand.voices.get(number)
            if voice is not None and (isinstance(event, Ended) or (isinstance(event, Failed) and event.fatal)):
                self._forget(hand, number)
        if voice is not None:
            if isinstance(event, Made):
                event = replace(event, message=voice.encode(event.message))
            self._post(voice.deliver, event)


class _Reports:
    """What a worker counts, told to the service."""

    def __init__(self, tell: Callable[..., None]) -> None:
        self._tell = tell

    @property
    def latency(self) -> _Reports:
        """Takes seconds."""
        return self

    def observe(self, amount: float) -> None:
        """Tell a latency in seconds."""
        self._tell("latency", 0, amount)

    def watch(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """The service has gauges of its own."""


@dataclass(eq=False)
class _Numbered(Voice):
    """A stream in its process. number: what the service calls it. received: seconds of sound that came."""

    number: int = 0
    received: float = 0.0


def _work(pipeline: Pipeline, capacity: int, pipe: Connection) -> None:
    """A process of streams, until it is told to stop or the service is gone."""
    from emoface.live import Streams

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the service ends in order and tells
    warm_up(pipeline)
    lock, voices = threading.Lock(), dict[int, _Numbered]()

    def tell(kind: str, number: int, value: Any) -> None:
        if isinstance(value, Ended) or (isinstance(value, Failed) and value.fatal):
            voices.pop(number, None)
        with lock, contextlib.suppress(OSError):  # the service is gone
            pipe.send((kind, number, value, worker.busy))

    def heard(voice: Voice) -> None:
        assert isinstance(voice, _Numbered)
        tell("heard", voice.number, voice.received - voice.waiting)

    worker = Worker(Streams(pipeline, capacity), _Reports(tell), lambda deliver, event: deliver(event), heard)
    worker.start()
    pipe.send(("ready",))
    with contextlib.suppress(EOFError, OSError):
        while (message := pipe.recv())[0] != "stop":
            kind, number, *rest = message
            if kind == "open":
                options, rate = rest
                deliver = functools.partial(tell, "event", number)
                voices[number] = _Numbered(options, rate, lambda frames: frames, deliver, number=number)
                worker.open(voices[number], capacity)
            elif (voice := voices.get(number)) is None:
                continue  # it ended meanwhile
            elif kind == "hear":
                voice.received += len(rest[0]) / voice.sample_rate
                worker.hear(voice, rest[0], math.inf)
            elif kind == "tell":
                worker.tell(voice, *rest)
            else:
                del voices[number]
                worker.close(voice)
    worker.stop()
