"""The CPU sources on another processor: all compile for aarch64, and denoise_loop gives the same bits there."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sysconfig
from pathlib import Path

import pytest
import torch

from emoface.kernels import OPS
from emoface.kernels._contract.judge import faults
from emoface.kernels._runtime import native
from emoface.kernels.denoise_loop.reference import by_track
from emoface.kernels.denoise_loop.weights import NORM_EPS

ROOT = Path(__file__).resolve().parents[2]
CSRC = ROOT / "csrc"
FLAGS = ["-std=c++17", "-O1", "-ffp-contract=off", "-fno-math-errno", "-pthread", f"-I{CSRC}", f"-I{CSRC / 'include'}"]
CROSS, EMULATOR = "aarch64-linux-gnu-g++", "qemu-aarch64-static"
CASES = [case for case in OPS["denoise_loop"].cases if not case.bench and case.inputs()[0].numel()]


def found(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} on PATH")


def compiled(compiler: str, target: Path, *arguments: str) -> Path:
    done = subprocess.run([compiler, *FLAGS, *arguments, "-o", str(target)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return target


def output_of(program: list[str], args: tuple, threads: int) -> torch.Tensor:
    """What the program of host_shim/denoise_main.cpp computes from the arguments of denoise_loop."""
    *tensors, matrices, vectors, contents, heads, feed_forward, window, residual, eps = args[:15]
    noise, known, mask, _, share = args[15:]
    rows, time, motion = tensors[0].shape
    branches, tracks, blocks, _, channels = tensors[3].shape
    sizes = motion, channels, heads, blocks, feed_forward, window
    steps, weights = len(tensors[5]), tensors[6][0].numel()
    call = native.DTYPES[matrices.dtype], rows, time, len(tensors[1]), branches, tracks, steps, weights, threads
    parts = [struct.pack("<6q3d9q", *sizes, eps, residual, NORM_EPS, *call)]
    for tensor in (matrices, vectors, *tensors, noise, known, mask, share, by_track(contents, branches, tracks)):
        values = b"" if tensor is None else bytes(tensor.contiguous().view(torch.uint8).numpy())
        parts += [struct.pack("<q", len(values)), values]
    done = subprocess.run(program, input=b"".join(parts), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return torch.frombuffer(bytearray(done.stdout), dtype=torch.float32).view(rows, time, motion)


def python_headers(folder):
    """Python's headers for aarch64; Debian keeps pyconfig.h per machine, and this one's serves as both are LP64."""
    include = Path(sysconfig.get_paths()["include"])
    own = include.parent / (sysconfig.get_config_var("MULTIARCH") or "") / include.name / "pyconfig.h"
    if own.is_file() and own.parent != include:
        stand_in = folder / "aarch64-linux-gnu" / include.name
        stand_in.mkdir(parents=True)
        shutil.copy(own, stand_in)
    return [folder, include]


@pytest.fixture
def program(native_build) -> list[str]:
    """What to compile denoise_loop as a program from."""
    units = native_build.cpu_module("aarch64").units
    sources = [str(unit.source) for unit in units if unit.isa or unit.source.stem == "team"]
    return ["-DEMO_ISA=baseline", *sources, str(Path(__file__).parent / "host_shim" / "denoise_main.cpp")]


def test_the_module_builds(tmp_path, native_build):
    found(CROSS)
    module = native_build.cpu_module("aarch64")
    assert {unit.isa for unit in module.units} == {None, "baseline"}
    folders = [native_build.pybind11_include(), *python_headers(tmp_path)]
    library = compiled(
        CROSS, tmp_path / "_cpu.so", "-O0", "-shared", "-fPIC", "-DEMO_ISA=baseline", '-DEMOFACE_INTERFACE=""',
        *(f"-I{folder}" for folder in folders), *(str(unit.source) for unit in module.units),
    )  # fmt: skip
    assert library.read_bytes()[18:20] == struct.pack("<H", 183), "not a library for aarch64"


def test_denoise_loop_has_the_same_bits(tmp_path, program):
    found(CROSS, EMULATOR)
    command = [EMULATOR, str(compiled(CROSS, tmp_path / "denoise", "-static", *program))]
    fused = native.CPU is not None and native.CPU.isa() != "baseline"
    for place, case in enumerate(CASES):
        args = case.inputs()
        out = output_of(command, args, threads=1 + place % 2)
        assert not faults(OPS["denoise_loop"], out, args), case
        if fused:
            assert torch.equal(out, OPS["denoise_loop"].call(*args)), case
    rough = list(CASES[-1].inputs())
    rough[7] = rough[7].bfloat16()
    out, exact = output_of(command, tuple(rough), threads=2), OPS["denoise_loop"].call(*args)
    assert 1e-5 < (out - exact).norm() / exact.norm() < 2e-2


def test_nothing_leaks(tmp_path, program):
    found("g++")
    command = [str(compiled("g++", tmp_path / "denoise", "-fsanitize=address", "-O0", *program))]
    for case in CASES[:3]:
        args = case.inputs()
        assert not faults(OPS["denoise_loop"], output_of(command, args, threads=3), args)
