"""iFacialMocap's text, read back as its plugins read it; receivers that say hello."""

from __future__ import annotations

import socket

import numpy as np
import pytest

from emoface.live.pose import Pose
from emoface.live.senders import open_sender

HELLO = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"


def decode(data: bytes, mark: str = "-") -> tuple[dict[str, float], dict[str, list[float]]]:
    """Weights and rotations."""
    weights, turns = {}, {}
    for part in data.decode("ascii").split("|"):
        if "#" in part:
            name, values = part.lstrip("=").split("#")
            turns[name] = [float(value) for value in values.split(",")]
        elif part:
            name, value = part.split(mark)
            weights[name] = float(value)
    return weights, turns


def check(weights: dict[str, float], turns: dict[str, list[float]]) -> None:
    assert len(weights) == 52
    assert weights["jawOpen"] == 17 and weights["eyeBlink_R"] == 7 and weights["mouthSmile_L"] == 23
    assert weights["jawLeft"] == 15 and weights["mouthRight"] == 22 and weights["browInnerUp"] == 43
    assert not {name for name in weights if name.endswith(("Left", "Right"))} - {
        "jawLeft", "jawRight", "mouthLeft", "mouthRight"
    }  # fmt: skip
    assert len(turns["head"]) == 6 and turns["head"][3:] == [0, 0, 0]
    assert turns["leftEye"] == pytest.approx([-np.degrees(0.2), np.degrees(0.1), 0], abs=1e-3)
    assert turns["rightEye"] == pytest.approx([-np.degrees(0.05), -np.degrees(0.3), 0], abs=1e-3)


def test_text_arrives(pose: Pose, receiver: socket.socket) -> None:
    sender = open_sender(f"ifacialmocap://127.0.0.1:{receiver.getsockname()[1]}")
    assert sender.send(pose)
    check(*decode(receiver.recv(4096)))
    receiver.close()
    assert False in [sender.send(pose) for _ in range(4)] and sender.dropped  # it is gone
    sender.close()


@pytest.mark.parametrize(("axis", "place"), [(0, 0), (1, 1), (2, 2)])
def test_pitch_yaw_and_roll_are_degrees_in_this_order(axis: int, place: int, receiver: socket.socket) -> None:
    sender = open_sender(f"ifacialmocap://127.0.0.1:{receiver.getsockname()[1]}")
    head = np.zeros(3, np.float32)
    head[axis] = np.radians(12)
    sender.send(Pose(0, 60.0, np.zeros(52, np.float32), head, np.zeros((2, 2), np.float32)))
    expected = [0.0] * 6
    expected[place] = 12
    assert decode(receiver.recv(4096))[1]["head"] == pytest.approx(expected, abs=1e-3)
    sender.close()


def test_receivers_that_say_hello_are_served(pose: Pose, receiver: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sender = open_sender(f"ifacialmocap://127.0.0.1:{port}?wait=yes")
    assert not sender.send(pose) and sender.dropped == 1  # nobody has said hello
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second:
        second.bind(("127.0.0.1", 0))
        second.settimeout(5)
        receiver.sendto(HELLO, ("127.0.0.1", port))
        second.sendto(HELLO + b"|sendDataVersion=v2", ("127.0.0.1", port))
        second.sendto(b"\xff" * 200, ("127.0.0.1", port))
        assert sender.send(pose)
        check(*decode(receiver.recv(4096)))
        check(*decode(second.recv(4096), "&"))
        with pytest.raises(OSError, match=f"port {port} of 127.0.0.1 cannot be listened at"):
            open_sender(f"ifacialmocap://127.0.0.1:{port}?wait=yes")
    assert sender.send(pose)  # the second has gone: the first is served as before
    check(*decode(receiver.recv(4096)))
    sender.close()


def test_options() -> None:
    with pytest.raises(ValueError, match="wait must be yes or no"):
        open_sender("ifacialmocap?wait=maybe")
