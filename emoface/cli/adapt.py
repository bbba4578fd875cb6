"""``emoface adapt``: learn a person from clips of the person."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from emoface.cli.arguments import Commands


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("adapt", help="learn how a person speaks from clips of the person")
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("clips", metavar="CLIPS", type=Path, help=(
        "folder of films of one person; or of motion (.npz, Live Link .csv) or landmark tracks (faces.npz) beside "
        "recordings of the same names"))  # fmt: skip
    add("-o", "--out", type=Path, default=Path("me.safetensors"), metavar="OUT", help=(
        "the adapter, for --style-adapter and style=; a report with .html stands beside it (me.safetensors)"
    ))  # fmt: skip
    add("--checkpoint", type=Path, metavar="FILE", help="that it belongs to (the bundled one)")
    add("--config", type=Path, metavar="JSON", help="settings of the training, see emoface.training.adapt.AdaptConfig")
    add("--model", type=Path, metavar="FILE", help="the landmark net face_landmarker.task, for films")
    add("-q", "--quiet", action="store_true", help="print nothing but errors")


def run(asked: argparse.Namespace) -> None:
    """Learn, report, and write the adapter if the held-out clips are nearer with it."""
    from emoface.files import check_writable
    from emoface.people import save_adapter
    from emoface.pipeline import load
    from emoface.training.adapt import AdaptConfig, adapt, read_person
    from emoface.training.adapt.report import write_page
    from emoface.training.run import read_config

    if asked.out.suffix.lower() != ".safetensors":
        raise ValueError(f"--out must end in .safetensors, got {asked.out}")
    settings = read_config(AdaptConfig, asked.config)
    page = asked.out.with_suffix(".html")
    for path in (asked.out, page):
        check_writable(path)
    tell = _Telling(asked.quiet)
    pipeline = load(asked.checkpoint)
    person = read_person(asked.clips, asked.model, lambda name: tell(f"read {name}", 0))
    for name, why in person.left_out.items():
        tell.line(f"left out {name}: {why}")
    tell.line(f"{len(person.clips)} clips, {person.seconds:.0f} s")
    found = adapt(pipeline, person.split(), settings, tell)
    tell.end()
    write_page(page, found, person, asked.out.name, found.supported)
    for figure, before in found.comparison.figures["checkpoint"].items():
        after = found.comparison.figures["adapted"][figure]
        if before is not None and after is not None:
            tell.line(f"held out, {figure}: {before:.3f} -> {after:.3f}")
    if not found.supported:
        raise ValueError(f"clips do not support an adapter: held-out lips are not nearer with it, see {page}")
    save_adapter(asked.out, found.adapter)
    tell.line(f"{asked.out}: held-out lips are {100 * found.comparison.gain:.0f} % nearer; {page} tells more")


class _Telling:
    """What is done, on one line of a terminal."""

    def __init__(self, quiet: bool) -> None:
        self.quiet, self.moves = quiet, not quiet and sys.stderr.isatty()

    def __call__(self, what: str, share: float) -> None:
        if self.moves:
            print(f"\r{what} {100 * share:3.0f} %".ljust(60), end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self.moves:
            print("\r" + " " * 60 + "\r", end="", file=sys.stderr, flush=True)

    def line(self, text: str) -> None:
        """Say something that stays."""
        if not self.quiet:
            self.end()
            print(text)
