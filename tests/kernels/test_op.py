"""KernelOp itself: how a back end is chosen, and the error rule that judges it."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading

import pytest
import torch

from emoface.kernels import OPS, film, use_backend
from emoface.kernels._contract.judge import allowed_error, faults
from emoface.kernels._contract.op import Backend, KernelOp

NUMBERS = itertools.count()  # an operator is registered for as long as its process lives


@pytest.fixture(scope="module")
def doubling():
    """An operator with one back end that refuses float64 and adds one, so that one sees who ran."""
    asked = []

    def why_not(x):
        asked.append(x.dtype)
        return "dtype torch.float64 (float32 only)" if x.dtype == torch.float64 else None

    op = KernelOp(
        f"test_doubling_{next(NUMBERS)}",
        "(Tensor x) -> Tensor",
        reference=lambda x: x * 2,
        fake=lambda x: x.new_empty(x.shape),
        check=lambda x: None,
        cases=[],
        backends=[Backend("cpu", lambda x: x * 2 + 1, ("cpu",), why_not)],
    )
    op.asked = asked
    yield op
    del OPS[op.name]


def test_auto_takes_the_first_able_backend_and_asks_once(doubling):
    x = torch.ones(3)
    before = len(doubling.asked)
    for _ in range(3):
        assert doubling(x).tolist() == [3, 3, 3]
    assert len(doubling.asked) - before == 1


def test_auto_falls_back_with_a_recorded_reason(doubling):
    x = torch.ones(3, dtype=torch.float64)
    assert doubling(x).tolist() == [2, 2, 2]
    backend, passed_over = doubling.explain(x)
    assert backend.name == "reference"
    assert passed_over == {"cpu": "dtype torch.float64 (float32 only)"}


def test_forced_backend_does_not_fall_back(doubling):
    with (
        use_backend("cpu"),
        pytest.raises(RuntimeError, match=r"'cpu' cannot run this call: dtype torch.float64"),
    ):
        doubling(torch.ones(3, dtype=torch.float64))
    with use_backend("reference"):
        assert doubling(torch.ones(3)).tolist() == [2, 2, 2]


def test_gradients_take_the_reference_unless_forced(doubling):
    x = torch.ones(3, requires_grad=True)
    assert doubling(x).tolist() == [2, 2, 2]
    with torch.no_grad():
        assert doubling(x).tolist() == [3, 3, 3]
    with use_backend("cpu"):
        y = doubling(x)
    assert y.tolist() == [3, 3, 3]
    assert torch.autograd.grad(y.sum(), x)[0].tolist() == [2, 2, 2]


def test_autocast_takes_the_reference(doubling):
    with torch.autocast("cpu", torch.bfloat16):
        assert doubling(torch.ones(3)).tolist() == [2, 2, 2]


def test_forcing_is_nested_and_stays_in_its_thread(doubling):
    seen = []
    with use_backend("reference"):
        with use_backend("auto"):
            assert doubling(torch.ones(1)).item() == 3
        thread = threading.Thread(target=lambda: seen.append(doubling(torch.ones(1)).item()))
        thread.start()
        thread.join()
        assert doubling(torch.ones(1)).item() == 2
    assert seen == [3]


def test_unknown_backend_names_the_known_ones():
    with pytest.raises(ValueError, match="auto, cuda, triton, cpu, reference, got 'gpu'"), use_backend("gpu"):
        pass


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True
    )


def test_environment_variable_forces_and_is_checked():
    code = "import torch, emoface.kernels as k; k.film(torch.ones(1, 1, 1), torch.ones(1, 1), torch.ones(1, 1))"
    wrong = run_python(code, EMOFACE_BACKEND="gpu")
    assert wrong.returncode and "EMOFACE_BACKEND must be one of auto, cuda" in wrong.stderr
    forced = run_python(code, EMOFACE_BACKEND="cuda")
    assert forced.returncode and "backend 'cuda' cannot run this call" in forced.stderr


def test_mixed_dtypes_only_under_autocast():
    x, scale = torch.ones(1, 2, 3, dtype=torch.bfloat16), torch.ones(1, 3)
    with pytest.raises(TypeError, match=r"film: scale must be torch.bfloat16 .* got torch.float32"):
        film(x, scale, scale)
    with torch.autocast("cpu", torch.bfloat16):
        assert film(x, scale, scale).shape == (1, 2, 3)


def test_error_rule_sees_what_it_must():
    op, args = OPS["film"], OPS["film"].cases[1].inputs()
    good = op.reference(*args)
    assert not faults(op, good, args)
    assert "off by" in faults(op, good + 1e-3, args)[0]
    assert "not finite" in faults(op, good.masked_fill(good > 2, float("nan")), args)[0]
    assert "torch.float64" in faults(op, good.double(), args)[0]
    assert "(2, 63, 99)" in faults(op, good[..., 1:], args)[0]
    assert "not contiguous" in faults(op, good.mT.contiguous().mT, args)[0]
    assert "2 outputs instead of 1" in faults(op, (good, good), args)[0]


def test_error_rule_by_hand():
    gold = torch.tensor([1.0, -4.0], dtype=torch.float64)
    plain = torch.tensor([1.5, -4.0])
    assert allowed_error(gold, plain) == pytest.approx(2 * 0.5 + 2**-23 * 4 + 1e-6, rel=1e-12)
    assert allowed_error(gold[:0], plain[:0]) == 1e-6


def test_all_modules_load_without_triton():
    """Nothing of the Triton back ends fails to load where Triton is not installed."""
    code = """
import importlib, pkgutil, sys
sys.modules["triton"] = None
import emoface.kernels as kernels
names = [module.name for module in pkgutil.walk_packages(kernels.__path__, "emoface.kernels.")]
tried = [importlib.import_module(name) for name in names if "triton" in name]
assert len(tried) > 10
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
