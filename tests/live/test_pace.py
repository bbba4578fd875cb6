"""Deadlines do not drift, whatever sleeping and working take."""

from __future__ import annotations

import pytest

from emoface.live.pace import Pace


class Clock:
    """Time that passes by sleeping, a little longer than asked for, and by work."""

    def __init__(self, oversleep: float = 0.0) -> None:
        self.now, self.oversleep, self.slept = 100.0, oversleep, 0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds + self.oversleep
        self.slept += 1


def test_a_minute_of_ticks_drifts_by_less_than_two_milliseconds() -> None:
    clock = Clock(oversleep=0.0004)
    pace = Pace(60, clock, clock.sleep)
    for tick in range(3600 + 1):
        assert pace.wait() == 1
        clock.now += 0.003 if tick % 7 else 0.011  # sending takes its time
    end = clock.now - 0.003
    assert abs(end - 100 - 60) < 0.002 and pace.latest < 0.002 and pace.missed == 0


def test_a_tick_is_never_early_and_there_is_no_burst_after_a_gap() -> None:
    clock = Clock()
    pace = Pace(50, clock, clock.sleep)
    assert pace.wait() == 1 and clock.slept == 0
    clock.now += 0.1305  # six whole periods and a half
    assert pace.wait() == 6 and pace.missed == 5
    assert pace.late == pytest.approx(0.0105) and pace.latest == pytest.approx(0.1105)
    assert pace.wait() == 1 and clock.now == pytest.approx(100 + 7 / 50)
    assert pace.elapsed == pytest.approx(7 / 50)


def test_rates() -> None:
    with pytest.raises(ValueError, match="rate must be"):
        Pace(0)
    with pytest.raises(TypeError, match="rate must be a number"):
        Pace("60")  # type: ignore[arg-type]
