"""``emoface compare``: vertex errors of motion against true motion of the open head."""

from __future__ import annotations

import argparse
from pathlib import Path

from emoface.cli.arguments import Commands
from emoface.export.formats import READABLE


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("compare", help="vertex errors of motion against true motion of the open head")
    parser.add_argument("prediction", type=Path, metavar="PREDICTION", help=f"{', '.join(READABLE)}, or a folder")
    parser.add_argument("truth", type=Path, metavar="TRUTH", help="the same; files of one name belong together")
    parser.add_argument("--split", metavar="TEXT", help="which data these are (default: the name of TRUTH)")
    parser.add_argument("--cut", action="store_true", help="compare the frames that both have where one is longer")
    parser.add_argument("--out", type=Path, metavar="JSON", help="write the figures to a file too")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> None:
    """Print the figures, and write them to ``--out``."""
    import json
    from dataclasses import asdict

    from emoface.files import write_text
    from emoface.metrics.compare import compare, load_pairs

    split = asked.split or asked.truth.resolve().name
    figures = compare(*load_pairs(asked.prediction, asked.truth), split, cut=asked.cut)
    if asked.out is not None:
        write_text(asked.out, json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")
    print("\n".join(map(str, figures)))
