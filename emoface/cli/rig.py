"""``emoface rig``: which shapes of a head were recognised, and as what."""

from __future__ import annotations

import argparse
from pathlib import Path

from emoface.cli.arguments import Commands
from emoface.cli.view import add_names


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("rig", help="which shapes of an avatar were recognised, and as what")
    parser.add_argument("face", type=Path, metavar="FACE", help="an avatar (.glb, .vrm), or ICT-FaceKit")
    add_names(parser)
    parser.add_argument("--json", action="store_true", help="as JSON; its names can be edited and given to --names")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> None:
    """Print the report."""
    import json

    from emoface.face.rigs import load_rig
    from emoface.face.rigs.report import report_text, rig_report

    report = rig_report(load_rig(asked.face, asked.names))
    print(json.dumps(report, indent=2, ensure_ascii=False) if asked.json else report_text(report))
