"""``emoface batch``: a folder of recordings becomes a folder of motion."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from emoface.cli.arguments import Commands
from emoface.cli.options_flags import add_options, given_options
from emoface.export.formats import FORMATS
from emoface.options import AnimateOptions, LoadOptions

if TYPE_CHECKING:
    from emoface.jobs import Outcome

WIDTH = 30  # of the bar


def add_command(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("batch", help="make faces speak all recordings of a folder")
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("source", type=Path, metavar="IN", help="folder of recordings, with those below it")
    add("out", type=Path, metavar="OUT", help="folder of results; what is finished there is skipped")
    add("--format", action="append", choices=[suffix.lstrip(".") for suffix in FORMATS], help=(
        "of the results, may be given several times (npz)"))  # fmt: skip
    add("--manifest", type=Path, metavar="FILE", help=(
        "CSV with a column file and others named after options (emotion, level, intensity, ...), or JSON "
        '{"file": {"emotion": "sad"}}: what differs for single recordings'))  # fmt: skip
    add("--workers", type=int, metavar="N", help="processes, or actors of a cluster (one a core)")
    add("--ray", metavar="ADDRESS", help="run on a Ray cluster: auto, ray://HOST:10001, or local to start one here")
    add_options(parser, AnimateOptions)
    add_options(parser, LoadOptions, leave_out=("threads",))
    add("-q", "--quiet", action="store_true", help="print nothing but errors")


def run(asked: argparse.Namespace) -> None:
    """Animate what is not finished; then tell what failed."""
    from emoface.jobs import run_batch

    given = given_options(asked)
    report = run_batch(
        asked.source, asked.out, AnimateOptions.among(given), formats=[f".{name}" for name in asked.format or ["npz"]],
        manifest=asked.manifest, loading=LoadOptions.among(given), workers=asked.workers, ray=asked.ray,
        progress=None if asked.quiet else _progress(),
    )  # fmt: skip
    if not asked.quiet:
        seconds = sum(outcome.seconds for outcome in report.finished)
        print(
            f"{len(report.finished)} animated ({seconds:.1f} s of speech), {len(report.skipped)} finished before, "
            f"{len(report.failed)} failed"
        )
    for outcome in report.failed:
        print(f"emoface: {outcome.name}: {outcome.error}", file=sys.stderr)
    if report.failed:
        known = len(report.finished) + len(report.skipped) + len(report.failed)
        raise ValueError(f"{len(report.failed)} of {known} recordings failed; the next call tries again")


def _progress() -> Callable[[Outcome, int, int], None]:
    """A bar in place on a terminal, a line a recording elsewhere."""
    begun, failed = time.monotonic(), 0
    first: int | None = None

    def show(outcome: Outcome, done: int, count: int) -> None:
        nonlocal failed, first
        failed += bool(outcome.error)
        first = done - 1 if first is None else first
        if not sys.stderr.isatty():
            print(f"{done}/{count} {outcome.name}{': failed' if outcome.error else ''}", file=sys.stderr)
            return
        left = (time.monotonic() - begun) / (done - first) * (count - done)
        bar = "#" * (WIDTH * done // count)
        line = f"\r[{bar:{WIDTH}}] {done}/{count}, {failed} failed, {left / 60:.1f} min left "
        print(line, end="" if done < count else "\n", file=sys.stderr, flush=True)

    return show
