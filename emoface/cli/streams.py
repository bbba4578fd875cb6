"""Standard streams that the shell closed, and file names that are not text."""

from __future__ import annotations

import io
import os
import sys


def open_streams() -> None:
    """Open the null device in place of closed standard streams (``2>&-``), and let the bytes of file names through.

    Otherwise the next file that is opened gets the number of the closed stream, and what libraries write there.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")
