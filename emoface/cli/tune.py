"""``emoface tune``: measure the tiles of the Triton kernels."""

from __future__ import annotations

import argparse

from emoface.cli.arguments import Commands


def add_command(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("tune", help="measure the tiles of the Triton kernels on this GPU, once, ahead of use")
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> None:
    """Measure and name the file of tiles."""
    from emoface.kernels._triton import tiles

    print(tiles.tune())
