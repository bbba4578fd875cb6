"""`make gpu` without a GPU: its tables at toy sizes, and its script with a python that only pretends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import bench_gpu
import pytest
import torch

SCRIPT = Path(bench_gpu.__file__).parent / "gpu.sh"
PARTS = ["build", "tests", "info", "ceilings", "step", "attention", "gradient", "live", "clip", "memcheck", "racecheck",
         "tune", "step-tuned", "report"]  # fmt: skip


def test_every_table_is_filled_at_toy_sizes(tmp_path):
    assert bench_gpu.main(["--dry", "--out", str(tmp_path)]) == 0
    results = json.loads((tmp_path / "bench_gpu.json").read_text())
    assert results["ceilings"][0]["copy_gb_per_s"] > 0
    for name in ("attention", "gradient", "step"):
        for entry in results[name]:
            failed = [row["failed"] for row in entry["rows"].values() if "failed" in row]
            assert "eager" in entry["rows"] and not failed, failed
    contenders = set(results["attention"][0]["rows"])
    assert {"SDPA, bias prepared", bench_gpu.UNBIASED, "FlexAttention, compiled"} <= contenders
    assert "torch.compile + CUDA graphs" in results["step"][0]["rows"]
    assert results["clip"][0]["rows"]["animate() on 2 threads"]["streams"] > 0
    text = (tmp_path / "bench_gpu.md").read_text()
    assert "## step" in text and "streams in real time" in text and "was not measured" not in text


@pytest.fixture
def run():
    return bench_gpu.toy(60.0)


def test_rows_are_on_disk_before_a_table_fails(run, tmp_path, monkeypatch):
    def broken(run, clock):
        yield {"T": 1, "rows": {}}
        assert json.loads((tmp_path / "step.json").read_text()) == [{"T": 1, "rows": {}}]
        raise RuntimeError("an illegal memory access")

    monkeypatch.setitem(bench_gpu.TABLES, "step", broken)
    assert bench_gpu.main(["--dry", "--out", str(tmp_path), "step"]) == 1
    results = json.loads((tmp_path / "bench_gpu.json").read_text())
    assert results["step"][1] == {"failed": "RuntimeError: an illegal memory access"}
    assert results["clip"] == [{"failed": "was not measured"}]
    assert "an illegal memory access" in (tmp_path / "bench_gpu.md").read_text()


def test_no_size_is_begun_when_time_is_over(run, tmp_path, monkeypatch):
    monkeypatch.setitem(bench_gpu.TABLES, "step", lambda run, clock: iter([{"T": 1, "rows": {}}, {"T": 2, "rows": {}}]))
    run.seconds = 1e-9
    assert bench_gpu.measure("step", run, bench_gpu.Clock("cpu"), tmp_path)
    first, note = json.loads((tmp_path / "step.json").read_text())
    assert first["T"] == 1 and "are over" in note["left_out"]


def test_contenders_that_fail_or_err_are_rows_and_are_not_timed():
    gold = torch.ones(4, dtype=torch.float64)
    calls = {"good": lambda: torch.ones(4), "wrong": lambda: torch.zeros(4), "other": lambda: torch.zeros(4)}
    calls["broken"] = lambda: torch.ones(4) + torch.ones(3)
    rows = bench_gpu.contest(bench_gpu.Clock("cpu"), calls, gold, 2, (8, 8), other=("other",))
    assert rows["good"]["error"] == 0 and rows["good"]["median_us"] > 0
    assert rows["wrong"] == {"failed": "wrong by 1"} and rows["broken"]["failed"].startswith("RuntimeError: The size")
    assert "error" not in rows["other"] and rows["other"]["median_us"] > 0


def script(tmp_path, behaviour, *arguments, **environment):
    """gpu.sh with a python that does as told by what it is asked for, and a sanitizer that runs what it is given."""
    if shutil.which("bash") is None or shutil.which("timeout") is None:
        pytest.skip("needs bash and timeout")
    python, sanitizer = tmp_path / "python", tmp_path / "compute-sanitizer"
    python.write_text(f'#!/bin/bash\necho "$*" >>"{tmp_path}/calls"\ncase "$*" in\n{behaviour}\nesac\n')
    sanitizer.write_text('#!/bin/bash\nwhile [ "${1#-}" != "$1" ]; do shift 2; done\n"$@"\n')
    python.chmod(0o755)
    sanitizer.chmod(0o755)
    done = subprocess.run(
        ["bash", str(SCRIPT), *arguments], capture_output=True, text=True, timeout=100,
        env={**os.environ, "PYTHON": str(python), "OUT": str(tmp_path / "out"), "QUICK": "",
             "PATH": f"{tmp_path}:{os.environ['PATH']}", **environment},
    )  # fmt: skip
    stages = tmp_path / "out" / "stages.txt"
    return done, [line.split() for line in stages.read_text().splitlines()] if stages.exists() else []


def test_a_part_that_fails_hides_no_other(tmp_path):
    done, stages = script(tmp_path, "*bench_gpu.py*' step') exit 3;;\n*get_device_capability*) echo 90a;;\n*) exit 0;;")
    assert [name for name, *_ in stages] == PARTS
    assert {name: code for name, code, _ in stages if code != "0"} == {"step": "3", "step-tuned": "3"}
    assert done.returncode == 1 and "failed: step step-tuned" in done.stderr
    calls = (tmp_path / "calls").read_text()
    assert calls.count("-k test_matches_reference and -cuda-cuda-") == 2 and "emoface.info --json" in calls


def test_a_part_that_hangs_is_stopped_and_so_is_all_when_time_is_over(tmp_path):
    done, stages = script(tmp_path, "*pytest*) sleep 60;;\n*) exit 0;;", "--dry", SECONDS_IN_ALL="6")
    assert stages[0][:2] == ["tests", "124"] and {code for _, code, _ in stages[1:]} == {"125"}
    assert done.returncode == 1 and "failed: tests info ceilings" in done.stderr


def test_without_a_gpu_nothing_is_run(tmp_path):
    done, stages = script(tmp_path, "*is_available*) exit 1;;\n*) exit 0;;")
    assert done.returncode == 1 and "torch sees no CUDA device" in done.stderr and not stages
    done, _ = script(tmp_path, "*) exit 0;;", "--dri")
    assert done.returncode == 2 and "knows --dry alone, got --dri" in done.stderr
