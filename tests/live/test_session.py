"""A voice, a stream and senders together; the stream is a stand-in whose jaw follows the loudness."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from emoface.face.layout import ARKIT_INDEX
from emoface.live.pose import Pose
from emoface.live.senders.sender import Sender
from emoface.live.session import Session

RATE = 16000
JAW = ARKIT_INDEX["jawOpen"]


class Voice:
    """Blocks of .02 s that come as fast as they are taken, or forever, one every .02 s."""

    name, sample_rate = "a voice", float(RATE)

    def __init__(self, blocks: int = 0) -> None:
        self.blocks, self.ended = blocks, threading.Event()

    def __iter__(self) -> Iterator[np.ndarray]:
        count = 0
        while (count < self.blocks or not self.blocks) and not self.ended.is_set():
            count += 1
            if not self.blocks:
                self.ended.wait(0.02)
            yield np.full(320, 0.2, np.float32)

    def close(self) -> None:
        self.ended.set()


class Jaw:
    """Gives frames of an open jaw, as many as the samples are worth."""

    def __init__(self, frames_of, fps: float) -> None:
        self.frames_of, self.fps, self.heard, self.given, self.ends = frames_of, fps, 0, 0, ""

    def feed(self, pcm: np.ndarray, sample_rate: float | None = None):
        assert sample_rate == RATE
        self.heard += len(pcm)
        count = int(self.heard / RATE * self.fps) - self.given
        self.given += count
        return self.frames_of(*[float(pcm.max())] * count)

    def flush(self):
        self.ends += "f"
        return self.frames_of(0.1, 0.0)

    def interrupt(self, shown):
        assert -1 <= shown < self.given
        self.ends += "i"
        return self.frames_of(0.1, 0.05, 0.0)


class Kept(Sender):
    """Keeps what it is sent."""

    name = "kept"

    def __init__(self) -> None:
        super().__init__("here")
        self.poses: list[Pose] = []

    def _send(self, pose: Pose) -> bool:
        self.poses.append(pose)
        return len(self.poses) != 3

    def close(self) -> None:
        pass


def test_a_voice_that_ends(frames_of) -> None:
    kept, stream, lines = [Kept(), Kept()], Jaw(frames_of, 240), []
    session = Session(Voice(25), stream, kept, 240.0, reserve=0.0)
    session.run(lines.append)
    poses = kept[0].poses
    jaws = [float(pose.arkit[JAW]) for pose in poses]
    assert stream.ends == "f" and jaws[-1] == 0 and max(jaws) == pytest.approx(0.2 / 0.3)
    assert len(poses) + session.pace.missed == poses[-1].index + 1
    assert sum(jaw > 0 for jaw in jaws) == 120 + 1 - session.play_out.skipped
    assert len(kept[1].poses) == len(poses) and kept[1].dropped == 1
    assert f"kept here: {kept[0].sent} sent, 1 dropped" in lines[-1] and "\n" not in lines[-1]


def test_stopping_closes_the_mouth_first(frames_of) -> None:
    kept, stream = Kept(), Jaw(frames_of, 120)
    session = Session(Voice(), stream, [kept], 120.0)
    running = threading.Thread(target=session.run)
    running.start()
    end = time.monotonic() + 20
    while not (kept.poses and kept.poses[-1].arkit[JAW] > 0.5):
        assert time.monotonic() < end
        time.sleep(0.005)
    session.stop()
    running.join(20)
    assert not running.is_alive() and stream.ends == "i"
    assert kept.poses[-1].arkit[JAW] == 0


def test_a_failure_closes_the_mouth_and_is_raised(frames_of) -> None:
    class Broken(Voice):
        def __iter__(self) -> Iterator[np.ndarray]:
            yield np.full(320, 0.2, np.float32)
            raise OSError("the microphone was unplugged")

    kept, stream = Kept(), Jaw(frames_of, 120)
    with pytest.raises(OSError, match="unplugged"):
        Session(Broken(), stream, [kept], 120.0).run()
    assert stream.ends == "i" and kept.poses[-1].arkit[JAW] == 0
