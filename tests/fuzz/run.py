"""Fuzz all loaders: ``python -m tests.fuzz.run [INPUTS] [--seed N] [--loader NAME]``; exit code 1 if a fault was found.

Every input is a function of the seed, the loader's name and its number, so that a fault can be had again:
``python -m tests.fuzz.run --show 'motion .npz' 1234 > input.npz``.
"""

from __future__ import annotations

import argparse
import json
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
CHUNK = 5000
"""Inputs after which a loader's results are told."""
STUCK = 120
"""Seconds after which a worker that still looks at the same input is killed."""


@dataclass
class Result:
    """What a loader made of its inputs."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[dict[str, Any]] = field(default_factory=list)
    slowest: float = 0.0


Task = tuple[str, int, int]
"""A loader's name, and the first and last but one number of its inputs."""


def fuzz(inputs: dict[str, int], seed: int) -> dict[str, Result]:
    """Feed loaders in a process of their own, so that a crash is a fault like others and the rest goes on.

    Args:
        inputs: how many each loader gets. seed: of the inputs.
    """
    results = {name: Result() for name in inputs}
    tasks: list[Task] = [
        (name, start, min(start + CHUNK, count)) for name, count in inputs.items() for start in range(0, count, CHUNK)
    ]
    while tasks:
        done, last = _work(tasks, seed)
        for said in done:
            result = results[said["name"]]
            result.counts.update(said["counts"])
            result.faults += said["faults"]
            result.slowest = max(result.slowest, said["slowest"])
        tasks = tasks[len(done) :]
        if tasks:  # it died: what came before the fatal input is fed again, as its results are lost
            (name, start, stop), (reached_name, reached) = tasks[0], last
            if reached_name != name:
                raise RuntimeError(f"{name}: the worker did not begin")
            results[name].faults.append({"input": reached, "kind": "crash", "wrong": "the process died or stood still"})
            results[name].counts["crash"] += 1
            halves: list[Task] = [(name, start, reached), (name, reached + 1, stop)]
            tasks = [task for task in halves if task[1] < task[2]] + tasks[1:]
    return results


def _work(tasks: list[Task], seed: int) -> tuple[list[dict[str, Any]], tuple[str, int]]:
    """What a worker said about the tasks that it finished, and the input that it began last."""
    with tempfile.NamedTemporaryFile() as note, tempfile.TemporaryFile("w+") as out:
        command = [sys.executable, "-m", "tests.fuzz.worker", json.dumps(tasks), str(seed), note.name]
        process = subprocess.Popen(command, cwd=ROOT, stdout=out)
        before = None
        while process.poll() is None:
            try:
                process.wait(STUCK)
            except subprocess.TimeoutExpired:
                now = Path(note.name).read_text()
                if now == before:
                    process.kill()
                before = now
        out.seek(0)
        done = [json.loads(line) for line in out]
        name, number = json.loads(Path(note.name).read_text() or '["", -1]')
    if len(done) < len(tasks):
        print(f"exit code {process.returncode} at input {number} of {name}", file=sys.stderr)
    return done, (name, number)


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
    wanted = {asked.loader: asked.inputs} if asked.loader else shares(asked.inputs)
    for name, inputs in wanted.items():  # one after the other, so that each is told when it is done
        result = fuzz({name: inputs}, asked.seed)[name]
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in result.counts.most_common())
        print(f"{name:22} {sum(result.counts.values()):7,} inputs, slowest {result.slowest:.2f} s: {kinds}", flush=True)
        for fault in result.faults[:20]:
            print(f"    input {fault['input']}: {fault['kind']}: {fault['wrong']}", flush=True)
        found += len(result.faults)
    print(f"{found} faults")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
