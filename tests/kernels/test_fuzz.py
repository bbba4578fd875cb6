"""Random sizes and options for every operator: each back end against the reference, the fake against both."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emoface.kernels import OPS, denoise_loop, use_backend
from emoface.kernels._contract.judge import faults
from emoface.kernels._runtime import native

RANGES = {
    "B": (0, 3), "T": (0, 40), "S": (0, 40), "N": (1, 3), "H": (1, 4), "window": (0, 9), "blocks": (1, 2),
    "steps": (1, 3), "tracks": (1, 2),
}  # fmt: skip


@st.composite
def cases(draw, op):
    kind = type(op.cases[0])
    values = {}
    for field in fields(kind):
        if field.name == "bench":
            continue
        if field.type in ("bool", bool):
            values[field.name] = draw(st.booleans())
        elif field.name == "eps":
            values[field.name] = draw(st.sampled_from([field.default, 0.5]))  # 0 divides by the deviation of one frame
        elif field.type in ("float", float):
            values[field.name] = draw(st.sampled_from([0.0, 0.5, 1.0]))
        else:
            values[field.name] = draw(st.integers(*RANGES.get(field.name, (1, 24))))
    return kind(**values)


@pytest.mark.parametrize("op", OPS.values(), ids=OPS)
def test_random_sizes(op):
    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(cases(op), st.sampled_from([torch.float32, torch.bfloat16, torch.float64]), st.integers(0, 2**16))
    def check(case, dtype, seed):
        args = case.inputs(dtype=dtype, seed=seed)
        expected = op.fake(*args)
        for backend in (*op.backends, op.plain):
            if backend.name == "triton" or backend.refusal(*args):
                continue
            with use_backend(backend.name):
                outputs = op.call(*args)
            assert not faults(op, outputs, args), backend.name
            pairs = zip(outputs, expected) if isinstance(outputs, tuple) else [(outputs, expected)]
            for out, fake in pairs:
                assert out.shape == fake.shape and out.dtype == fake.dtype

    check()


@pytest.mark.skipif(native.CPU is None, reason=f"no CPU module: {native.CPU_MISSING}")
def test_random_sizes_of_int8_matrices():
    """Within a hair where there are no products of bytes; else left sides are rounded to a 127th of their largest."""
    rounded = native.CPU.isa() in ("amx", "avx512bf16")

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(cases(OPS["denoise_loop"]), st.integers(0, 2**16))
    def check(case, seed):
        args = case.in_bytes(seed)
        with use_backend("reference"):
            exact = denoise_loop(*args)
        with use_backend("cpu"):
            out = denoise_loop(*args)
        assert out.isfinite().all()
        assert (out - exact).norm() <= (0.1 if rounded else 1e-5) * exact.norm() + 1e-5

    check()
