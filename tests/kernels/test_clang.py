"""clang accepts every C++ source of the CPU module without a warning; `make test CXX=clang++` runs what it makes."""

from __future__ import annotations

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest


def test_clang_accepts_every_unit(native_build, monkeypatch):
    if shutil.which("clang++") is None:
        pytest.skip("no clang++ on PATH")
    monkeypatch.delenv("EMOFACE_HOST_FLAGS", raising=False)
    flags = ["clang++", *native_build.host_flags(), "-fsyntax-only", "-Werror"]
    module = native_build.cpu_module(os.uname().machine)
    units = [unit for unit in module.units if not unit.source.name.startswith("bindings")]

    def faults_of(unit) -> str:
        done = subprocess.run([*flags, *unit.flags, str(unit.source)], capture_output=True, text=True)
        return f"{unit.label}: {done.stderr[:500]}" if done.returncode else ""

    with ThreadPoolExecutor(2) as pool:
        faults = list(filter(None, pool.map(faults_of, units)))
    assert not faults, "\n".join(faults[:3])
