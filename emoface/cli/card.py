"""``emoface card``: write the model card of a checkpoint."""

from __future__ import annotations

import argparse
from pathlib import Path

from emoface.cli.arguments import Commands


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("card", help="write the model card of a checkpoint")
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="instead of the default one; its .json beside it"
    )
    parser.add_argument("--evaluation", type=Path, metavar="JSON", help="evaluation.json of a whole eval of it")
    parser.add_argument("--out", type=Path, metavar="FILE", help="MODEL_CARD.md beside the checkpoint if left out")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> None:
    """Write the card and name it on standard output."""
    from emoface.evaluation.card import write_card

    print(write_card(asked.checkpoint, asked.evaluation, asked.out))
