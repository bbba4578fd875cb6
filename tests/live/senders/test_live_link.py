"""Live Link Face datagrams, read back by a decoder that is written from the published layout alone."""

from __future__ import annotations

import hashlib
import math
import socket
import struct

import numpy as np
import pytest

from emoface.live.pose import Pose
from emoface.live.senders import open_sender
from emoface.live.senders.live_link import live_link_datagram

ORDER = """
EyeBlinkLeft EyeLookDownLeft EyeLookInLeft EyeLookOutLeft EyeLookUpLeft EyeSquintLeft EyeWideLeft EyeBlinkRight
EyeLookDownRight EyeLookInRight EyeLookOutRight EyeLookUpRight EyeSquintRight EyeWideRight JawForward JawLeft JawRight
JawOpen MouthClose MouthFunnel MouthPucker MouthLeft MouthRight MouthSmileLeft MouthSmileRight MouthFrownLeft
MouthFrownRight MouthDimpleLeft MouthDimpleRight MouthStretchLeft MouthStretchRight MouthRollLower MouthRollUpper
MouthShrugLower MouthShrugUpper MouthPressLeft MouthPressRight MouthLowerDownLeft MouthLowerDownRight MouthUpperUpLeft
MouthUpperUpRight BrowDownLeft BrowDownRight BrowInnerUp BrowOuterUpLeft BrowOuterUpRight CheekPuff CheekSquintLeft
CheekSquintRight NoseSneerLeft NoseSneerRight TongueOut HeadYaw HeadPitch HeadRoll LeftEyeYaw LeftEyePitch LeftEyeRoll
RightEyeYaw RightEyePitch RightEyeRoll
""".split()


def decode(data: bytes) -> dict:
    """The fields of a datagram, big-endian, each exactly as long as the layout says."""
    place = 0

    def take(form: str):
        nonlocal place
        values = struct.unpack_from(">" + form, data, place)
        place += struct.calcsize(">" + form)
        return values[0] if len(values) == 1 else values

    fields = {"version": take("B")}
    for name in ("device", "subject"):
        fields[name] = take(f"{take('i')}s").decode()
    fields["frame"], fields["sub_frame"], fields["rate"] = take("i"), take("f"), take("ii")
    fields["values"] = dict(zip(ORDER, take(f"{take('B')}f")))
    assert place == len(data)
    return fields


def test_golden_bytes() -> None:
    data = live_link_datagram(
        np.arange(61) / 100, 1234, (60, 1), "emoface", "00000000-0000-0000-0000-000000000001", 0.5
    )
    assert len(data) == 313
    assert data.hex().startswith("0600000024" + b"00000000".hex() + "2d")
    assert data[41:69].hex() == "00000007656d6f66616365" + "000004d2" + "3f000000" + "0000003c" + "00000001" + "3d"
    assert hashlib.sha256(data).hexdigest() == "e411c1c211e0ea264193f3543022b0cfa2952dbde86f79a640dd2615685387f6"


def test_a_pose_arrives(pose: Pose, receiver: socket.socket) -> None:
    sender = open_sender(f"live-link://127.0.0.1:{receiver.getsockname()[1]}?subject=Ann")
    assert sender.send(pose)
    sender.close()
    found = decode(receiver.recv(2048))
    assert (found["version"], found["subject"], found["frame"], found["rate"]) == (6, "Ann", 1234, (60, 1))
    assert len(found["device"]) == 36 and len(ORDER) == 61
    values = found["values"]
    assert [values[name] for name in ORDER[:52]] == pytest.approx([k / 100 for k in range(52)])
    assert values["JawOpen"] == pytest.approx(0.17) and values["MouthRight"] == pytest.approx(0.22)
    assert [values[name] for name in ORDER[55:]] == [0] * 6


def test_the_head_turns_to_the_side_that_the_app_means(receiver: socket.socket) -> None:
    sender = open_sender(f"live-link://127.0.0.1:{receiver.getsockname()[1]}")
    for axis, name, sign in ((1, "HeadYaw", -1), (0, "HeadPitch", 1), (2, "HeadRoll", -1)):
        head = np.zeros(3, np.float32)
        head[axis] = math.radians(20)
        sender.send(Pose(0, 60.0, np.zeros(52, np.float32), head, np.zeros((2, 2), np.float32)))
        values = decode(receiver.recv(2048))["values"]
        assert {n for n in ORDER if abs(values[n]) > 1e-6} == {name}
        assert values[name] == pytest.approx(sign * math.radians(20), rel=1e-5)
    sender.close()


def test_a_receiver_that_is_gone_is_counted_and_may_come_back(pose: Pose, receiver: socket.socket) -> None:
    port = receiver.getsockname()[1]
    sender = open_sender(f"live-link://127.0.0.1:{port}")
    sender.send(pose)
    receiver.close()
    went = [sender.send(pose) for _ in range(4)]
    assert False in went and sender.dropped == went.count(False) and sender.sent + sender.dropped == 5
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(("127.0.0.1", port))
        again.settimeout(5)
        assert [sender.send(pose) for _ in range(3)][-1]
        assert decode(again.recv(2048))["frame"] == 1234
    assert f"live-link 127.0.0.1:{port}: {sender.sent} sent, {sender.dropped} dropped" == sender.status
    sender.close()


def test_names() -> None:
    with pytest.raises(ValueError, match="subject must have 1 to 255 bytes, got 256"):
        open_sender("live-link?subject=" + "x" * 256)
