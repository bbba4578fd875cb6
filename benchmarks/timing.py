"""Interleaved timing of one engine against others, and rows of the table of targets."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

from emoface.info import cpu_model
from emoface.kernels._runtime import native

Clock = Callable[[], float]


def against(
    benchmark: Any, ours: Callable[[], Any], others: Mapping[str, Callable[[], Any]], rounds: int, clock: Clock
) -> tuple[float, dict[str, float]]:
    """Least times in seconds of ours and of each other, every round timing all of them in turn.

    With `time.process_time` as the clock, the CPU time of all threads counts: other load on the machine then matters
    little, but waiting threads count too.
    """
    best = dict.fromkeys(others, float("inf"))
    own = [float("inf")]

    def timed(function: Callable[[], Any]) -> float:
        start = clock()
        function()
        return clock() - start

    def setup() -> None:
        for name, function in others.items():
            best[name] = min(best[name], timed(function))

    def once() -> None:
        own[0] = min(own[0], timed(ours))

    setup()
    once()
    best.update(dict.fromkeys(others, float("inf")))
    own[0] = float("inf")
    benchmark.pedantic(once, setup=setup, rounds=rounds, iterations=1)
    benchmark.extra_info.update(
        milliseconds={"ours": round(own[0] * 1e3, 3), **{name: round(value * 1e3, 3) for name, value in best.items()}},
        cpu=cpu_model(), isa=native.CPU.isa() if native.CPU else None, torch=torch.__version__,
        load=round(os.getloadavg()[0], 1), clock=clock.__name__,
    )  # fmt: skip
    return own[0], best


def target(benchmark: Any, what: str, reached: float, must: str, stretch: str, unit: str = "x") -> None:
    """Add a row to the table of targets that is printed at the end."""
    rows = benchmark.extra_info.setdefault("targets", [])
    rows.append({"what": what, "reached": f"{reached:.3g}{unit}", "must": must, "stretch": stretch})


process_time = time.process_time
wall_time = time.perf_counter
