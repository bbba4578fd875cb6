"""iFacialMocap's text over UDP: its plugins for Blender, Maya, Unity and Unreal, VSeeFace and others."""

from __future__ import annotations

import socket

import numpy as np

from emoface import checks
from emoface.face.layout import ARKIT_NAMES

from ..pose import Pose
from .sender import Sender, resolve

HELLO = b"iFacialMocap_sahuasouryya9218sauhuiayeta91555dy3719"
"""What a receiver says first, perhaps with ``|sendDataVersion=v2``; the app then sends to where it came from."""
MOST_RECEIVERS = 8
SIDES = {"Left": "_L", "Right": "_R"}
UNSIDED = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
"""Shapes that go to a side; those of a side end in _L or _R."""


def _spelling(name: str) -> str:
    for side, short in SIDES.items():
        if name.endswith(side) and name not in UNSIDED:
            return name.removesuffix(side) + short
    return name


SHAPES = tuple(_spelling(name) for name in ARKIT_NAMES)


def ifacialmocap_text(pose: Pose, version: int = 1) -> str:
    """The text of one pose: ``name-value|...|=head#rx,ry,rz,x,y,z|rightEye#rx,ry,rz|leftEye#rx,ry,rz|``.

    Weights are 0 to 100, whole in version 1; version 2 parts name and value by ``&`` and has decimals. Rotations are
    degrees in the axes of ARKit's face anchor, which are this package's: pitch with the chin down, yaw to the speaker's
    left, roll with the crown to the speaker's right. The head does not move from its place.
    """
    percent = 100 * pose.arkit.astype(float)
    values = [f"{name}-{value:.0f}" for name, value in zip(SHAPES, percent)] if version == 1 else \
        [f"{name}&{value:.3f}" for name, value in zip(SHAPES, percent)]  # fmt: skip
    yaw, pitch, roll = np.degrees(pose.angles) + 0.0
    left_eye, right_eye = ("{1:.4f},{0:.4f},0".format(*eye) for eye in np.degrees(pose.eyes) * (1, -1) + 0.0)
    eyes = (f"rightEye#{right_eye}", f"leftEye#{left_eye}")
    return "|".join([*values, f"=head#{pitch:.4f},{yaw:.4f},{roll:.4f},0,0,0", *eyes, ""])


class IFacialMocapSender(Sender):
    """Sends to one receiver as if its address had been typed into the app, or waits for receivers to say hello."""

    name = "ifacialmocap"

    def __init__(self, host: str, port: int, wait: str = "no") -> None:
        """Open the socket.

        Args:
            host, port: of the receiver; with ``wait="yes"`` those of this machine at which receivers say hello, as they
                do to the app. At most 8 are served.
            wait: "yes" or "no".

        Raises:
            OSError: the host is not known, or the port is taken. TypeError, ValueError: another value.
        """
        if wait not in ("yes", "no"):
            raise ValueError(f"wait must be yes or no, got {wait!r}")
        family, kind, protocol, address = resolve(host, checks.whole("port", port, 1, 65535))
        super().__init__(f"{host}:{port}")
        self._socket = socket.socket(family, kind, protocol)
        self._socket.setblocking(False)
        self._receivers: dict[tuple, int] = {}
        self._waits = wait == "yes"
        try:
            if self._waits:
                self._socket.bind(address)
            else:
                self._receivers[address] = 1
                self._socket.connect(address)  # so that a refusal is heard
        except OSError as error:
            self._socket.close()
            deed = "listened at" if self._waits else "sent to"
            raise OSError(f"port {port} of {host} cannot be {deed}: {error.strerror}") from error

    def _hear(self) -> None:
        """Take in what receivers have said since the last pose."""
        for _ in range(4 * MOST_RECEIVERS):  # the rest is heard with the next pose
            try:
                said, address = self._socket.recvfrom(256)
            except BlockingIOError:
                return
            except OSError:  # a receiver that is gone, told by this machine
                continue
            if said.startswith(HELLO) and (address in self._receivers or len(self._receivers) < MOST_RECEIVERS):
                self._receivers[address] = 2 if b"sendDataVersion=v2" in said else 1

    def _send(self, pose: Pose) -> bool:
        if self._waits:
            self._hear()
        texts: dict[int, bytes] = {}
        gone = False
        for address, version in self._receivers.items():
            if version not in texts:
                texts[version] = ifacialmocap_text(pose, version).encode()
            try:
                self._socket.sendto(texts[version], address)
                gone = True
            except OSError:
                continue
        return gone

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
