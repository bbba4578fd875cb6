"""``emoface studio``: a page on which a performance is directed, heard and seen."""

from __future__ import annotations

import argparse
from pathlib import Path

from emoface.cli.arguments import Commands
from emoface.cli.doors import add_doors, add_limits, loaded
from emoface.cli.options_flags import add_options
from emoface.cli.view import add_identity
from emoface.options import LoadOptions

LIMITS = ("files", "file_bytes", "file_seconds")


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("studio", help="direct a performance on a page in the browser")
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("audio", type=Path, nargs="?", metavar="AUDIO", help="the voice (the page opens others)")
    add("--direct", type=Path, metavar="FILE", help="a direction to begin with: .json, .srt, .vtt or .txt")
    add_identity(parser)
    add_doors(parser)
    add_limits(parser, LIMITS)
    add_options(parser, LoadOptions)
    add("-q", "--quiet", action="store_true", help="print nothing but errors")


def run(asked: argparse.Namespace) -> None:
    """Serve the page until the process is told to end."""
    from emoface.serve.limits import Limits
    from emoface.serve.run import Doors
    from emoface.studio.run import run as run_studio

    limits = Limits(**{name: getattr(asked, name) for name in LIMITS})
    doors = Doors(host=asked.host, port=asked.port, token_file=asked.token_file)
    run_studio(
        lambda: loaded(asked), doors, limits, asked.audio, asked.direct,
        ready=lambda line: asked.quiet or print(line, flush=True), identity=asked.identity,
    )  # fmt: skip
