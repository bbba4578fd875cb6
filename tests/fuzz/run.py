"""Fuzz all loaders: ``python -m tests.fuzz.run [INPUTS] [--seed N] [--loader NAME]``; exit code 1 if a fault was found.

Every input is a function of the seed, the loader's name and its number, so that a fault can be had again:
``python -m tests.fuzz.run --show 'motion .npz' 1234 > input.npz``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.loaders import LOADERS

ROOT = Path(__file__).resolve().parents[2]
STUCK = 120
"""Seconds after which a worker that still looks at the same input is killed."""


@dataclass
class Result:
    """What a loader made of its inputs."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[dict[str, Any]] = field(default_factory=list)
    slowest: float = 0.0


def fuzz(name: str, inputs: int, seed: int, chunk: int = 2000) -> Result:
    """Feed a loader in processes of their own, so that a crash is a fault like others."""
    result, start = Result(), 0
    while start < inputs:
        stop = min(start + chunk, inputs)
        with tempfile.NamedTemporaryFile() as note:
            reached, said = _work(name, start, stop, seed, note.name)
        if said is not None:
            result.counts.update(said["counts"])
            result.faults += said["faults"]
            result.slowest = max(result.slowest, said["slowest"])
            start = stop
        elif reached < start:
            raise RuntimeError(f"{name}: the worker did not begin")
        else:  # what came before the crash is fed again, as its results are lost
            result.faults.append({"input": reached, "kind": "crash", "wrong": "the process died or stood still"})
            result.counts["crash"] += 1
            _, said = _work(name, start, reached, seed, os.devnull) if reached > start else (0, None)
            if said is not None:
                result.counts.update(said["counts"])
                result.faults += said["faults"]
            start = reached + 1
    return result


def _work(name: str, start: int, stop: int, seed: int, note: str) -> tuple[int, dict[str, Any] | None]:
    """The number of the last input that a worker began, and what it said if it came to its end."""
    command = [sys.executable, "-m", "tests.fuzz.worker", name, str(start), str(stop), str(seed), note]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    before = None
    while True:
        try:
            out, complaints = process.communicate(timeout=STUCK)
            break
        except subprocess.TimeoutExpired:
            now = Path(note).read_text() if note != os.devnull else None
            if now == before:
                process.kill()
            before = now
    reached = Path(note).read_text() if note != os.devnull else ""
    if process.returncode == 0:
        return stop, json.loads(out)
    print(f"{name}: exit code {process.returncode} at input {reached.strip() or '?'}", file=sys.stderr)
    print(complaints[-1500:], file=sys.stderr)
    return int(reached or start - 1), None


def shares(inputs: int) -> dict[str, int]:
    """How many of the inputs each loader gets."""
    total = sum(loader.share for loader in LOADERS.values())
    return {name: max(round(inputs * loader.share / total), 1) for name, loader in LOADERS.items()}


def main() -> int:
    """Fuzz and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0])
    parser.add_argument("inputs", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--loader", choices=list(LOADERS))
    parser.add_argument("--show", nargs=2, metavar=("NAME", "NUMBER"), help="write one input to standard output")
    asked = parser.parse_args()
    if asked.show:
        name, number = asked.show
        sys.stdout.buffer.write(LOADERS[name].input(Random(f"{asked.seed} {name} {number}")))
        return 0
    found = 0
    for name, inputs in ({asked.loader: asked.inputs} if asked.loader else shares(asked.inputs)).items():
        result = fuzz(name, inputs, asked.seed)
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in result.counts.most_common())
        print(f"{name:22} {inputs:7,} inputs, slowest {result.slowest:.2f} s: {kinds}", flush=True)
        for fault in result.faults[:20]:
            print(f"    input {fault['input']}: {fault['kind']}: {fault['wrong']}", flush=True)
        found += len(result.faults)
    print(f"{found} faults")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
