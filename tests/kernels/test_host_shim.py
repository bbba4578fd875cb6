"""The CUDA kernels' own source, run on the host by a small shim and held to the same error rule."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from emoface.kernels import OPS, _native
from emoface.kernels._judge import faults
from emoface.kernels.content_attention import native as content_attention
from emoface.kernels.content_attention.cases import ContentAttentionCase
from emoface.kernels.flame_lbs import native as flame_lbs
from emoface.kernels.sampler_step import native as sampler_step

HERE = Path(__file__).parent / "host_shim"
CSRC = HERE.parent.parent.parent / "csrc"
ORDERS = {"forward": 0, "backward": 1, "shuffled": 2}


def build(source: Path, folder: Path, *flags: str) -> ctypes.CDLL:
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("no g++ on PATH")
    target = folder / f"{source.stem}.so"
    done = subprocess.run(
        [compiler, "-std=c++17", "-O2", "-shared", "-fPIC", f"-I{CSRC / 'include'}", *flags, str(source),
         "-o", str(target)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return ctypes.CDLL(str(target))


def run(function, native, args, *order):
    """The outputs, and what the function answers to an array of addresses, the dtype's number and the numbers."""
    outputs, passed = native.prepare(*args)
    place = next(i for i, value in enumerate(passed) if isinstance(value, torch.dtype))
    tensors, (dtype, *numbers) = passed[:place], passed[place:]
    pointers = (ctypes.c_void_p * place)(*map(_native.address, tensors))
    typed = [ctypes.c_double(value) if isinstance(value, float) else ctypes.c_int64(value) for value in numbers]
    return outputs, function(pointers, _native.DTYPES[dtype], *typed, *order)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return build(HERE / "sampler_step_shim.cpp", tmp_path_factory.mktemp("shim"))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize("case", OPS["sampler_step"].cases, ids=str)
def test_cuda_source_of_sampler_step(library, case, dtype, order, poisoned_memory):
    args = case.inputs(dtype=dtype)
    outputs, _ = run(library.sampler_step_shim, sampler_step, args, ORDERS[order])
    assert not faults(OPS["sampler_step"], outputs, args)


@pytest.fixture(scope="module")
def flame_library(tmp_path_factory):
    return build(HERE / "flame_lbs_shim.cpp", tmp_path_factory.mktemp("flame_shim"))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize("case", [case for case in OPS["flame_lbs"].cases if not case.bench], ids=str)
def test_cuda_source_of_flame_lbs(flame_library, case, dtype, order, poisoned_memory):
    args = case.inputs(dtype=dtype)
    out, _ = run(flame_library.flame_lbs_shim, flame_lbs, args, ORDERS[order])
    assert not faults(OPS["flame_lbs"], out, args)


@pytest.mark.parametrize("isa", ["x86-64-v3", "baseline"])
def test_flame_lbs_for_older_processors(isa, tmp_path):
    """The paths of flame_lbs_cpu that this machine would not take by itself."""
    if _native.CPU is None or "avx2" not in _native.CPU.isas():
        pytest.skip("needs an x86-64 processor with AVX2")
    chosen = "-D__builtin_cpu_supports(name)=" + ("0" if isa == "baseline" else f'(!__builtin_strcmp(name,"{isa}"))')
    source = tmp_path / "flame_lbs_isa.cpp"
    source.write_text(f"""
        #include "{CSRC / "flame_lbs/flame_lbs_cpu.cpp"}"
        extern "C" bool run(void** t, int dtype, std::int64_t frames, std::int64_t shapes, std::int64_t vertices) {{
          return emoface::flame_lbs_cpu({{t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9],
                                         emoface::DType(dtype), frames, shapes, vertices}});
        }}""")
    library = build(source, tmp_path, chosen, "-O1")
    for case in OPS["flame_lbs"].cases:
        for dtype in (torch.float32, torch.bfloat16, torch.float64):
            if not case.bench:
                args = case.inputs(dtype=dtype)
                out, ran = run(library.run, flame_lbs, args)
                assert ran and not faults(OPS["flame_lbs"], out, args), (case, dtype)


@pytest.fixture(scope="module")
def content_library(tmp_path_factory):
    return build(HERE / "content_attention_shim.cpp", tmp_path_factory.mktemp("content_shim"))


CONTENT_CASES = [
    *(case for case in OPS["content_attention"].cases if not case.bench),
    ContentAttentionCase(1, 35, 70, 2, 16, lengths=True),  # what follows runs on tensor cores in bfloat16
    ContentAttentionCase(1, 40, 150, 1, 32, window=20),
    ContentAttentionCase(2, 17, 65, 1, 64, lengths=True),
]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize("case", CONTENT_CASES, ids=str)
def test_cuda_source_of_content_attention(content_library, case, dtype, order, poisoned_memory):
    args = case.inputs(dtype=dtype)
    out, ran = run(content_library.content_attention_shim, content_attention, args, ORDERS[order])
    assert ran == int(dtype == torch.bfloat16 and case.D in (16, 32, 64) and out.numel() > 0)
    assert not faults(OPS["content_attention"], out, args)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["simple", "tensor cores"])
def test_a_missing_barrier_in_content_attention_shows(tmp_path, dtype):
    kernels = (CSRC / "content_attention/content_attention_kernels.cuh").read_text()
    broken = tmp_path / "content_attention_kernels.cuh"
    broken.write_text(kernels.replace("__syncthreads();", ""))
    text = (HERE / "content_attention_shim.cpp").read_text()
    source = tmp_path / "broken.cpp"
    source.write_text(text.replace("../../../csrc/content_attention/content_attention_kernels.cuh", str(broken)))
    library = build(source, tmp_path, f"-I{HERE}")
    args = ContentAttentionCase(1, 40, 150, 1, 32).inputs(dtype=dtype)
    outputs = [run(library.content_attention_shim, content_attention, args, order)[0] for order in ORDERS.values()]
    assert any(faults(OPS["content_attention"], out, args) for out in outputs)


def test_shim_shows_a_missing_barrier(tmp_path):
    """The shim itself: with its barriers removed the threshold kernel must go wrong in some order."""
    kernels = (CSRC / "sampler_step/sampler_step_kernels.cuh").read_text()
    broken = tmp_path / "sampler_step_kernels.cuh"
    broken.write_text(kernels.replace("__syncthreads();", ""))
    source = tmp_path / "broken.cpp"
    text = (HERE / "sampler_step_shim.cpp").read_text()
    source.write_text(text.replace("../../../csrc/sampler_step/sampler_step_kernels.cuh", str(broken)))
    library = build(source, tmp_path, f"-I{HERE}")
    op = OPS["sampler_step"]
    case = next(case for case in op.cases if case.threshold and case.T > 10)
    args = case.inputs()
    outputs = [run(library.sampler_step_shim, sampler_step, args, order)[0] for order in ORDERS.values()]
    assert any(faults(op, out, args) for out in outputs)
