"""A process that feeds a loader with inputs, watched in memory, time and what it raises; see run.py."""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import torch

from tests.fuzz.loaders import LOADERS, Loader

LONGEST = 3.0
"""Seconds of processor time that a load may take."""
EXPECTED = (ValueError, TypeError, OSError)
"""Classes that tell a user what is wrong; others are faults of ours."""
BUDGET = "16M"


class Hang(BaseException):
    """A load took too long."""


def _alarm(*_: object) -> None:
    raise Hang


def _size() -> int:
    """Bytes of address space."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def judge(loader: Loader, path: Path) -> tuple[str, str]:
    """Load a file: the class of what came of it ("accepted" if nothing was raised), and what is wrong about that."""
    limit = _size() + (loader.memory << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    try:
        loader.load(path)
        return "accepted", ""
    except Hang:
        return "Hang", f"more than {LONGEST} s"
    except BaseException as error:
        signal.setitimer(signal.ITIMER_PROF, 0)
        return type(error).__name__, fault(error, path)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def fault(error: BaseException, path: Path) -> str:
    """What is wrong about an error; empty where it is one that tells."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError) or "allocate memory" in str(cause) or isinstance(cause, Hang):
            return f"out of memory: {cause!r:.300}" if not isinstance(cause, Hang) else "a hang that was caught"
        cause = cause.__cause__ or cause.__context__
    if not isinstance(error, EXPECTED):
        return f"unexpected: {error!r:.300}"
    words = str(error)
    if path.name not in words and path.parent.name not in words and "FaceXModel" not in words:
        return f"does not name the file: {words:.300}"
    return "" if len(words) < 4000 else f"a message of {len(words)} characters: {words:.300}"


def feed(name: str, start: int, stop: int, seed: int, note: int) -> dict[str, Any]:
    """Feed inputs start..stop to a loader; the file ``note`` says where it stands. What came of it."""
    loader = LOADERS[name]
    counts: Counter[str] = Counter()
    faults: list[dict[str, Any]] = []
    slowest = 0.0
    with tempfile.TemporaryDirectory(prefix="emoface-fuzz-") as folder:
        path = Path(folder) / f"input{loader.suffix}"
        for data in loader.all_seeds():
            path.write_bytes(data)
            judge(loader, path)  # what is imported and cached at first shall not count
        for number in range(start, stop):
            data = loader.input(Random(f"{seed} {name} {number}"))
            path.write_bytes(data)
            os.pwrite(note, json.dumps([name, number]).ljust(80).encode(), 0)
            begun = time.process_time()
            kind, wrong = judge(loader, path)
            slowest = max(slowest, time.process_time() - begun)
            counts[kind] += 1
            if wrong:
                faults.append({"input": number, "kind": kind, "wrong": wrong})
    return {"name": name, "start": start, "stop": stop, "counts": counts, "faults": faults, "slowest": slowest}


def main(tasks: list[list[Any]], seed: int, note: str) -> None:
    """Feed several loaders; a line of JSON on standard output for each that is done."""
    warnings.simplefilter("ignore")
    faulthandler.enable()
    torch.set_num_threads(1)
    os.environ["EMOFACE_BUDGET"] = BUDGET
    signal.signal(signal.SIGPROF, _alarm)
    handle = os.open(note, os.O_RDWR)
    for name, start, stop in tasks:
        print(json.dumps(feed(name, start, stop, seed, handle)), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
