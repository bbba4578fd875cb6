"""Frame rates: what people write for them, and the exact number that is meant."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

from emoface import checks

MAX_FPS = 1000.0
NTSC = (24, 30, 48, 60, 120)
"""Rates of which 1000/1001 is in use: 29.97 is short for 30000/1001."""
ROUNDED = 0.006
"""Frames per second by which a rate may be off such a fraction: 23.98, 59.94."""


def frame_rate(fps: Any, name: str = "fps", low: float = -math.inf, high: float = MAX_FPS) -> float:
    """Frames per second as the exact number that is meant.

    Args:
        fps: a number, a ``Fraction``, or text such as ``"25"`` and ``"30000/1001"``. The decimals of a rate of NTSC,
            such as 23.976 and 29.97, mean the fraction that they are short for.
        name: of the argument, for errors. low, high: the range, ends included.

    Returns:
        The float closest to the rate.

    Raises:
        TypeError: neither a number nor text. ValueError: text that is no rate, or not positive and in the range.
    """
    if isinstance(fps, str):
        if not re.fullmatch(r"\s*\d{1,9}(\.\d{1,15}|/[1-9]\d{0,8})?\s*", fps, re.ASCII):
            raise ValueError(f"{name} must be a number or a fraction such as 30000/1001, got {fps!r:.60}")
        fps = Fraction(fps.strip())
    rate = checks.number(name, fps, low, high, above=-math.inf if low > 0 else 0)
    for whole in NTSC:
        exact = Fraction(whole * 1000, 1001)
        if abs(rate - exact) < ROUNDED:
            return float(exact)
    return rate
