"""``emoface info``: what is installed and which back ends run."""

from __future__ import annotations

import argparse

from emoface.cli.arguments import Commands


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("info", help="what is installed and which back ends run")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> None:
    """Print the report."""
    from emoface.info import main as info

    info(["--json"] if asked.json else [])
