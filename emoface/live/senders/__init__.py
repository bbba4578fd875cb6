"""Senders: a file each, and the table that addresses such as ``vmc://192.168.1.4:39539?names=all`` are read by."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from emoface import checks

from .sender import Sender


@dataclass(frozen=True)
class Row:
    """A kind of receiver.

    Attributes:
        name: in addresses. place: ``"module:class"`` in this folder. port: where it listens by custom; None where an
            address has a path in place of host and port. meaning: who listens, in a few words.
    """

    name: str
    place: str
    port: int | None
    meaning: str

    @property
    def sender(self) -> type[Any]:
        """The class of the sender; what it takes depends on the row."""
        module, name = self.place.split(":")
        return getattr(importlib.import_module(f"{__name__}.{module}"), name)

    @property
    def options(self) -> tuple[str, ...]:
        """What may follow ``?`` in an address."""
        taken = tuple(inspect.signature(self.sender).parameters)
        return taken[1:] if self.port is None else taken[2:]


_ROWS = (
    Row("live-link", "live_link:LiveLinkSender", 11111, "Live Link Face over UDP: Unreal, Unity, Blender"),
    Row("vmc", "vmc:VmcSender", 39539, "VMC over OSC: VSeeFace, Warudo, VNyan"),
    Row("ifacialmocap", "ifacialmocap:IFacialMocapSender", 49983, "iFacialMocap: Blender, Maya, Unity, VSeeFace"),
    Row("vtube-studio", "vtube_studio:VTubeStudioSender", 8001, "VTube Studio: Live2D avatars"),
    Row("json", "json_lines:JsonLinesSender", None, "JSON, a line a frame, to standard output or a file"),
)
SENDERS: dict[str, Row] = {row.name: row for row in _ROWS}
"""Name -> kind of receiver."""
HOST = "127.0.0.1"


def open_sender(address: str) -> Sender:
    """Open what an address names: ``NAME``, ``NAME://HOST``, ``NAME://HOST:PORT``, each perhaps with
    ``?OPTION=VALUE&...``; for JSON ``json`` or ``json://PATH``.

    Args:
        address: without a host 127.0.0.1 is taken, without a port the customary one.

    Returns:
        The sender, to be closed by the caller.

    Raises:
        ValueError: an unknown name or option (the message lists those that are known), or a port that is none.
        OSError: the host is not known, or a file or port cannot be opened. ImportError: its extra is not installed.
    """
    name, found, rest = address.partition("://")
    if not found:
        name, asked, rest = address.partition("?")
        rest = asked + rest
    if name not in SENDERS:
        raise ValueError(f"there is no receiver {name!r}; {checks.nearest(name, SENDERS)}")
    row = SENDERS[name]
    if row.port is None:
        path, _, query = rest.partition("?")
        where: tuple[str | int, ...] = (path or "-",)
    else:
        parts = urlsplit(f"//{rest}")
        query = parts.query
        try:
            where = (parts.hostname or HOST, row.port if parts.port is None else parts.port)
        except ValueError:
            raise ValueError(f"address {address!r} must have a port from 1 to 65535") from None
        if parts.path:
            raise ValueError(f"address {address!r} must be {name}://HOST:PORT, it goes on with {parts.path!r}")
    options = dict(parse_qsl(query, keep_blank_values=True))
    for option in options:
        if option not in row.options:
            raise ValueError(f"{name} takes {', '.join(row.options) or 'no options'}, got {option!r} in {address!r}")
    return row.sender(*where, **options)


def table() -> str:
    """All kinds of receivers as the Markdown table of ``docs/live-senders.md``."""
    lines = ["| address | customary port | options | who listens |", "|---|---|---|---|"]
    for row in _ROWS:
        address = f"`{row.name}`, `{row.name}://{'PATH' if row.port is None else 'HOST:PORT'}`"
        options = ", ".join(f"`{option}`" for option in row.options)
        lines.append(f"| {address} | {row.port or ''} | {options} | {row.meaning} |")
    return "\n".join(lines).replace("|  |", "| |") + "\n"
