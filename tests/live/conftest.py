"""A pose that has every value its own, frames, and a place that datagrams are received at."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import numpy as np
import pytest

from emoface.face.layout import MOTION_SIZE
from emoface.live.frames import Frames
from emoface.live.pose import Pose


@pytest.fixture
def pose() -> Pose:
    """Weights .00, .01, ... .51, a head that is turned by all three angles, eyes that look apart."""
    eyes = np.array([[0.1, 0.2], [-0.3, 0.05]], np.float32)
    return Pose(1234, 60.0, np.arange(52, dtype=np.float32) / 100, np.array([0.1, -0.2, 0.05], np.float32), eyes)


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    """A bound UDP socket of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.settimeout(5)
        yield opened


def frames_of(*jaw: float, start: int = 0, fps: float = 60.0) -> Frames:
    """Frames whose jaw turns by so many radians each."""
    motion = np.zeros((len(jaw), MOTION_SIZE), np.float32)
    motion[:, 50] = jaw
    return Frames(start, fps, motion)


@pytest.fixture(name="frames_of")
def _frames_of():
    return frames_of
