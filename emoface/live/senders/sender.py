"""What senders have in common: a pose goes out or is counted as dropped, and nothing waits for the receiver."""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from typing import ClassVar

from emoface import checks

from ..pose import Pose


class Sender(ABC):
    """Sends poses to a program that shows them.

    Attributes:
        name: as the table of senders has it. place: where to, in words.
        sent: poses that went out. dropped: poses that did not, because the receiver is gone or busy.
    """

    name: ClassVar[str]

    def __init__(self, place: str) -> None:
        self.place = place
        self.sent = self.dropped = 0

    def send(self, pose: Pose) -> bool:
        """Send one pose, or count it as dropped; never waits, and a receiver that is gone is no error.

        Returns:
            Whether it went out.
        """
        try:
            gone = self._send(pose)
        except OSError:
            gone = False
        self.sent += gone
        self.dropped += not gone
        return gone

    @abstractmethod
    def _send(self, pose: Pose) -> bool:
        """Send one pose; False or an OSError means that it did not go out."""

    @abstractmethod
    def close(self) -> None:
        """Let go of sockets and files; nothing can be sent any more."""

    @property
    def status(self) -> str:
        """Where to, how many poses went out and how many were dropped, in a few words."""
        return f"{self.name} {self.place}: {self.sent} sent, {self.dropped} dropped"


class UdpSender(Sender):
    """Sends datagrams to one address.

    The socket is connected, so that this machine's own refusal (nothing listens there) is heard and counted.
    """

    def __init__(self, host: str, port: int) -> None:
        """Open the socket.

        Args:
            host: name or address. port: 1 to 65535.

        Raises:
            OSError: the host is not known. TypeError, ValueError: the port is none.
        """
        super().__init__(f"{host}:{port}")
        self._socket = udp_socket(host, port)

    def _send(self, pose: Pose) -> bool:
        for datagram in self.datagrams(pose):
            self._socket.send(datagram)
        return True

    @abstractmethod
    def datagrams(self, pose: Pose) -> list[bytes]:
        """The bytes of one pose."""

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


def udp_socket(host: str, port: int) -> socket.socket:
    """A socket for datagrams to one address, which never waits.

    Args:
        host: name or address, of IPv4 or IPv6. port: 1 to 65535.

    Raises:
        OSError: the host is not known. TypeError, ValueError: the port is none.
    """
    family, kind, protocol, address = resolve(host, checks.whole("port", port, 1, 65535))
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setblocking(False)
        opened.connect(address)
    except OSError as error:
        opened.close()
        raise OSError(f"datagrams cannot go to {host}:{port}: {error.strerror or error}") from error
    return opened


def resolve(host: str, port: int) -> tuple[socket.AddressFamily, socket.SocketKind, int, tuple]:
    """Family, kind, protocol and address of datagrams to a host.

    Raises:
        OSError: the host is not known; the message names it.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    except (OSError, UnicodeError) as error:
        raise OSError(f"host {host!r} is not known: {getattr(error, 'strerror', None) or error}") from error
    return family, kind, protocol, address
