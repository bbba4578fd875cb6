"""Fifteen hundred broken files for all loaders: none crashes, hangs, takes much memory or raises what does not tell."""

from __future__ import annotations

import os

import pytest

from tests.fuzz import run
from tests.fuzz.loaders import LOADERS
from tests.fuzz.run import Result, fuzz, shares

INPUTS = int(os.environ.get("FUZZ", "1500"))


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    return fuzz(shares(INPUTS), seed=0)


@pytest.mark.parametrize("name", LOADERS)
def test_every_error_tells(name: str, results: dict[str, Result]) -> None:
    assert not results[name].faults
    assert sum(results[name].counts.values()) == shares(INPUTS)[name]


def test_valid_files_are_among_the_inputs(results: dict[str, Result]) -> None:
    rare = {"ict .npz", "ict .obj"}  # a few inputs, and too short an OBJ
    assert all(result.counts["accepted"] for name, result in results.items() if name not in rare)


FAULTY = """
import json, os, sys
import numpy as np
from tests.fuzz import worker
from tests.fuzz.loaders import Loader

def load(path):
    number = int(path.read_bytes())
    if number == 1:
        raise ValueError(f"{path} is odd")
    if number == 2:
        raise KeyError("x")
    if number == 3:
        raise ValueError("no name")
    if number == 4:
        while True:
            pass
    if number == 5:
        try:
            np.zeros(1 << 28, np.uint8) + 1
        except MemoryError as error:
            raise ValueError(f"{path} is large") from error
    if number == 6:
        os.abort()

class Numbers(Loader):
    def input(self, number):
        return b"%d" % number

worker.Random = lambda text: int(text.split()[-1])
worker.LONGEST = 0.2
worker.LOADERS["faulty"] = Numbers(".x", lambda: [b"0"], load)
worker.main(json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
"""


def test_the_fuzzer_sees_faults(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loader with one of each fault: each is found, and what comes after a crash is still looked at."""
    module = tmp_path / "faulty.py"
    module.write_text(FAULTY)
    plain = run.subprocess.Popen

    def start(command, **options):
        paths = {**os.environ, "PYTHONPATH": str(run.ROOT)}
        return plain([command[0], str(module), *command[3:]], **options, env=paths)

    monkeypatch.setattr(run.subprocess, "Popen", start)
    result = fuzz({"faulty": 8}, seed=0)["faulty"]
    found = {fault["input"]: fault["kind"] for fault in result.faults}
    assert found == {2: "KeyError", 3: "ValueError", 4: "Hang", 5: "ValueError", 6: "crash"}
    assert result.counts == {"accepted": 2, "ValueError": 3, "KeyError": 1, "Hang": 1, "crash": 1}
