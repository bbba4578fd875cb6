"""Ticks at an exact rate: every one has a deadline of its own, so that lateness never adds up."""

from __future__ import annotations

import time
from collections.abc import Callable

from emoface import checks


class Pace:
    """Waits for tick after tick; tick k is due at ``start + k / rate``, whatever those before it took.

    A tick that is late by whole periods (the machine slept, or was busy) is not made up for by a burst: those periods
    are counted in :attr:`missed` and left out.

    Attributes:
        rate: ticks per second. missed: periods that were left out.
        late: seconds by which the last tick came after its deadline. latest: the most that any tick was late.
    """

    def __init__(
        self,
        rate: float,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Start: tick 0 is due at once.

        Args:
            rate: ticks per second. clock: gives seconds that only rise. sleep: waits for so many seconds.

        Raises:
            TypeError, ValueError: the rate is no number above 0.
        """
        self.rate = checks.number("rate", rate, 1e-3, 1e5, note="ticks per second")
        self._clock, self._sleep = clock, sleep
        self._start = clock()
        self._next = 0
        self.missed = 0
        self.late = self.latest = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._start

    def wait(self) -> int:
        """Sleep until the next tick is due.

        Returns:
            The number of periods since the tick before: 1, or more where some were missed.
        """
        due = self._start + self._next / self.rate
        while (left := due - self._clock()) > 0:
            self._sleep(left)
        periods = int(-left * self.rate)  # whole ones that have passed since
        self.late = -left - periods / self.rate
        self.latest = max(self.latest, -left)
        self.missed += periods
        self._next += periods + 1
        return periods + 1
