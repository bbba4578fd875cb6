"""``emoface eval``: measure every figure of a checkpoint, or its quality against its speed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from emoface.cli.arguments import Commands, check_folder


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("eval", help="measure every figure of a checkpoint")
    parser.add_argument("--assets", type=Path, metavar="DIR", help="folder of recorded data sets ($EMOFACE_ASSETS)")
    parser.add_argument("--quick", action="store_true", help="fewer recordings, in a minute or two")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the report")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="instead of the default one")
    parser.add_argument("--against", type=Path, metavar="FILE", help="another checkpoint, whose figures stand beside")
    parser.add_argument("--only", metavar="PART,...", help="these parts alone, such as strangers,lips")
    parser.add_argument("--captures", type=Path, metavar="DIR", help="folder of motion fitted to landmark tracks")
    parser.add_argument("--folds", type=Path, metavar="DIR", help="checkpoints trained without a recording each")
    parser.add_argument("--curve", action="store_true", help="quality against speed over numbers of steps instead")
    parser.add_argument("--student", type=Path, metavar="FILE", help="with --curve: a distilled checkpoint beside it")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> None:
    """Measure, write the report into ``--out`` and print its tables."""
    check_folder(asked.assets, "--assets")
    if asked.student is not None and not asked.curve:
        raise ValueError("--student belongs to --curve")
    for name in ("against", "only", "captures", "folds"):
        if getattr(asked, name) is not None and asked.curve:
            raise ValueError(f"--{name} does not go with --curve")
    check_folder(asked.captures, "--captures")
    check_folder(asked.folds, "--folds")
    from emoface.evaluation import curve_markdown, evaluate, markdown, quality_curve

    def progress(part: str) -> None:
        print(f"measuring {part}", file=sys.stderr, flush=True)

    if asked.curve:
        report = quality_curve(asked.checkpoint, asked.student, asked.assets, asked.out, asked.quick, progress)
        print(curve_markdown(report))
        return
    only = None if asked.only is None else [name.strip() for name in asked.only.split(",")]
    report = evaluate(
        asked.checkpoint, asked.assets, asked.out, asked.quick, progress, asked.against,
        only=only, captures=asked.captures, folds=asked.folds,
    )  # fmt: skip
    print(markdown(report))
