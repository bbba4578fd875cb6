"""A line on the terminal that tells how far long work is."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

WIDE = 24  # characters of the bar


def progress_of(asked: argparse.Namespace) -> Callable[[float], None] | None:
    """What draws a bar on the terminal as it hears shares from 0 to 1; None without one, or with ``--quiet``."""
    if asked.quiet or not sys.stderr.isatty():
        return None
    begun = time.monotonic()

    def show(share: float) -> None:
        left = (time.monotonic() - begun) * (1 - share) / max(share, 1e-6)
        full = int(WIDE * share)
        line = f"{'█' * full}{'░' * (WIDE - full)} {100 * share:3.0f} %  {int(left) // 60}:{int(left) % 60:02d} left"
        print(f"\r{line}" if share < 1 else f"\r{' ' * len(line)}\r", end="", file=sys.stderr, flush=True)

    return show
