"""Options of commands that listen at a port: where, for whom, within which limits, and what they load."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emoface.pipeline import Pipeline


def add_doors(parser: argparse.ArgumentParser) -> None:
    """Add ``--host``, ``--port`` and ``--token-file``."""
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen at (127.0.0.1: this machine alone)")
    add("--port", type=int, default=8000, metavar="N", help="of HTTP and WebSocket (8000); 0 takes a free one")
    add("--token-file", type=Path, metavar="FILE", help=(
        "its first line is what clients must tell as a bearer token (default: EMOFACE_TOKEN of the environment)"))


def add_limits(parser: argparse.ArgumentParser, names: Iterable[str]) -> None:
    """Add flags for limits of :class:`emoface.serve.limits.Limits`."""
    from emoface.serve.limits import Limits

    group = parser.add_argument_group("limits", "what goes beyond them is refused, so that nobody else waits")
    known = {one.name: one for one in fields(Limits)}
    for name in names:
        one = known[name]
        flag = "--" + name.replace("_", "-")
        text = f"{one.metadata['meaning']} ({one.default})"
        group.add_argument(flag, type=type(one.default), default=one.default, metavar="N", help=text)


def loaded(asked: argparse.Namespace) -> Pipeline:
    """The pipeline that the options of loading name."""
    from emoface.pipeline import load

    given = {name: getattr(asked, name) for name in ("checkpoint", "device", "dtype", "threads")}
    return load(**{name: value for name, value in given.items() if value is not None})
