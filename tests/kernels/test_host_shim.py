"""The CUDA sources, unmodified, run on the host by a small shim and held to the same error rule."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from emoface.kernels import OPS
from emoface.kernels._contract.judge import DTYPES, faults, verdict
from emoface.kernels._runtime import native
from emoface.kernels._runtime.native import address
from emoface.kernels.content_attention.cases import ContentAttentionCase
from emoface.kernels.denoise_loop.cases import DenoiseLoopCase
from emoface.kernels.ff_adain_film.cases import FfAdainFilmCase
from emoface.kernels.ff_gelu.cases import FfGeluCase
from emoface.kernels.flame_lbs import native as flame_lbs
from emoface.kernels.ln_qkv.cases import LnQkvCase
from emoface.kernels.oproj_residual_film.cases import OprojCase
from emoface.kernels.self_attention.cases import SelfAttentionCase

HERE = Path(__file__).parent / "host_shim"
CSRC = HERE.parent.parent.parent / "csrc"
SOURCES = sorted((*CSRC.glob("cuda/*.cu"), *CSRC.glob("*/*_cuda.cu")))
ORDERS = ("forward", "backward", "shuffled")
CUDA_OPS = [name for name, op in OPS.items() if any(backend.name == "cuda" for backend in op.backends)]
# What runs on tensor cores in 16-bit types: odd numbers of rows and tiles, every tile size, both kinds of norms.
PRODUCTS = {
    "content_attention": [
        ContentAttentionCase(1, 35, 70, 2, 16, lengths=True),
        ContentAttentionCase(1, 40, 150, 1, 32, window=20),
        ContentAttentionCase(2, 17, 65, 1, 64, lengths=True),
        ContentAttentionCase(1, 9, 20, 1, 128),
    ],
    "self_attention": [SelfAttentionCase(2, 70, 2, 32, lengths=True), SelfAttentionCase(1, 65, 1, 64)],
    "ln_qkv": [
        LnQkvCase(1, 35, 72, 136),
        LnQkvCase(1, 17, 584, 8),
        LnQkvCase(1, 3170, 8, 64),
        LnQkvCase(8, 799, 8, 56),
    ],
    "ff_gelu": [FfGeluCase(2, 20, 40, 72)],
    "oproj_residual_film": [OprojCase(3, 11, 72)],
    "denoise_loop": [DenoiseLoopCase(1, 9, 2, 16, 32, 7, blocks=1, N=3, window=4, residual=1.0, mask=True)],
    "ff_adain_film": [
        FfAdainFilmCase(2, 35, 24, 200, residual=1.0),
        FfAdainFilmCase(1, 131, 24, 72),
        FfAdainFilmCase(1, 257, 8, 16, residual=1.0),  # in two launches
    ],
}


def flags() -> list[str]:
    if shutil.which("g++") is None:
        pytest.skip("no g++ on PATH")
    return ["g++", "-std=c++17", "-O1", "-fPIC", "-w", "-fvisibility=hidden", *os.environ.get("SHIM_FLAGS", "").split()]


def compiled(source: Path, folder: Path) -> str:
    """The object file of a CUDA or C++ source."""
    pybind11 = pytest.importorskip("pybind11")
    places = (HERE, CSRC, CSRC / "include", pybind11.get_include(), sysconfig.get_path("include"))
    device = ["-D__CUDACC__", "-include", "cuda_runtime.h", "-x", "c++"] if source.suffix == ".cu" else []
    target = folder / f"{source.stem}.o"
    done = subprocess.run(
        [*flags(), *(f"-I{place}" for place in places), '-DEMOFACE_ARCHS="host"', '-DEMOFACE_INTERFACE=""', *device,
         "-c", str(source), "-o", str(target)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return str(target)


class Shim:
    """The CUDA module as the shim runs it."""

    def __init__(self, folder: Path, objects: dict[str, str]) -> None:
        self.objects = objects
        path = str(folder / "_cuda.so")
        subprocess.run([*flags(), "-shared", *objects.values(), "-o", path, "-pthread"], check=True)
        name = f"{folder.name}._cuda"  # under a name used before, Python would find the module of before
        loader = importlib.machinery.ExtensionFileLoader(name, path)
        self.module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
        loader.exec_module(self.module)
        self.products = ctypes.CDLL(path).shim_products  # matrix products of warps so far
        self.products.restype = ctypes.c_ulonglong

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let CUDA back ends run on CPU tensors."""
        monkeypatch.setattr(native, "CUDA", self.module)
        monkeypatch.setattr(native, "stream_of", lambda device: contextlib.nullcontext(0))
        monkeypatch.setattr(native, "can_overlap", lambda device: True)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shim")
    sources = [*SOURCES, CSRC / "bindings_cuda.cpp", HERE / "count.cpp"]
    with ThreadPoolExecutor(2) as pool:
        objects = pool.map(lambda source: compiled(source, folder), sources)
    return Shim(folder, {source.stem: target for source, target in zip(sources, objects)})


@pytest.fixture
def shim(built, monkeypatch):
    built.use(monkeypatch)
    return built


def backend(op: str):
    return next(backend for backend in OPS[op].backends if backend.name == "cuda")


