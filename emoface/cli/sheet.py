"""``emoface sheet``: a page of small pictures, emotions by intensities or shapes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from emoface.cli.arguments import Commands, parse_numbers
from emoface.cli.view import add_view, view_of


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("sheet", help="a page of small pictures: emotions by intensities, or shapes")
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("subject", choices=("emotions", "shapes"), help="the face speaking in every emotion, or each of its shapes")
    add("-o", "--out", type=Path, required=True, metavar="PNG", help="the page")
    add("--audio", type=Path, metavar="FILE", help="recording spoken on the page of emotions (the bundled clip)")
    add("--at", type=float, metavar="SECONDS", help="its moment (where the jaw opens widest)")
    add("--levels", type=parse_numbers, default=[1.0, 2.0, 3.0], metavar="L,...", help="of the emotions, 0..3 (1,2,3)")
    add("--seed", type=int, default=0, metavar="N", help="of the takes (0)")
    add("--checkpoint", type=Path, metavar="FILE", help="instead of the default one")
    add_view(parser, 220, 1.3)


def run(asked: argparse.Namespace) -> None:
    """Draw the page and name it on standard output."""
    from emoface.files import check_writable
    from emoface.render import write_png
    from emoface.render.sheet import animations_sheet, shapes_sheet

    if asked.out.suffix.lower() != ".png":
        raise ValueError(f"--out must be a .png, got {asked.out}")
    check_writable(asked.out)
    view = view_of(asked)
    if asked.subject == "shapes":
        page = shapes_sheet(**view)
    else:
        page = animations_sheet(*_emotions(asked), **view)
    write_png(asked.out, page)
    print(asked.out)


def _emotions(asked: argparse.Namespace) -> tuple[dict[str, list[Any]], list[str], float]:
    """Per level every emotion, the emotions' names, and the moment to look at."""
    from emoface.api import animate
    from emoface.binding.emotions import EMOTIONS
    from emoface.demo import demo_path

    recording, options = asked.audio or demo_path(), {"seed": asked.seed, "checkpoint": asked.checkpoint}
    rows = {}
    for level in asked.levels:
        rows[f"{level:g}"] = [
            animate(recording, emotion=(emotion, level), blink=False, gaze=False, **options) for emotion in EMOTIONS
        ]
    neutral = next(iter(rows.values()))[0]
    widest = (int(neutral.jaw_pose[:, 0].argmax()) + 0.5) / neutral.fps
    return rows, list(EMOTIONS), widest if asked.at is None else asked.at
