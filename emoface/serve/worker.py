"""The thread that steps all streams, so that the event loop never waits for a network."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .limits import OverLimit

if TYPE_CHECKING:
    from emoface.live import Frames, Stream, Streams

log = logging.getLogger(__name__)

PIECE_SECONDS = 0.08
"""Audio of a stream that is heard at once: a stream that has much to catch up gives way to the others after it."""
AHEAD_SECONDS = 0.25
"""A stream that is further ahead of real time, such as quick synthetic speech, is stepped when no other waits."""
BUSY_SECONDS = 5.0
"""Time over which the share of work is averaged."""


@dataclass(frozen=True)
class Opened:
    """The stream is ready: its frames per ``second`` and how many seconds of audio it waits for."""

    fps: float
    lookahead: float


@dataclass(frozen=True)
class Made:
    """What the voice's ``encode`` made of new frames, the number of the first one, and how many there are."""

    message: Any
    start: int
    frames: int


@dataclass(frozen=True)
class Interrupted:
    """What was not shown is dropped; the frames that close the mouth begin with number ``start``."""

    start: int


@dataclass(frozen=True)
class Failed:
    """Something was wrong; a ``fatal`` error ends the stream, after another it goes on unchanged."""

    code: str
    message: str
    fatal: bool = False


@dataclass(frozen=True)
class Ended:
    """The last frames were delivered, this many in all."""

    frames: int


Event = Opened | Made | Interrupted | Failed | Ended


class Observing(Protocol):
    """A histogram."""

    def observe(self, amount: float) -> None:
        """Count a value."""


