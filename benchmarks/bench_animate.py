"""The whole `animate()` on ten seconds of speech with the default checkpoint, its first call, and its memory.

    pytest benchmarks/bench_animate.py
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import soundfile
import torch
from timing import against, process_time, target, wall_time

import emoface
from emoface.checkpoints import DEFAULT
from emoface.demo import demo_path
from emoface.kernels import use_backend
from emoface.metrics.memory import peak_memory
from emoface.metrics.speed import cold_start

pytestmark = pytest.mark.skipif(not DEFAULT.exists(), reason="the default checkpoint is not there")
SECONDS = 10
TORCH_ALONE = """
import re, torch
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""


@pytest.fixture(scope="module")
def voice() -> tuple[np.ndarray, int]:
    samples, rate = soundfile.read(demo_path(), dtype="float32")
    return np.tile(samples, 1 + SECONDS * rate // len(samples))[: SECONDS * rate], rate


@pytest.mark.parametrize("clock", [wall_time, process_time], ids=["wall", "cpu"])
@pytest.mark.parametrize("dtype", ["auto", "float32"])
def test_animate(benchmark, voice, dtype, clock):
    torch.set_num_threads(1)
    samples, rate = voice
    pipeline = emoface.load(dtype=dtype)

    def animate():
        return pipeline.animate(samples, sample_rate=rate, emotion="happy")

    def eager():
        with use_backend("reference"):
            return animate()

    own, best = against(benchmark, animate, {"eager": eager}, rounds=10, clock=clock)
    kind = "wall" if clock is wall_time else "CPU time"
    target(benchmark, f"animate(), 10 s of speech, {dtype}, {kind}", own, "0.15 s", "0.05 s", " s")
    target(benchmark, f"animate(), 10 s of speech, {dtype}, {kind}: over plain PyTorch", best["eager"] / own, "", "")


def test_first_call(benchmark):
    imported, first = benchmark.pedantic(cold_start, args=(demo_path(),), rounds=1)
    target(benchmark, "import emoface with torch, fresh process", imported, "1.5 s", "", " s")
    target(benchmark, "first animate() after it", first, "1 s", "", " s")


def test_memory(benchmark):
    alone = int(subprocess.run([sys.executable, "-c", TORCH_ALONE], capture_output=True, text=True, check=True).stdout)
    peak = benchmark.pedantic(peak_memory, args=(demo_path(), SECONDS / 60), rounds=1)
    target(benchmark, "peak memory of animate() above import torch", peak - alone / 1024, "150 MB", "", " MiB")
