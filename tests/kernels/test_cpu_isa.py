"""The instruction sets of the CPU kernels: each is right, those that fuse multiply-add agree bit by bit."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys

import pytest
import torch

from emoface.kernels import OPS, denoise_loop
from emoface.kernels._contract.judge import faults
from emoface.kernels._runtime import native

pytestmark = pytest.mark.skipif(native.CPU is None, reason=f"no CPU module: {native.CPU_MISSING}")
ISAS = native.CPU.isas() if native.CPU else []
NAMES = [name for name, op in OPS.items() if any(backend.name == "cpu" for backend in op.backends)]

every_op = pytest.mark.parametrize("op", [OPS[name] for name in NAMES], ids=NAMES)


@pytest.fixture
def using():
    """Switches the instruction set, and back at the end."""
    yield native.CPU.select
    native.CPU.select("auto")


@pytest.mark.parametrize("isa", ISAS)
@every_op
def test_every_instruction_set_is_right(op, isa, using, poisoned_memory):
    using(isa)
    assert native.CPU.isa() == isa
    backend = next(b for b in op.backends if b.name == "cpu")
    for case in op.cases:
        if case.bench and isa != ISAS[0]:
            continue  # the next test holds the others to the same bits; what they do to bfloat16, small sizes show
        for dtype in (torch.float32, torch.bfloat16):
            args = case.inputs(dtype=dtype)
            if backend.refusal(*args):
                continue
            assert not faults(op, backend.run(*args), args), (case, dtype)


@every_op
def test_instruction_sets_agree_bit_by_bit(op, using):
    backend = next(b for b in op.backends if b.name == "cpu")
    fused = [isa for isa in ISAS if isa != "baseline"]
    for case in op.cases:
        results = []
        for isa in fused:
            using(isa)
            outputs = backend.run(*case.inputs())
            results.append(outputs if isinstance(outputs, tuple) else (outputs,))
        for other in results[1:]:
            assert all(map(torch.equal, results[0], other)), case


def test_packed_weights_follow_the_instruction_set_and_the_values(using):
    args = list(OPS["denoise_loop"].cases[2].inputs())
    results = {}
    for isa in (*ISAS, *ISAS):
        using(isa)
        out = denoise_loop(*args)
        assert torch.equal(out, results.setdefault(isa, out))
    args[7].mul_(0.5)  # in place: what was packed before no longer holds
    assert not faults(OPS["denoise_loop"], denoise_loop(*args), tuple(args))


@pytest.mark.parametrize("isa, words", [("avx9", "no kernels were built"), ("AVX2", "no kernels were built")])
def test_an_unknown_instruction_set_is_refused(isa, words):
    done = subprocess.run(
        [sys.executable, "-c", "import emoface.kernels"],
        env={**os.environ, "EMOFACE_CPU_ISA": isa}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode
    assert "EMOFACE_CPU_ISA must be auto or one of" in done.stderr and words in done.stderr
    with pytest.raises(ValueError, match=words):
        native.CPU.select(isa)


OLDER = """
import array, importlib.util, sys

spec = importlib.util.spec_from_file_location("emoface._cpu", sys.argv[1])
cpu = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cpu)
x, ones, out = (array.array("f", values) for values in ([1, 2, 3], [1, 1, 1], [0, 0, 0]))
for isa in ("amx", "avx512bf16", "avx512", "avx2", "baseline"):
    try:
        cpu.select(isa)
        cpu.film(*(values.buffer_info()[0] for values in (x, ones, ones, out)), 0, 1, 1, 3)
        print(isa, *out)
    except RuntimeError as error:
        print(error)
"""


@pytest.mark.parametrize("processor, lacks", [("Nehalem", 4), ("max", 3)])
def test_an_older_processor_refuses_what_it_lacks(processor, lacks):
    """An emulated one: Nehalem has no AVX, "max" of the emulator no AVX-512."""
    emulator = shutil.which("qemu-x86_64-static")
    if emulator is None or platform.machine() != "x86_64":
        pytest.skip("no qemu-x86_64-static on PATH")
    done = subprocess.run(
        [emulator, "-cpu", processor, os.path.realpath(sys.executable), "-c", OLDER, native.CPU.__file__],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = ("amx", "avx512bf16", "avx512", "avx2", "baseline")
    refusals = [f"this CPU lacks the instruction set {isa}" for isa in names[:lacks]]
    assert done.stdout.splitlines() == refusals + [f"{isa} 3.0 5.0 7.0" for isa in names[lacks:]]


def test_forcing_an_instruction_set_that_the_cpu_lacks_names_those_it_has(monkeypatch):
    class OlderModule:
        def isas(self):
            return ["avx2", "baseline"]

        def select(self, isa):
            raise RuntimeError(f"this CPU lacks the instruction set {isa}")

    with pytest.raises(RuntimeError, match="EMOFACE_CPU_ISA must be auto or one of avx2, baseline: this CPU lacks"):
        native.select(OlderModule(), "avx512")


@pytest.mark.parametrize("isa", ISAS)
def test_norms_of_nearly_equal_values_keep_their_digits(isa, using):
    """Rows of 1 plus a thousandth: what the rounded mean is off by, the norm would enlarge 300 times."""
    using(isa)
    x = 1 + 1e-3 * torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
    ones, zeros = torch.ones(3), torch.zeros(3)
    normed = OPS["ln_qkv"].call(x[None], ones, zeros, torch.eye(3), zeros, 1e-5)[0]
    exact = torch.nn.functional.layer_norm(x.double(), (3,), eps=1e-5)
    assert (normed - exact).abs().max() < 1e-6
    over_time = OPS["adain"].call(x.T[:, :, None].contiguous(), torch.zeros(3, 1), torch.zeros(3, 1), 1e-5)[:, :, 0]
    exact = torch.nn.functional.layer_norm(x.T.double(), (64,), eps=1e-5)
    assert (over_time - exact).abs().max() < 1e-6


@pytest.mark.parametrize("isa", ISAS)
def test_a_value_that_is_no_number_reaches_the_rows_that_hear_it(isa, using):
    using(isa)
    qkv = torch.randn(1, 20, 3 * 8, generator=torch.Generator().manual_seed(0))
    qkv[0, 3, 0] = float("nan")
    qkv[0, 7, 4] = float("inf")
    attended = OPS["self_attention"].call(qkv, 2, torch.zeros(2), None)
    exact = OPS["self_attention"].reference(qkv, 2, torch.zeros(2), None)
    assert torch.equal(attended.isfinite(), exact.isfinite())
