"""``emoface sheet``: a page of small pictures: emotions by intensities, shapes, or moments of a directed take."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from emoface import checks
from emoface.cli.arguments import Commands, parse_numbers
from emoface.cli.view import add_view, view_of


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("sheet", help="a page of small pictures: emotions, shapes, or a directed take")
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("subject", choices=("emotions", "shapes", "direction"), help=(
        "the face speaking in every emotion, each of its shapes, or moments of a take as it was and as directed"))
    add("file", type=Path, nargs="?", metavar="DIRECTION", help=(
        ".json, .srt, .vtt or .txt on the page of a direction (the scenes of the cookbook in docs/direction.md)"))
    add("--scenes", type=parse_numbers, metavar="N,...", help="of the cookbook, from 1 (all)")
    add("-o", "--out", type=Path, required=True, metavar="PNG", help="the page")
    add("--audio", type=Path, metavar="FILE", help="recording that is spoken (the bundled clip)")
    add("--at", type=parse_numbers, metavar="S,...", help=(
        "its moment, or moments of a direction (where the jaw opens widest; five moments)"))
    add("--levels", type=parse_numbers, default=[1.0, 2.0, 3.0], metavar="L,...", help="of the emotions, 0..3 (1,2,3)")
    add("--seed", type=int, default=0, metavar="N", help="of the takes (0)")
    add("--checkpoint", type=Path, metavar="FILE", help="instead of the default one")
    add("--colours", type=int, metavar="N", help="at most, 2 to 256, for a small file (all)")
    add_view(parser, 220, 1.1)


def run(asked: argparse.Namespace) -> None:
    """Draw the page and name it on standard output."""
    from emoface.files import check_writable
    from emoface.render import write_palette_png, write_png
    from emoface.render.sheet import animations_sheet, shapes_sheet

    if asked.out.suffix.lower() != ".png":
        raise ValueError(f"--out must be a .png, got {asked.out}")
    if asked.file is not None and asked.subject != "direction":
        raise ValueError(f"a direction goes with the page of one, got {asked.file} for {asked.subject}")
    if asked.colours is not None:
        checks.whole("colours", asked.colours, 2, 256)
    check_writable(asked.out)
    view = view_of(asked)
    if asked.subject == "shapes":
        page = shapes_sheet(**view)
    elif asked.subject == "direction":
        page = _directed(asked, view)
    else:
        page = animations_sheet(*_emotions(asked), **view)
    if asked.colours is None:
        write_png(asked.out, page)
    else:
        write_palette_png(asked.out, page, asked.colours)
    print(asked.out)


def _directed(asked: argparse.Namespace, view: dict[str, Any]) -> Any:
    """A page for a direction, or pages of the cookbook's scenes side by side."""
    import numpy as np

    from emoface.api import animate
    from emoface.demo import demo_path
    from emoface.direct.direction import Direction
    from emoface.direct.scenes import SCENES
    from emoface.render.sheet import moments_sheet

    recording = asked.audio or demo_path()

    def page(direction: Any, seconds: Any, title: str, options: Any) -> Any:
        own = {"seed": asked.seed, "checkpoint": asked.checkpoint, **options}
        takes = {"as it was": animate(recording, **own), "directed": animate(recording, direction=direction, **own)}
        duration = takes["directed"].duration
        moments = seconds or [round(duration * (number + 0.5) / 5, 2) for number in range(5)]
        return moments_sheet(takes, moments, title, **view)

    if asked.file is not None:
        return page(Direction.load(asked.file), asked.at, asked.file.stem, {})
    numbers = asked.scenes or range(1, len(SCENES) + 1)
    for number in numbers:
        if number not in range(1, len(SCENES) + 1):
            raise ValueError(f"--scenes must be numbers from 1 to {len(SCENES)}, got {number:g}")
    scenes = [(int(number), SCENES[int(number) - 1]) for number in numbers]
    pages = [
        page(scene.direction(), asked.at or scene.moments, f"{number}. {scene.title}", scene.options)
        for number, scene in scenes
    ]
    if len(pages) % 2 and len(pages) > 1:
        pages.append(np.full_like(pages[0], pages[0][0, 0]))
    rows = [np.concatenate(pages[place : place + 2], 1) for place in range(0, len(pages), 2)]
    return np.concatenate(rows)


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
    return rows, list(EMOTIONS), widest if asked.at is None else asked.at[0]
