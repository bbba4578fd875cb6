"""Plants small faults in chosen modules, one at a time, and lists which of them the tests notice: ``make mutants``.

Cosmic Ray makes the faults. Each is tried in a copy of the repository, so that the working tree is left alone, by a
process forked from one that has imported torch already, so that a trial takes little more than its tests.
``guards.json`` names the modules of each group and the tests that guard them; results are in ``mutants.tsv``.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import csv
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import numpy  # noqa: F401  imported here once for all trials, as those below
import pytest
import safetensors.torch  # noqa: F401
import soundfile  # noqa: F401
import soxr  # noqa: F401
import torch
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LIST = HERE / "mutants.tsv"
FIELDS = ("module", "line", "before", "after", "result", "by", "reason")
PATIENCE = 60.0
"""Seconds after which a trial counts as noticed: its fault makes a loop endless."""


@dataclass(frozen=True)
class Mutant:
    """A module with one fault: the line and what stands there before and after, and the whole text."""

    group: str
    module: str
    line: int
    before: str
    after: str
    text: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by in the list, wherever its line has moved."""
        return self.module, self.before, self.after


def mutants(group: str, modules: list[str], draw: random.Random) -> Iterator[Mutant]:
    """The faults of a group's modules in random order, without those that change annotations alone."""
    places: list[tuple[str, str, int]] = []
    sources = {module: (ROOT / module).read_text() for module in modules}
    for module, source in sources.items():
        nodes = list(ast_nodes(get_ast(source)))
        for name in operator_names():
            if not get_operator(name).arguments():
                count = sum(len(list(get_operator(name)().mutation_positions(node))) for node in nodes)
                places += [(module, name, occurrence) for occurrence in range(count)]
    draw.shuffle(places)
    known = {_meaning(source) for source in sources.values()}
    for module, name, occurrence in places:
        with contextlib.suppress(SyntaxError, AttributeError):  # what Cosmic Ray cannot make of this line
            text = mutate_code(sources[module], get_operator(name)(), occurrence)
            if text is not None and (meaning := _meaning(text)) not in known:
                known.add(meaning)
                yield Mutant(group, module, *_changed(sources[module], text), text)


