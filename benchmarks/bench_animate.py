"""The whole `animate()` on ten seconds of speech with the default checkpoint: time, share of a busy machine, first
call, memory, and drift from the reference.

    pytest benchmarks/bench_animate.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import numpy as np
import pytest
import soundfile
import torch
from peers import SIZES, Step, plain_operators
from timing import against, process_time, target, wall_time

import emoface
from emoface.checkpoints import DEFAULT
from emoface.demo import demo_path
from emoface.face.layout import lip_gap
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


@contextmanager
def busy_machine() -> Iterator[None]:
    """Inside, every core that this process may use has another process that never rests."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in os.sched_getaffinity(0)]
    try:
        time.sleep(0.3)
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def test_share_of_a_busy_machine(benchmark, voice):
    """Two runnable processes on a core have half of it each: twice the time is fair, more is waiting for oneself."""
    samples, rate = voice
    cores = len(os.sched_getaffinity(0))
    pipeline, step = emoface.load(), Step.of(SIZES["default"], 1, 100)

    def eager():
        torch.set_num_threads(cores)  # as PyTorch does by itself
        with torch.no_grad(), plain_operators():
            step.denoiser(step.x, step.times, step.content, step.emotion, step.style)
        torch.set_num_threads(1)

    calls = {"animate()": lambda: pipeline.animate(samples, sample_rate=rate, emotion="happy")}
    with torch.no_grad():
        for threads in range(1, min(cores, 2) + 1):
            calls[f"trajectory, {threads} threads"] = step.ours(pipeline.products, threads, steps=10)
    calls[f"eager PyTorch, {cores} threads"] = eager
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in calls}

    def turn(place: int) -> None:
        for name, call in calls.items():
            call()
            for _ in range(10):
                start = time.perf_counter()
                call()
                times[name][place].append(time.perf_counter() - start)

    def quiet_then_busy() -> None:
        turn(0)
        with busy_machine():
            turn(1)

    benchmark.pedantic(quiet_then_busy, rounds=3)
    for name, (quiet, busy) in times.items():
        must = "about 2x" if not name.startswith("eager") else ""
        target(benchmark, f"{name}, {cores} cores: busy machine over quiet", median(busy) / median(quiet), must, "")


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
def test_drift(benchmark, voice, precision):
    """Ten steps, guidance and intensity: the finished motion against that of the plain reference."""
    samples, rate = voice

    def motion(dtype: str, **options: float) -> torch.Tensor:
        made = emoface.load(dtype=dtype).animate(
            samples, sample_rate=rate, emotion="happy", steps=10, blink=False, gaze=False, **options
        )
        return torch.from_numpy(made.motion)

    benchmark.pedantic(motion, args=(precision,), rounds=1)
    for name, options in (("plain", {}), ("guidance 2, intensity 1.5", {"guidance": 2.0, "intensity": 1.5})):
        with use_backend("reference"):
            exact = motion("float32", **options)
        rough = motion(precision, **options)
        off, lips = (rough - exact).abs(), (lip_gap(rough) - lip_gap(exact)).abs()
        row = f"drift over 10 steps, {precision}, {name}"
        target(benchmark, f"{row}: motion units, mean", float(off.mean()), "", "", "")
        target(benchmark, f"{row}: motion units, largest", float(off.max()), "", "", "")
        target(benchmark, f"{row}: lips, 99 of 100 frames", float(lips.quantile(0.99)), "", "", " mm")
        target(benchmark, f"{row}: lips, largest", float(lips.max()), "", "", " mm")


def test_hubert(benchmark, monkeypatch):
    """HuBERT-base with random weights on four seconds, as features of speech."""
    pytest.importorskip("transformers")
    from emoface.audio import hubert

    with hubert._own_kernels_hidden():
        from transformers import HubertConfig, HubertModel
    torch.set_num_threads(1)
    monkeypatch.setattr(hubert, "_load", lambda *_: HubertModel(HubertConfig()))
    exact, rough = (hubert.HubertFeatures("base", dtype=dtype) for dtype in ("float32", "bfloat16"))
    waveform = torch.randn(4 * 16000)
    own, best = against(
        benchmark, lambda: rough(waveform), {"float32": lambda: exact(waveform)}, rounds=5, clock=process_time
    )
    target(benchmark, "HuBERT-base, 4 s of speech: bfloat16 over float32", best["float32"] / own, "", "")


def test_first_call(benchmark):
    imported, first = benchmark.pedantic(cold_start, args=(demo_path(),), rounds=1)
    target(benchmark, "import emoface with torch, fresh process", imported, "1.5 s", "", " s")
    target(benchmark, "first animate() after it", first, "1 s", "", " s")


def test_memory(benchmark):
    alone = int(subprocess.run([sys.executable, "-c", TORCH_ALONE], capture_output=True, text=True, check=True).stdout)
    peak = benchmark.pedantic(peak_memory, args=(demo_path(), SECONDS / 60), rounds=1)
    target(benchmark, "peak memory of animate() above import torch", peak - alone / 1024, "150 MB", "", " MiB")