def runs():
    for name in CUDA_OPS:
        plain = [case for case in OPS[name].cases if not case.bench and (name != "denoise_loop" or case.flops() < 1e4)]
        grid = [(case, dtype, "forward") for case in plain for dtype in DTYPES]
        grid += [(case, torch.float32, order) for case in plain for order in ORDERS[1:]]
        grid += [(case, torch.bfloat16, order) for case in PRODUCTS.get(name, ()) for order in ORDERS]
        grid += [(case, torch.float16, "forward") for case in PRODUCTS.get(name, ())]
        for case, dtype, order in grid:
            yield pytest.param(name, case, dtype, order, id=f"{name}-{case}-{str(dtype)[6:]}-{order}")


@pytest.mark.parametrize("name, case, dtype, order", list(runs()))
def test_cuda_source(shim, name, case, dtype, order, poisoned_memory, monkeypatch, record_property):
    monkeypatch.setenv("SHIM_ORDER", order)
    args = case.inputs(dtype=dtype)
    if reason := backend(name).why_not(*args):
        pytest.skip(reason)
    before = shim.products()
    with native.overlapping():  # the shim finds kernels that do not wait for the one before
        said = verdict(OPS[name], backend(name).run(*args), args)
    record_property("error", said.error)  # for benchmarks/show_kernels.py
    record_property("share", said.share)
    assert not said.faults
    assert case not in PRODUCTS.get(name, ()) or shim.products() > before


def test_noise_that_is_asked_for_and_missing_makes_no_number(shim):
    """Coefficients on a GPU are not read before the kernels read them."""
    loop, step = list(OPS["denoise_loop"].cases[3].inputs()), list(OPS["sampler_step"].cases[4].inputs())
    loop[5][0, 3] = 0.5
    step[4][3] = 0.5
    assert backend("denoise_loop").run(*loop)[~loop[17]].isnan().all()
    x_next, _ = backend("sampler_step").run(*step)
    assert x_next[~step[7]].isnan().all() and x_next[step[7]].isfinite().all()


BREAKS = {
    "a wait for copies in attention": ("cuda/attention", "await_copies<0>();", "content_attention"),
    "a barrier of a linear map": ("cuda/linear", "__syncthreads();", "ln_qkv"),
    "a wait for copies in a linear map": ("cuda/linear", "await_copies<kStages - 2>();", "ln_qkv"),
    "a barrier of the threshold": ("sampler_step/sampler_step_cuda", "__syncthreads();", "sampler_step"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_what_is_missing_shows(built, what, tmp_path, monkeypatch):
    """The shim itself: without it the kernels must go wrong in some order."""
    source, word, op = BREAKS[what]
    folder = shutil.copytree((CSRC / source).parent, tmp_path / "broken")
    kernels = folder / f"{Path(source).name.removesuffix('_cuda')}_kernels.cuh"
    assert word in kernels.read_text()
    kernels.write_text(kernels.read_text().replace(word, ""))
    name = Path(source).name
    Shim(tmp_path, {**built.objects, name: compiled(folder / f"{name}.cu", tmp_path)}).use(monkeypatch)
    case = PRODUCTS[op][0] if op in PRODUCTS else next(case for case in OPS[op].cases if case.threshold and case.T > 10)
    args = case.inputs(dtype=torch.bfloat16)
    bad = 0
    for order in ORDERS:
        monkeypatch.setenv("SHIM_ORDER", order)
        try:
            bad += bool(faults(OPS[op], backend(op).run(*args), args))
        except RuntimeError as error:  # what the shim itself finds
            bad += "copies on their way" in str(error)
    assert bad


@pytest.mark.parametrize("isa", ["x86-64-v3", "baseline"])
def test_flame_lbs_for_older_processors(isa, tmp_path):
    """The paths of flame_lbs_cpu that this machine would not take by itself."""
    if native.CPU is None or "avx2" not in native.CPU.isas():
        pytest.skip("needs an x86-64 processor with AVX2")
    chosen = "-D__builtin_cpu_supports(name)=" + ("0" if isa == "baseline" else f'(!__builtin_strcmp(name,"{isa}"))')
    source, library = tmp_path / "flame_lbs_isa.cpp", tmp_path / "flame_lbs_isa.so"
    source.write_text(f"""
        #include "{CSRC / "flame_lbs/flame_lbs_cpu.cpp"}"
        extern "C" __attribute__((visibility("default"))) bool run(
            void** t, int dtype, std::int64_t frames, std::int64_t shapes, std::int64_t vertices) {{
          return emoface::flame_lbs_cpu({{t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], t[9],
                                         emoface::DType(dtype), frames, shapes, vertices}});
        }}""")
    subprocess.run([*flags(), "-shared", f"-I{CSRC / 'include'}", chosen, str(source), "-o", str(library)], check=True)
    run = ctypes.CDLL(str(library)).run
    for case in OPS["flame_lbs"].cases:
        for dtype in (torch.float32, torch.bfloat16, torch.float64):
            if not case.bench:
                args = case.inputs(dtype=dtype)
                out, passed = flame_lbs.prepare(*args)
                (*tensors, number), sizes = passed[:11], passed[11:]
                pointers = (ctypes.c_void_p * len(tensors))(*map(address, tensors))
                assert run(pointers, native.DTYPES[number], *map(ctypes.c_int64, sizes))
                assert not faults(OPS["flame_lbs"], out, args), (case, dtype)
