"""Frame rates as people write them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from emoface.animation import Animation
from emoface.rates import frame_rate


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (29.97, Fraction(30000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        (Fraction(30000, 1001), Fraction(30000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        (30000 / 1001, Fraction(30000, 1001)),
        (np.float32(29.97), Fraction(30000, 1001)),
        (23.976, Fraction(24000, 1001)),
        (23.98, Fraction(24000, 1001)),
        (47.952, Fraction(48000, 1001)),
        (59.94, Fraction(60000, 1001)),
        (119.88, Fraction(120000, 1001)),
        (25, 25),
        ("25", 25),
        (" 12.5 ", Fraction(25, 2)),
        (30, 30),
        (29.9, Fraction(299, 10)),
        (24, 24),
        (1000, 1000),
    ],
)
def test_what_is_meant(given: object, meant: Fraction) -> None:
    assert frame_rate(given) == pytest.approx(float(meant), abs=1e-12)


@pytest.mark.parametrize("text", ["", "x", "1/0", "30/", "-25", "inf", "nan", "1e2", "1/2/3", "9" * 400])
def test_text_that_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="speed must be"):
        frame_rate(text, "speed")


@pytest.mark.parametrize(("fps", "kind"), [(0, ValueError), (1001, ValueError), (None, TypeError), (True, TypeError)])
def test_numbers_that_are_no_rate(fps: object, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="fps must be"):
        frame_rate(fps)


def test_a_motion_has_the_exact_rate() -> None:
    still = np.zeros((30, 52), np.float32)
    for fps in (29.97, "30000/1001", Fraction(30000, 1001)):
        assert Animation.from_arkit(still, fps).fps == 30000 / 1001
    assert Animation.from_arkit(still, 30).resample("30000/1001").fps == 30000 / 1001
