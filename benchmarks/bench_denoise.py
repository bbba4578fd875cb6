"""One guided step of the denoiser against eager PyTorch, torch.compile, torch bfloat16, onnxruntime and OpenVINO.

    pytest benchmarks/bench_denoise.py
    pytest benchmarks/bench_denoise.py -k "paper and 100"

"eager" computes everything anew in each step; all others, ours included, get what does not depend on the noisy motion
prepared. One thread; CPU time, least of interleaved rounds. Peers come with `pip install 'emoface[bench]'`.
"""

from __future__ import annotations

import os
from functools import lru_cache

import pytest
import torch
from peers import SIZES, Step, peers
from roofline import share
from timing import against, process_time, target, wall_time

from emoface.kernels._runtime import native

pytestmark = pytest.mark.skipif(native.CPU is None, reason=f"no CPU module: {native.CPU_MISSING}")
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "int8": torch.int8}
ENGINES = {"float32": ("onnxruntime", "openvino f32"), "bfloat16": ("openvino bf16", "bfloat16"), "int8": ()}
DRIFT = {"float32": 1e-5, "bfloat16": 1e-2, "int8": 5e-2}


@lru_cache(maxsize=1)
def made(size: str, branches: int, frames: int):
    torch.set_num_threads(1)
    step = Step.of(SIZES[size], branches, frames)
    return step, peers(step, threads=1)


@pytest.fixture(autouse=True)
def no_gradients():
    torch.set_num_threads(1)
    with torch.no_grad():
        yield
    if native.CPU is not None:
        native.CPU.select("auto")


def off(step: Step, result: torch.Tensor, exact: torch.Tensor) -> float:
    return float((result - exact).norm() / exact.norm())


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("size, branches, frames", [("paper", 2, 100), ("paper", 2, 25), ("default", 1, 100)])
def test_step(benchmark, size, branches, frames, precision):
    step, others = made(size, branches, frames)
    ours = step.ours(PRECISIONS[precision], threads=1)
    exact = step.guided(torch.as_tensor(others["eager"]()))
    assert off(step, ours(), exact) < DRIFT[precision], "a wrong step has no speed"
    own, best = against(benchmark, ours, others, rounds=15, clock=process_time)
    weights = sum(tensor.nbytes for tensor in step.denoiser.flat_weights(PRECISIONS[precision]))
    percent = share(own, PRECISIONS[precision], step.flops(), weights)
    benchmark.extra_info["roofline_percent"] = round(percent, 1)
    name = f"{size} denoiser, {branches} x {frames} frames, {precision}, {benchmark.extra_info['isa']}"
    must, stretch = {"float32": ("2.7x", "3.2x"), "bfloat16": ("5x", "6.3x")}.get(precision, ("", ""))
    if (size, frames) != ("paper", 100):
        must, stretch = ("2x", "") if size == "default" else ("", "")
    target(benchmark, f"{name}: step over eager float32", best["eager"] / own, must, stretch)
    engines = [best[engine] for engine in ENGINES[precision] if engine in best]
    if engines:
        target(benchmark, f"{name}: step over the best engine", min(engines) / own, "1.1x", "1.3x")
    target(benchmark, f"{name}: share of the roofline", percent, "", "", unit=" %")


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core")
@pytest.mark.parametrize("precision", PRECISIONS)
def test_step_on_two_threads(benchmark, precision):
    load = os.getloadavg()[0]
    step, _ = made("paper", 2, 100)
    alone = {"one thread": step.ours(PRECISIONS[precision], threads=1)}
    own, best = against(benchmark, step.ours(PRECISIONS[precision], threads=2), alone, rounds=15, clock=wall_time)
    name = f"paper denoiser, 2 x 100 frames, {precision}: two threads over one, by the clock, load {load:.1f} before"
    target(benchmark, name, best["one thread"] / own, "", "")


def test_step_on_avx2_alone(benchmark):
    if "avx2" not in native.CPU.isas():
        pytest.skip("this CPU has no AVX2")
    step, others = made("paper", 2, 100)
    native.CPU.select("avx2")
    own, best = against(
        benchmark, step.ours(torch.float32, threads=1), {"eager": others["eager"]}, rounds=10, clock=process_time
    )
    name = "paper denoiser, 2 x 100 frames, float32, AVX2 alone"
    target(benchmark, f"{name}: step over eager float32", best["eager"] / own, "1.2x", "1.5x")