class Counting(Protocol):
    """What a worker needs of :class:`~emoface.serve.telemetry.Telemetry`."""

    @property
    def latency(self) -> Observing:
        """Of seconds from the arrival of sound until its frames are made."""

    def watch(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """Add a gauge."""


@dataclass
class _Sound:
    samples: np.ndarray
    came: float  # seconds of the clock


@dataclass
class _Deed:
    kind: str
    value: Any = None


_OPEN = _Deed("open")


@dataclass(eq=False)
class Voice:
    """One stream as both sides see it.

    Attributes:
        options: of ``Pipeline.stream``. sample_rate: Hz of its sound.
        encode: makes the message of frames, on the worker's thread. deliver: takes events, called by ``Worker.post``.
        waiting: seconds of sound that wait.
    """

    options: dict[str, Any]
    sample_rate: int
    encode: Callable[[Frames], Any]
    deliver: Callable[[Event], None]
    waiting: float = 0.0
    _queue: deque[_Sound | _Deed] = field(default_factory=deque, repr=False)
    _stream: Stream | None = field(default=None, repr=False)
    _begun: float | None = None  # when its sound began to be spoken
    _heard: float = 0.0  # seconds of sound so far
    _due: float = 0.0  # when its last sound could have been animated
    _made: int = 0
    _gone: bool = False

    def ahead(self, now: float) -> float:
        """Seconds by which it is ahead of real time."""
        return 0.0 if self._begun is None else self._heard - (now - self._begun)


class Worker(threading.Thread):
    """Steps the streams of a pipeline together, one piece of sound of each at a time.

    Attributes:
        streams: number of open voices.
    """

    def __init__(
        self, streams: Streams, telemetry: Counting, post: Callable[[Callable[[Event], None], Event], None],
        heard: Callable[[Voice], None] = lambda voice: None,
    ) -> None:  # fmt: skip
        """Get ready; ``start()`` begins and ``stop()`` ends.

        Args:
            streams: what opens and steps streams. telemetry: where latency is counted.
            post: calls a function with an event on the thread of who listens, such as an event loop.
            heard: called with a voice when sound of it was taken, on the worker's thread.
        """
        super().__init__(name="emoface-streams", daemon=True)
        self._streams, self._telemetry, self._post, self._heard = streams, telemetry, post, heard
        self._voices: list[Voice] = []
        self._ready = threading.Condition()
        self._stopping = False
        self._spent, self._spent_at = 0.0, time.monotonic()  # seconds of work, fading
        telemetry.watch("streams", "Open streams", lambda: self.streams)
        telemetry.watch("queue_seconds", "Sound that waits to be heard, of all streams", lambda: self.waiting)
        telemetry.watch("busy_share", "Share of the time that streams take", lambda: self.busy)

    @property
    def streams(self) -> int:
        """Open streams."""
        return len(self._voices)

    @property
    def waiting(self) -> float:
        """Seconds of sound that wait, of all streams."""
        with self._ready:
            return sum(voice.waiting for voice in self._voices)

    @property
    def busy(self) -> float:
        """Share of the last seconds that the streams took, 0..1."""
        return min(self._spent * math.exp((self._spent_at - time.monotonic()) / BUSY_SECONDS) / BUSY_SECONDS, 1.0)

    def open(self, voice: Voice, most: int, busy_share: float = 1.0) -> None:
        """Begin a stream.

        Args:
            voice: what it is. most: streams at once. busy_share: share of the time that all may take; 1 for no bound.

        Raises:
            OverLimit: there is no room for another one.
        """
        busy = self.busy
        with self._ready:
            count = len(self._voices)
            if count >= most:
                raise OverLimit("connections", f"all {most} streams are taken")
            if count and busy_share < 1 and busy * (count + 1) / count > busy_share:
                raise OverLimit("busy_share", f"{count} streams take {busy:.0%} of the time; another would be late")
            voice._queue.append(_OPEN)
            self._voices.append(voice)
            self._ready.notify()

    def hear(self, voice: Voice, samples: np.ndarray, most_seconds: float) -> None:
        """Add sound of a stream, (n,) or (n, channels).

        Raises:
            OverLimit: more than ``most_seconds`` would wait.
        """
        seconds = len(samples) / voice.sample_rate
        with self._ready:
            if voice.waiting + seconds > most_seconds:
                raise OverLimit("queue_seconds", f"more than {most_seconds:g} s of sound would wait to be heard")
            voice.waiting += seconds
            voice._queue.append(_Sound(samples, time.monotonic()))
            self._ready.notify()

    def tell(self, voice: Voice, kind: str, value: Any = None) -> None:
        """Ask something of a stream when the sound so far was heard: emotion, intensity or end; interrupt at once.

        The value of an interruption is the number of the last frame that was shown, or None.
        """
        with self._ready:
            if kind == "interrupt":
                voice._queue = deque(item for item in voice._queue if isinstance(item, _Deed))
                voice.waiting = 0.0
            voice._queue.append(_Deed(kind, value))
            self._ready.notify()

    def close(self, voice: Voice) -> None:
        """Forget a stream, whatever it still waits for."""
        with self._ready:
            if voice in self._voices:
                voice._gone = True
                voice.waiting = 0.0
                voice._queue.clear()
                voice._queue.append(_Deed("close"))
                self._ready.notify()

    def stop(self) -> None:
        """End the thread after the step that it is in."""
        with self._ready:
            self._stopping = True
            self._ready.notify()
        self.join()

    def run(self) -> None:
        """Step streams until ``stop()``."""
        while True:
            with self._ready:
                while not self._stopping and not any(voice._queue for voice in self._voices):
                    self._ready.wait()
                if self._stopping:
                    return
                begun = time.monotonic()
                served, in_time = self._next(begun)
                taken = [(voice, item) for voice in served for item in self._take(voice)]
            for voice, item in taken:
                self._guard(voice, self._do, voice, item)
                if isinstance(item, _Sound):
                    self._heard(voice)
            self._step()
            if in_time:
                self._count(time.monotonic() - begun)

    def _next(self, now: float) -> tuple[list[Voice], bool]:
        """The voices to serve, and whether they are in time: all of those, or else the one that is least ahead.

        Of those that begin, one alone is served: many that come at once shall not hold up those inside.
        """
        voices = [voice for voice in self._voices if voice._queue]
        in_time = [voice for voice in voices if voice.ahead(now) <= AHEAD_SECONDS]
        beginning = [voice for voice in in_time if voice._queue[0] is _OPEN]
        served = [voice for voice in in_time if voice not in beginning[1:]]
        return served or [min(voices, key=lambda voice: voice.ahead(now))], bool(in_time)

    def _take(self, voice: Voice) -> Iterator[_Sound | _Deed]:
        """The next things of a voice: deeds, up to its next sound, and ``PIECE_SECONDS`` of that at most."""
        while voice._queue:
            item = voice._queue.popleft()
            if isinstance(item, _Deed):
                yield item
                continue
            most = max(round(PIECE_SECONDS * voice.sample_rate), 1)
            parts, count, came = [item.samples], len(item.samples), item.came
            while count < most and voice._queue and isinstance(following := voice._queue[0], _Sound):
                voice._queue.popleft()
                parts.append(following.samples)
                count, came = count + len(following.samples), following.came
            joined = np.concatenate(parts) if len(parts) > 1 else parts[0]
            if count > most:
                voice._queue.appendleft(_Sound(joined[most:], came))
            piece = joined[:most]
            left = any(isinstance(one, _Sound) for one in voice._queue)
            voice.waiting = max(voice.waiting - len(piece) / voice.sample_rate, 0.0) if left else 0.0
            yield _Sound(piece, came)
            return

    def _guard(self, voice: Voice, deed: Callable[..., None], *arguments: Any) -> None:
        """Do something for a voice; its fault ends its stream and no other."""
        try:
            deed(*arguments)
        except Exception:
            log.exception("a stream failed")
            self._send(voice, Failed("internal", "the stream failed and is closed", fatal=True))
            self._end(voice)

    def _do(self, voice: Voice, item: _Sound | _Deed) -> None:
        stream = voice._stream
        if item is _OPEN:
            self._begin(voice)
        elif isinstance(item, _Deed) and item.kind == "close":
            self._end(voice)
        elif stream is None:
            return
        elif isinstance(item, _Sound):
            self._push(voice, stream, item)
        elif item.kind == "end":
            self._made(voice, stream.flush())
            self._send(voice, Ended(voice._made))
            self._end(voice)
        elif item.kind == "interrupt":
            closing = _interrupted(stream, item.value)
            voice._made = closing.start
            self._send(voice, Interrupted(closing.start))
            self._made(voice, closing)
        else:
            try:
                setattr(stream, item.kind, item.value)
            except (TypeError, ValueError) as error:
                self._send(voice, Failed(f"bad_{item.kind}", str(error)))

    def _begin(self, voice: Voice) -> None:
        try:
            voice._stream = self._streams.open(**voice.options, sample_rate=voice.sample_rate)
        except (TypeError, ValueError) as error:
            self._send(voice, Failed("bad_start", str(error), fatal=True))
            self._end(voice)
            return
        self._send(voice, Opened(voice._stream.fps, voice._stream.lookahead))

    def _end(self, voice: Voice) -> None:
        """Forget a voice and its stream."""
        if voice._stream is not None:
            self._streams.close(voice._stream)
            voice._stream = None
        with self._ready:
            voice._gone = True
            voice._queue.clear()
            if voice in self._voices:
                self._voices.remove(voice)

    def _push(self, voice: Voice, stream: Stream, sound: _Sound) -> None:
        seconds = len(sound.samples) / voice.sample_rate
        if voice._begun is None:
            voice._begun = sound.came - seconds
        voice._heard += seconds
        voice._due = max(sound.came, voice._begun + voice._heard)  # sound that came early is not late yet
        try:
            stream.push(sound.samples)
        except (TypeError, ValueError) as error:
            self._send(voice, Failed("bad_sound", str(error)))

    def _step(self) -> None:
        """Step all streams whose sound is there, as often as it lasts."""
        try:
            while stepped := self._streams.step():
                owners = {id(voice._stream): voice for voice in self._voices}
                for stream, frames in stepped:
                    if voice := owners.get(id(stream)):
                        self._guard(voice, self._made, voice, frames)
        except Exception:  # somebody's fault: alone, only its own stream fails
            log.exception("streams failed together")
            for voice in list(self._voices):
                if voice._stream is not None:
                    self._guard(voice, self._step_alone, voice, voice._stream)

    def _step_alone(self, voice: Voice, stream: Stream) -> None:
        self._made(voice, stream.feed(np.zeros(0, np.float32)))

    def _made(self, voice: Voice, frames: Frames) -> None:
        if len(frames):
            voice._made += len(frames)
            self._send(voice, Made(voice.encode(frames), frames.start, len(frames)))
            self._telemetry.latency.observe(max(time.monotonic() - voice._due, 0.0))

    def _send(self, voice: Voice, event: Event) -> None:
        if not voice._gone:
            self._post(voice.deliver, event)

    def _count(self, seconds: float) -> None:
        now = time.monotonic()
        self._spent = self._spent * math.exp((self._spent_at - now) / BUSY_SECONDS) + seconds
        self._spent_at = now


def _interrupted(stream: Stream, shown: int | None) -> Frames:
    """The frames that close the mouth, after the one that was shown if the stream still knows it."""
    try:
        return stream.interrupt(shown)
    except ValueError:
        return stream.interrupt()
