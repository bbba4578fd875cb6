"""Wall-clock times that can be compared: interleaved runs, medians, and the machine they were taken on."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch

Name = TypeVar("Name")


def machine() -> dict[str, Any]:
    """CPU model, threads, versions and load (runnable processes, last minute) that a time belongs to."""
    model = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return {
        "cpu": model, "threads": torch.get_num_threads(), "torch": torch.__version__,
        "python": platform.python_version(), "load": round(os.getloadavg()[0], 2),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }  # fmt: skip


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Run a block with so many torch threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def medians(
    work: Mapping[Name, Callable[[], Any]], runs: int = 7, warm_up: int = 1, budget: float = float("inf")
) -> dict[Name, float]:
    """Median seconds of several pieces of work, run in turn (a b c a b c ...) so that all see the same machine.

    Args:
        work: name -> function. runs: timed runs of each. warm_up: runs of each before.
        budget: seconds after which no further round is begun once each was timed.

    Returns:
        name -> median seconds.

    Raises:
        ValueError: ``runs`` is not positive.
    """
    if runs < 1:
        raise ValueError(f"runs must be at least 1, got {runs}")
    times: dict[Name, list[float]] = {name: [] for name in work}
    began = time.perf_counter()
    for run in range(warm_up + runs):
        if run > warm_up and time.perf_counter() - began > budget:
            break
        for name, function in work.items():
            start = time.perf_counter()
            function()
            if run >= warm_up:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


COLD_SCRIPT = """
import sys, time
start = time.perf_counter()
import torch
torch.set_num_threads(int(sys.argv[3]))
import emoface
imported = time.perf_counter()
emoface.animate(sys.argv[1], emotion="happy", checkpoint=sys.argv[2] or None)
print(imported - start, time.perf_counter() - imported)
"""


def cold_start(audio: str | Path, checkpoint: str | Path | None = None, threads: int = 2) -> tuple[float, float]:
    """Seconds of ``import emoface`` with torch, and of the first ``animate`` after it, in a fresh process.

    Args:
        audio: recording to animate. checkpoint: None for the default one. threads: torch threads.

    Returns:
        (import, first animate), seconds.

    Raises:
        RuntimeError: the process failed.
    """
    command = [sys.executable, "-c", COLD_SCRIPT, str(audio), str(checkpoint or ""), str(threads)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the first call in a fresh process failed: {done.stderr.strip()[-500:]}")
    imported, first = map(float, done.stdout.split()[-2:])
    return imported, first
