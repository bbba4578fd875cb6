"""A running service with a stand-in for the pipeline, whose face opens its mouth as far as the sound is loud."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from serving import bound, serving, skip_without_extra

from emoface.emotion_forms import check_emotion
from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES, arkit_to_motion
from emoface.serve.access import Access
from emoface.serve.limits import Limits


@dataclass(frozen=True)
class FakeFrames:
    start: int
    fps: float
    levels: np.ndarray

    def __len__(self) -> int:
        return len(self.levels)

    @property
    def times(self) -> np.ndarray:
        return (self.start + np.arange(len(self)) + 0.5) / self.fps

    def arkit(self) -> np.ndarray:
        weights = np.zeros((len(self), len(ARKIT_NAMES)), np.float32)
        weights[:, ARKIT_INDEX["jawOpen"]] = self.levels
        return weights

    @property
    def motion(self) -> np.ndarray:
        return arkit_to_motion(self.arkit())

    @property
    def head(self) -> np.ndarray:
        return np.full((len(self), 3), 0.25, np.float32)


class FakeStream:
    """A frame for every 1 / fps s of sound, without a network."""

    lookahead = 0.0

    def __init__(self, sample_rate: int, options: dict[str, Any]) -> None:
        self.options, self.sample_rate = options, sample_rate
        self.fps = options.get("fps", 25.0)
        self.index, self.sound, self._emotion = 0, np.zeros(0, np.float32), None
        self.intensity = options.get("intensity", 1.0)
        self.faulty = False

    @property
    def emotion(self) -> Any:
        return self._emotion

    @emotion.setter
    def emotion(self, value: Any) -> None:
        self._emotion = check_emotion(value)

    def _cut(self, frames: int) -> FakeFrames:
        size = round(self.sample_rate / self.fps)
        made = FakeFrames(self.index, self.fps, np.abs(self.sound[: frames * size]).reshape(frames, size).max(1))
        self.sound, self.index = self.sound[frames * size :], self.index + frames
        return made

    def push(self, sound: np.ndarray) -> None:
        self.faulty |= len(sound) > 0 and bool((sound == 13).all())
        scale = 32768 if sound.dtype.kind == "i" else 1
        mono = sound / scale if sound.ndim == 1 else sound.mean(1) / scale
        self.sound = np.concatenate([self.sound, mono.astype(np.float32)])

    def feed(self, sound: np.ndarray) -> FakeFrames:
        self.push(sound)
        if self.faulty:
            raise RuntimeError("a fault within the stream")
        return self._cut(int(len(self.sound) / round(self.sample_rate / self.fps)))

    def flush(self) -> FakeFrames:
        size = round(self.sample_rate / self.fps)
        frames = round(len(self.sound) / size)
        self.sound = np.pad(self.sound, (0, size))
        return self._cut(frames)

    def interrupt(self, shown: int | None = None) -> FakeFrames:
        self.index = self.index if shown is None else shown + 1
        self.sound = np.zeros(2 * round(self.sample_rate / self.fps), np.float32)
        return self._cut(2)


class FakeStreams:
    """Opens and steps stand-ins."""

    def __init__(self) -> None:
        self.opened: list[FakeStream] = []
        self.now: list[FakeStream] = []
        self.pause = 0.0

    def open(self, *, sample_rate: int, latency: str, **options: Any) -> FakeStream:
        if latency not in ("live", "instant"):
            raise ValueError(f"latency must be one of live, instant, got {latency!r}")
        stream = FakeStream(sample_rate, options)
        self.opened.append(stream)
        self.now.append(stream)
        return stream

    def close(self, stream: FakeStream) -> None:
        self.now.remove(stream)

    def step(self) -> list[tuple[FakeStream, FakeFrames]]:
        threading.Event().wait(self.pause)
        given = [(stream, stream.feed(np.zeros(0, np.float32))) for stream in self.now]
        return [(stream, frames) for stream, frames in given if len(frames)]


@dataclass
class Running:
    """A service that runs: its ``port``, the address of gRPC if there is one, and its parts."""

    port: int
    grpc: str
    service: Any
    streams: Any


@contextlib.contextmanager
def running(
    pipeline: Any = None, token: str | None = None, grpc: bool = False, origins: tuple[str, ...] = (), **limits: Any
) -> Iterator[Running]:
    """A service in a thread."""
    skip_without_extra()
    from emoface.serve.app import build_app
    from emoface.serve.service import Service

    streams = None if pipeline else FakeStreams()
    checked = Limits(**limits)
    with bound(checked) as listening:
        port = listening.getsockname()[1]
        service = Service(pipeline, checked, Access(token, "127.0.0.1", port, origins), streams)
        with serving(build_app(service), listening, checked, service, 0 if grpc else None) as lines:
            yield Running(port, lines[0].split()[-1] if grpc else "", service, streams)


@pytest.fixture
def fake_streams() -> FakeStreams:
    """Stand-ins for streams."""
    return FakeStreams()


@pytest.fixture(scope="session")
def run_service() -> Callable[..., contextlib.AbstractContextManager[Running]]:
    """Starts a service: ``with run_service(connections=2) as running:``."""
    return running


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    """One service for tests that leave it as it is."""
    with running(idle_seconds=20) as found:
        yield found
