"""Timing: order of the runs, medians, and what is said about the machine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch

from emoface.demo import demo_path
from emoface.metrics.memory import peak_memory
from emoface.metrics.speed import machine, medians, threads


def test_runs_are_interleaved_after_the_warm_up() -> None:
    order: list[str] = []
    found = medians({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, runs=3, warm_up=1)
    assert order == ["a", "b"] * 4
    assert set(found) == {"a", "b"}
    with pytest.raises(ValueError, match="at least 1"):
        medians({}, runs=0)


def test_the_median_is_in_seconds() -> None:
    found = medians({"nap": lambda: time.sleep(0.02)}, runs=3, warm_up=0)
    assert 0.02 <= found["nap"] < 0.2


def test_threads_are_restored() -> None:
    before = torch.get_num_threads()
    with threads(2):
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == before


def test_machine_names_cpu_threads_and_versions() -> None:
    said = machine()
    assert said["cpu"] and said["threads"] == torch.get_num_threads() and said["torch"] == torch.__version__


def test_peak_memory_is_that_of_the_new_process(tiny_checkpoint: Path) -> None:
    ballast = torch.ones(1 << 27)  # 512 MiB here must not count there
    found = peak_memory(demo_path(), 0.1, tiny_checkpoint)
    assert 50 < found < 600 and ballast[0] == 1


def test_no_round_is_begun_after_the_budget() -> None:
    runs: list[int] = []
    medians({"nap": lambda: (runs.append(1), time.sleep(0.02))}, runs=50, warm_up=1, budget=0.05)
    assert 2 <= len(runs) <= 5
