"""``emoface serve``: voices in, the motion of their faces out, over WebSocket, HTTP and gRPC."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from emoface.cli.arguments import Commands
from emoface.cli.options_flags import add_options
from emoface.options import LoadOptions


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    from emoface.serve.limits import Limits

    parser = commands.add_parser("serve", help="serve many voices over WebSocket, HTTP and gRPC")
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen at (127.0.0.1: this machine alone)")
    add("--port", type=int, default=8000, metavar="N", help="of HTTP and WebSocket (8000); 0 takes a free one")
    add("--grpc-port", type=int, metavar="N", help="also serve clients of Audio2Face-3D there (52000 is theirs)")
    add("--token-file", type=Path, metavar="FILE", help=(
        "its first line is what clients must tell as a bearer token (default: EMOFACE_TOKEN of the environment)"))
    add("--allow-origin", action="append", default=[], metavar="URL", help=(
        "a page elsewhere that may call the service, such as https://example.org; may be given several times"))
    limits = parser.add_argument_group("limits", "what goes beyond them is refused, so that nobody else waits")
    for one in fields(Limits):
        flag = "--" + one.name.replace("_", "-")
        text = f"{one.metadata['meaning']} ({one.default})"
        limits.add_argument(flag, type=type(one.default), default=one.default, metavar="N", help=text)
    add_options(parser, LoadOptions)
    add("-q", "--quiet", action="store_true", help="print nothing but errors")


def run(asked: argparse.Namespace) -> None:
    """Serve until the process is told to end."""
    from emoface.pipeline import load
    from emoface.serve.limits import Limits
    from emoface.serve.run import Doors, serve

    limits = Limits(**{one.name: getattr(asked, one.name) for one in fields(Limits)})
    doors = Doors(
        host=asked.host, port=asked.port, grpc_port=asked.grpc_port, token_file=asked.token_file,
        origins=tuple(asked.allow_origin),
    )  # fmt: skip
    given = {name: getattr(asked, name) for name in ("checkpoint", "device", "dtype", "threads")}
    options = {name: value for name, value in given.items() if value is not None}
    serve(lambda: load(**options), doors, limits, ready=lambda line: asked.quiet or print(line, flush=True))
