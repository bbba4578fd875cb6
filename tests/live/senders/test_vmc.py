"""VMC bundles, read back by a decoder of OSC that is written here, and by python-osc's dispatcher."""

from __future__ import annotations

import math
import socket
import struct

import numpy as np
import pytest

from emoface.live.pose import Pose
from emoface.live.senders import open_sender

pytest.importorskip("pythonosc")

GOLDEN = "2f564d432f4578742f426c656e642f56616c00002c7366004a61774f70656e003f000000"


def decode(data: bytes) -> list[tuple[str, list]]:
    """Messages of a bundle: address and arguments."""
    assert data[:8] == b"#bundle\0"
    place, found = 16, []
    while place < len(data):
        (size,) = struct.unpack_from(">i", data, place)
        found.append(message(data[place + 4 : place + 4 + size]))
        place += 4 + size
    assert place == len(data)
    return found


def message(data: bytes) -> tuple[str, list]:
    place, values = 0, []

    def text() -> str:
        nonlocal place
        end = data.index(b"\0", place)
        found = data[place:end].decode()
        place = end + 4 - end % 4
        return found

    address, kinds = text(), text()
    for kind in kinds[1:]:
        if kind == "s":
            values.append(text())
        else:
            values += struct.unpack_from(">" + kind, data, place)
            place += 4
    assert place == len(data)
    return address, values


def bundles_of(receiver: socket.socket, pose: Pose, options: str = "") -> list[list[tuple[str, list]]]:
    sender = open_sender(f"vmc://127.0.0.1:{receiver.getsockname()[1]}{options}")
    assert sender.send(pose)
    sender.close()
    found = []
    while not found or found[-1][-1][0] != "/VMC/Ext/Blend/Apply":
        data = receiver.recv(4096)
        assert len(data) <= 1400
        found.append(decode(data))
    return found


def test_golden_message(pose: Pose) -> None:
    sender = open_sender("vmc")
    still = Pose(0, 60.0, np.where(np.arange(52) == 17, 0.5, 0).astype(np.float32), pose.head, pose.eyes)
    assert bytes.fromhex(GOLDEN) in b"".join(sender.datagrams(still))
    assert message(bytes.fromhex(GOLDEN)) == ("/VMC/Ext/Blend/Val", ["JawOpen", 0.5])
    sender.close()


def test_weights_and_head_arrive_and_are_applied_at_the_end(pose: Pose, receiver: socket.socket) -> None:
    bundles = bundles_of(receiver, pose)
    assert len(bundles) == 2
    messages = [one for bundle in bundles for one in bundle]
    assert messages[0] == ("/VMC/Ext/OK", [1])
    assert messages[1][1] == [pytest.approx(1234 / 60)]
    weights = {values[0]: values[1] for address, values in messages if address == "/VMC/Ext/Blend/Val"}
    assert len(weights) == 52 and weights["JawOpen"] == pytest.approx(0.17)
    assert weights["EyeBlinkLeft"] == 0 and weights["TongueOut"] == pytest.approx(0.51)
    bones = {values[0]: values[1:] for address, values in messages if address == "/VMC/Ext/Bone/Pos"}
    assert set(bones) == {"Head"} and bones["Head"][:3] == [0, 0, 0]
    assert math.hypot(*bones["Head"][3:]) == pytest.approx(1)


@pytest.mark.parametrize(("axis", "unity"), [(0, (1, 0, 0)), (1, (0, -1, 0)), (2, (0, 0, -1))])
def test_turns_are_in_unitys_axes(axis: int, unity: tuple, receiver: socket.socket) -> None:
    """Nodding keeps its sign; turning to the avatar's left and tilting to its right are negative in Unity."""
    head = np.zeros(3, np.float32)
    head[axis] = 0.4
    still = Pose(0, 60.0, np.zeros(52, np.float32), head, np.zeros((2, 2), np.float32))
    bones = [values for bundle in bundles_of(receiver, still) for address, values in bundle if "Bone" in address]
    assert bones[0][4:] == pytest.approx([*(math.sin(0.2) * part for part in unity), math.cos(0.2)], abs=1e-6)


def test_shapes_of_vrm(pose: Pose, receiver: socket.socket) -> None:
    names = {}
    for option in ("arkit", "vrm0", "vrm1", "all"):
        messages = [one for bundle in bundles_of(receiver, pose, f"?names={option}") for one in bundle]
        names[option] = {values[0] for address, values in messages if address == "/VMC/Ext/Blend/Val"}
        bones = {values[0] for address, values in messages if address == "/VMC/Ext/Bone/Pos"}
        assert bones == ({"Head"} if option == "arkit" else {"Head", "LeftEye", "RightEye"})
    assert {"A", "I", "U", "E", "O", "Joy", "Angry", "Sorrow", "Fun", "Blink"} == names["vrm0"]
    assert {"aa", "ih", "ou", "ee", "oh", "happy", "angry", "sad", "relaxed", "surprised", "blink"} == names["vrm1"]
    assert names["all"] == names["arkit"] | names["vrm0"] | names["vrm1"]
    with pytest.raises(ValueError, match="names must be arkit, vrm0, vrm1, all, got 'vrm'"):
        open_sender("vmc?names=vrm")


def test_python_osc_reads_it_too(pose: Pose) -> None:
    from pythonosc.osc_bundle import OscBundle

    sender = open_sender("vmc")
    read = [(one.address, one.params) for data in sender.datagrams(pose) for one in OscBundle(data)]
    sender.close()
    assert len(read) == 52 + 4 and read[-1] == ("/VMC/Ext/Blend/Apply", [])