def _meaning(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(0)
    return ast.dump(tree)


def _changed(before: str, after: str) -> tuple[int, str, str]:
    """The first line that differs, counted from 1, as it was and as it is."""
    old, new = before.splitlines(), after.splitlines()
    place = next(i for i, (one, other) in enumerate(zip(old, new)) if one != other)
    return place + 1, old[place].strip(), new[place].strip()


def sampled(groups: dict[str, dict[str, list[str]]], count: int, seed: int) -> Iterator[Mutant]:
    """That many mutants, drawn by the seed; groups take turns."""
    decks = [mutants(name, group["modules"], random.Random(f"{seed} {name}")) for name, group in groups.items()]
    while count and decks:
        for deck in list(decks):
            mutant = next(deck, None)
            if mutant is None:
                decks.remove(deck)
            elif count:
                count -= 1
                yield mutant


def again(rows: dict[tuple[str, str, str], dict[str, str]], groups: dict[str, dict[str, list[str]]]) -> list[Mutant]:
    """The listed mutants that survived, made anew; rows whose line is no longer there are taken off the list."""
    found, group_of = [], {module: name for name, group in groups.items() for module in group["modules"]}
    for key, row in list(rows.items()):
        module, before, after = key
        if module not in group_of:
            if not (ROOT / module).exists():
                del rows[key]
            continue
        lines = (ROOT / module).read_text().splitlines(keepends=True)
        places = [i for i, line in enumerate(lines) if line.strip() == before]
        if not places:
            del rows[key]
        elif row["result"] == "survived":
            place = min(places, key=lambda i: abs(i + 1 - int(row["line"])))
            lines[place] = lines[place].replace(before, after)
            found.append(Mutant(group_of[module], module, place + 1, before, after, "".join(lines)))
    return found


class FirstFailure:
    """A plugin of pytest that writes down the first test that fails."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        """Called with every report."""
        if report.failed and not self.path.exists():
            self.path.write_text(report.nodeid)

    pytest_runtest_logreport = pytest_collectreport = note


def trial(copy: Path, tests: list[str]) -> tuple[str, str]:
    """Run tests in a fork: ("survived", ""), or ("killed", the first test that failed or "time")."""
    note = copy / "first-failure"
    note.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        os.setsid()
        os.chdir(copy)
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        sys.path.insert(0, str(copy))
        hypothesis.settings.register_profile("mutants", derandomize=True, database=None)
        hypothesis.settings.load_profile("mutants")
        os._exit(pytest.main(["-x", "-q", *tests], plugins=[FirstFailure(note)]))
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return ("killed", note.read_text() if note.exists() else "import") if status else ("survived", "")
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "killed", "time"


@contextlib.contextmanager
def copied() -> Iterator[Path]:
    """A copy of what git knows of the repository and of the native modules."""
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    native = [str(path.relative_to(ROOT)) for path in (ROOT / "emoface").glob("_*.so")]
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Path(folder)
        for name in filter(None, [*names, *native]):
            if (ROOT / name).is_file():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, copy / name)
        (copy / "emoface" / "kernels").symlink_to("../kernels")
        (copy / "conftest.py").unlink()  # it takes the copy off the path, for the emoface that is installed
        yield copy


@contextlib.contextmanager
def changed(path: Path, text: str) -> Iterator[None]:
    """A file of the copy that holds another text for a while."""
    original = path.read_text()
    path.write_text(text)
    yield
    path.write_text(original)


def listed() -> dict[tuple[str, str, str], dict[str, str]]:
    """Rows of the list that is there, by the mutants' keys."""
    if not LIST.exists():
        return {}
    with open(LIST, newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {(row["module"], row["before"], row["after"]): row for row in rows}


def write(rows: dict[tuple[str, str, str], dict[str, str]]) -> None:
    """Write the list, ordered by place."""
    with open(LIST, "w", newline="") as file:
        table = csv.DictWriter(file, FIELDS, delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(sorted(rows.values(), key=lambda row: (row["module"], int(row["line"]), row["after"])))


def score(rows: list[dict[str, str]]) -> str:
    """In words: how many died of those that change anything."""
    results = Counter(row["result"] for row in rows)
    equal = results["equivalent"]
    return (
        f"{results['killed']} of {len(rows) - equal} mutants killed, {results['survived']} survived, and {equal} that "
        "do what the original does"
    )


def main() -> int:
    """Draw, try and list mutants."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no trial later than this")
    parser.add_argument("--group", help="this group alone")
    parser.add_argument("--resume", action="store_true", help="keep the list; try survivors and what is not in it")
    options = parser.parse_args()
    torch.set_num_threads(1)
    sys.dont_write_bytecode = True  # a mutant of the same size and second would be taken for the last one
    groups = json.loads((HERE / "guards.json").read_text())
    if options.group:
        groups = {options.group: groups[options.group]}
    before, until = listed(), time.monotonic() + 60 * options.minutes
    rows = dict(before) if options.resume else {}
    drawn = itertools.chain(again(rows, groups), sampled(groups, options.count, options.seed))
    tried: set[tuple[str, str, str]] = set()
    with copied() as copy:
        for name, group in groups.items():
            result, by = trial(copy, group["tests"])
            if result == "killed":
                raise SystemExit(f"the tests of {name} fail without a mutant: {by}")
            for module in group["modules"]:
                with changed(copy / module, "raise ImportError"):
                    if trial(copy, group["tests"])[0] == "survived":
                        raise SystemExit(f"the tests of {name} do not import the copy of {module}")
        for mutant in drawn:
            if mutant.key in tried or (
                options.resume and before.get(mutant.key, {}).get("result", "survived") != "survived"
            ):
                continue
            tried.add(mutant.key)
            if time.monotonic() > until:
                break
            with changed(copy / mutant.module, mutant.text):
                result, by = trial(copy, groups[mutant.group]["tests"])
            reason = before.get(mutant.key, {}).get("reason", "") if result == "survived" else ""
            row = dict(zip(FIELDS, (mutant.module, str(mutant.line), mutant.before, mutant.after, result, by, reason)))
            row["result"] = "equivalent" if reason else result
            rows[mutant.key] = row
            write(rows)  # after every trial, so that one that is stopped has lost nothing
            print(f"{row['result']:10}  {mutant.module}:{mutant.line}  {mutant.after}  {by}", flush=True)
    print(score(list(rows.values())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
