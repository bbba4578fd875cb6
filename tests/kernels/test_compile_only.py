"""What the kernels take on each GPU, known without one: registers, spilled bytes, shared memory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from emoface.kernels import OPS
from emoface.kernels._tools import nvcc

ROOT = Path(__file__).resolve().parent.parent.parent
# The most that any kernel of an operator may take: registers of a thread, bytes of shared memory of a block.
REGISTERS = {
    "adain": 96, "content_attention": 232, "denoise_loop": 224, "ff_adain_film": 255, "ff_gelu": 128, "film": 48,
    "flame_lbs": 200, "ln_qkv": 168, "oproj_residual_film": 160, "prepare_clip": 160,
    "prepare_schedule": 160, "sampler_step": 64, "self_attention": 192,
}  # fmt: skip
SHARED_BYTES = {
    "adain": 1024, "content_attention": 48 * 1024, "denoise_loop": 64 * 1024, "ff_adain_film": 64 * 1024,
    "ff_gelu": 48 * 1024, "film": 0, "flame_lbs": 27 * 1024, "ln_qkv": 64 * 1024, "oproj_residual_film": 64 * 1024,
    "prepare_clip": 64 * 1024, "prepare_schedule": 64 * 1024, "sampler_step": 4096, "self_attention": 48 * 1024,
}  # fmt: skip
VGPRS = {"attention_key_gradient_kernel": 288}  # of gfx942, whose compiler takes more than it needs; 256 elsewhere
PRODUCTS = (
    "attention_kernel", "attention_query_gradient_kernel", "attention_key_gradient_kernel", "linear_kernel",
    "ff_adain_film_kernel", "denoise_enter_kernel",
)  # fmt: skip
INSTRUCTIONS = {
    80: {"mma.sync"}, 90: {"mma.sync", "wgmma"}, 100: {"mma.sync", "tcgen05.mma"}, 120: {"mma.sync"},
    "gfx942": {"v_mfma"},
}  # fmt: skip


def without_interpreter() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}


def test_triton_kernels_stay_in_budget():
    triton = pytest.importorskip("triton")
    if not (Path(triton.__file__).parent / "backends/nvidia/bin/cuobjdump").exists():
        pytest.skip("this Triton bundles no cuobjdump")
    done = subprocess.run(
        [sys.executable, "-m", "emoface.kernels._tools.aot"],
        env=without_interpreter(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    rows = json.loads(done.stdout)
    expected = {name for name, op in OPS.items() if any(backend.name == "triton" for backend in op.backends)}
    assert {row["op"] for row in rows} == expected
    assert {row["target"] for row in rows} == set(INSTRUCTIONS)
    older = tuple(map(int, triton.__version__.split(".")[:2])) < (3, 7)
    for row in rows:
        assert row["spilled"] <= (8 if older and row["target"] == 90 else 0), row  # Triton 3.6 sets 8 bytes aside
        most = VGPRS.get(row["kernel"], 256) if row["target"] == "gfx942" else REGISTERS[row["op"]]
        assert row["registers"] <= most, row
        assert row["shared"] <= SHARED_BYTES[row["op"]], row
        if row["kernel"] in PRODUCTS and row["element"] in ("bf16", "fp16"):
            assert INSTRUCTIONS[row["target"]] & set(row["mma"]), row
    wide = {word for row in rows for word in row["mma"]}
    assert {"wgmma", "tcgen05.mma"} <= wide  # the tiles of long clips are large enough for them


# Of the CUDA sources: registers of a thread, static bytes of shared memory of a block, and their tensor-core kernels.
CUDA_BUDGETS = {
    "cuda/attention.cu": (168, 18 * 1024, 8),
    "cuda/linear.cu": (168, 17 * 1024, 6),
    "cuda/linear_restyle.cu": (128, 1024, 4),
    "cuda/restyle.cu": (64, 4 * 1024, 0),
    "denoise_loop/denoise_loop_cuda.cu": (64, 17 * 1024, 0),
    "film/film_cuda.cu": (40, 0, 0),
    "flame_lbs/flame_lbs_cuda.cu": (200, 27 * 1024, 0),
    "sampler_step/sampler_step_cuda.cu": (64, 4 * 1024, 0),
}
WIDE_HEADS = (232, 35 * 1024)  # attention with 128 channels


@pytest.mark.parametrize("source", nvcc.sources(), ids=lambda path: path.stem)
def test_cuda_kernels_stay_in_budget(source):
    compiler = shutil.which("nvcc")
    if compiler is None:
        pytest.skip("no nvcc on PATH")
    rows = nvcc.compile_source(source, compiler, ptx=True)
    targets = {f"sm_{arch}" for arch in nvcc.known_archs(compiler)}
    assert {row["target"] for row in rows} == targets
    most_registers, most_shared, with_products = CUDA_BUDGETS[rows[0]["source"]]
    for row in rows:
        registers, shared = WIDE_HEADS if row["kernel"].endswith(" 128>") else (most_registers, most_shared)
        assert row["spilled"] == 0, row
        assert row["registers"] <= registers, row
        assert row["shared"] <= shared, row
    assert sum(row["mma"] > 0 for row in rows) == with_products * len(targets)
