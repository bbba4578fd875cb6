"""``emoface serve``: voices in, the motion of their faces out, over WebSocket, HTTP and gRPC."""

from __future__ import annotations

import argparse
from dataclasses import fields

from emoface.cli.arguments import Commands
from emoface.cli.doors import add_doors, add_limits, loaded
from emoface.cli.options_flags import add_options
from emoface.options import LoadOptions


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    from emoface.serve.limits import Limits

    parser = commands.add_parser("serve", help="serve many voices over WebSocket, HTTP and gRPC")
    parser.set_defaults(run=run)
    add = parser.add_argument
    add_doors(parser)
    add("--grpc-port", type=int, metavar="N", help="also serve clients of Audio2Face-3D there (52000 is theirs)")
    add("--allow-origin", action="append", default=[], metavar="URL", help=(
        "a page elsewhere that may call the service, such as https://example.org; may be given several times"))
    add("--workers", type=int, default=1, metavar="N", help=(
        "processes that step the streams, as many as there are cores for them (1: a thread of the service)"))
    add_limits(parser, [one.name for one in fields(Limits)])
    add_options(parser, LoadOptions)
    add("-q", "--quiet", action="store_true", help="print nothing but errors")


def run(asked: argparse.Namespace) -> None:
    """Serve until the process is told to end."""
    from emoface.serve.limits import Limits
    from emoface.serve.run import Doors, serve

    limits = Limits(**{one.name: getattr(asked, one.name) for one in fields(Limits)})
    doors = Doors(
        host=asked.host, port=asked.port, grpc_port=asked.grpc_port, token_file=asked.token_file,
        origins=tuple(asked.allow_origin),
    )  # fmt: skip
    serve(
        lambda: loaded(asked), doors, limits, ready=lambda line: asked.quiet or print(line, flush=True),
        workers=asked.workers,
    )  # fmt: skip
