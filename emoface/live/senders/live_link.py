"""Live Link Face over UDP, version 6: what Unreal's ARKit source and many plugins of other programs listen to."""

from __future__ import annotations

import struct

import numpy as np

from emoface.export.live_link import HEAD_SIGNS

from ..pose import Pose
from .sender import UdpSender

VERSION = 6
EYES = 6  # rotations of the eyes, which are zero: the gaze is in the eyeLook weights
DEVICE = "0e30face-0000-4000-8000-000000000001"
"""Device id: receivers tell sources apart by it and by the subject's name."""
LONGEST = 255
"""Characters of a name, at most."""


def live_link_datagram(
    values: np.ndarray, frame: int, rate: tuple[int, int], subject: str, device: str = DEVICE, sub_frame: float = 0.0
) -> bytes:
    """The datagram of one frame, big-endian throughout.

    Version (uint8), device id and subject (int32 length and bytes each), frame number (int32), sub-frame (float32),
    numerator and denominator of the rate (int32 each), number of values (uint8) and the values (float32 each).

    Args:
        values: (61,) 52 ARKit weights in the order of ``ARKIT_NAMES``, then yaw, pitch and roll of the head, the left
            eye and the right eye, radians.
        frame: its number. rate: frames per second as a fraction. subject, device: names. sub_frame: 0 to 1.
    """
    names = b"".join(struct.pack(">i", len(name)) + name for name in (device.encode(), subject.encode()))
    times = struct.pack(">ifii", frame, sub_frame, *rate)
    return struct.pack(">B", VERSION) + names + times + struct.pack(f">B{len(values)}f", len(values), *values)


class LiveLinkSender(UdpSender):
    """Sends a datagram a pose; frames are numbered from 0."""

    name = "live-link"

    def __init__(self, host: str, port: int, subject: str = "emoface", device: str = DEVICE) -> None:
        """Open the socket.

        Args:
            host, port: of the receiver. subject: the name that the receiver shows. device: an id, 36 characters by
                custom.

        Raises:
            OSError: the host is not known. ValueError: a name that is empty or too long.
        """
        for argument, text in (("subject", subject), ("device", device)):
            if not 0 < len(text.encode()) <= LONGEST:
                raise ValueError(f"{argument} must have 1 to {LONGEST} bytes, got {len(text.encode())}")
        super().__init__(host, port)
        self._subject, self._device = subject, device

    def datagrams(self, pose: Pose) -> list[bytes]:
        """One datagram."""
        values = np.concatenate([pose.arkit, HEAD_SIGNS * pose.angles, np.zeros(EYES)])
        rate = (round(pose.fps), 1)
        return [live_link_datagram(values, pose.index & 0x7FFFFFFF, rate, self._subject, self._device)]
