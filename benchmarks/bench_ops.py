"""Every operator at its benchmark cases on every back end that runs here.

    pytest benchmarks/bench_ops.py                        all of it
    pytest benchmarks/bench_ops.py -k "sampler_step and float32" --benchmark-json=out.json

Each test first holds the back end to the error rule, then times it and eager PyTorch (the plain reference) in turns,
so both see the same load. Method and how to read the numbers: benchmarks/README.md.
"""

from __future__ import annotations

import os
import time

import pytest
import roofline
import torch

from emoface.info import cpu_model
from emoface.kernels import OPS
from emoface.kernels._contract.case import moved_bytes
from emoface.kernels._contract.judge import judge
from emoface.kernels._runtime import native

REFERENCE_ROUNDS = 30
INT8_ERROR = 5e-2  # the error rule knows no products whose left side is rounded to bytes


def grid():
    for op in OPS.values():
        for backend in (*op.backends, op.plain):
            for device in backend.devices:
                for case in op.cases:
                    for dtype in (torch.float32, torch.bfloat16):
                        if case.bench:
                            marks = [pytest.mark.gpu] if device == "cuda" else []
                            label = f"{op.name}-{backend.name}-{device}-{case}-{str(dtype)[6:]}"
                            yield pytest.param(op, backend, case, dtype, device, id=label, marks=marks)


def seconds(call, args, device: str) -> float:
    """One call, to the end of its work."""
    start = time.perf_counter()
    call(*args)
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def timed(benchmark, op, backend, args, flops: int, products: torch.dtype, device: str) -> None:
    """Time the back end and the plain reference in turns; `products` is the dtype that the roofline is asked for."""
    torch.set_num_threads(1)
    reference: list[float] = []

    def setup():
        if len(reference) < REFERENCE_ROUNDS:
            reference.append(seconds(op.reference, args, device))

    with torch.inference_mode():
        outputs = op.reference(*args)
        for _ in range(3):
            seconds(backend.run, args, device)
            seconds(op.reference, args, device)
        benchmark.pedantic(seconds, args=(backend.run, args, device), setup=setup, rounds=100, iterations=1)
    best = benchmark.stats["min"]  # other load only ever adds, and adds more to the longer call
    traffic = moved_bytes((*args, *(outputs if isinstance(outputs, tuple) else (outputs,))))
    benchmark.extra_info.update(
        dtype=str(products)[6:],
        device=torch.cuda.get_device_name() if device == "cuda" else cpu_model(),
        torch=torch.__version__,
        load=round(os.getloadavg()[0], 1),
        reference_us=round(min(reference) * 1e6, 1),
        speedup=round(min(reference) / best, 2),
        gbytes_per_s=round(traffic / best / 1e9, 2),
        gflop_per_s=round(flops / best / 1e9, 2),
    )
    if backend.name == "cpu":
        benchmark.extra_info["roofline_percent"] = round(roofline.share(best, products, flops, traffic), 1)


@pytest.mark.parametrize("op, backend, case, dtype, device", list(grid()))
def test_operator(benchmark, op, backend, case, dtype, device):
    args = case.inputs(device, dtype)
    if reason := backend.refusal(*args):
        pytest.skip(f"{backend.name}: {reason}")
    if backend.name == "triton" and device == "cpu":
        pytest.skip("the interpreter says nothing about speed")
    assert not judge(op, backend, case, dtype, device), "a wrong kernel has no speed"
    timed(benchmark, op, backend, args, case.flops(), dtype, device)


@pytest.mark.parametrize("case", [case for case in OPS["denoise_loop"].cases if case.bench], ids=str)
def test_denoise_loop_of_int8(benchmark, case):
    """Matrices of bytes, beside the reference with what they stand for in float32."""
    if native.CPU is None or native.CPU.isa() not in ("amx", "avx512bf16"):
        pytest.skip("no products of bytes")
    op = OPS["denoise_loop"]
    backend = next(backend for backend in op.backends if backend.name == "cpu")
    args = case.in_bytes()
    exact = op.reference(*args)
    assert (backend.run(*args) - exact).norm() < INT8_ERROR * exact.norm(), "a wrong kernel has no speed"
    timed(benchmark, op, backend, args, case.flops(), torch.int8, "cpu")
