"""What the kernels take on each GPU, known without one: registers, spilled bytes, shared memory.

`tests/tools/compiled.py` keeps what the compilers said, as long as neither they nor the sources change.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import compiled
import pytest
from compiled import Rows, rows_of, with_headers

from emoface.kernels import OPS
from emoface.kernels._tools import aot, nvcc

KERNELS = Path(nvcc.__file__).parents[1]
VGPRS = {"attention_key_gradient_kernel": 288}  # of gfx942, whose compiler takes more than it needs; 256 elsewhere
INSTRUCTIONS = {
    80: {"mma.sync"}, 90: {"mma.sync", "wgmma"}, 100: {"mma.sync", "tcgen05.mma"}, 120: {"mma.sync"},
    "gfx942": {"v_mfma"},
}  # fmt: skip


def without_interpreter() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}


def compiled_by_triton() -> Rows:
    done = subprocess.run(
        [sys.executable, "-m", "emoface.kernels._tools.aot"],
        env=without_interpreter(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def test_triton_kernels_stay_in_budget():
    triton = pytest.importorskip("triton")
    if not (Path(triton.__file__).parent / "backends/nvidia/bin/cuobjdump").exists():
        pytest.skip("this Triton bundles no cuobjdump")
    sources = [*KERNELS.glob("_triton/*"), *KERNELS.glob("*/triton_kernel.py"), Path(aot.__file__)]
    sources = [path for path in sources if path.is_file()]
    rows = rows_of("triton", triton.__version__, sources, compiled_by_triton)
    expected = {name for name, op in OPS.items() if any(backend.name == "triton" for backend in op.backends)}
    assert {row["op"] for row in rows} == expected
    assert {row["target"] for row in rows} == set(INSTRUCTIONS)
    older = tuple(map(int, triton.__version__.split(".")[:2])) < (3, 7)
    for row in rows:
        assert row["spilled"] <= (8 if older and row["target"] == 90 else 0), row  # Triton 3.6 sets 8 bytes aside
        registers, shared = row["budget"]
        most = VGPRS.get(row["kernel"], 256) if row["target"] == "gfx942" else registers
        assert row["registers"] <= most, row
        assert row["shared"] <= shared, row
        if row["has_products"] and row["element"] in ("bf16", "fp16"):
            assert INSTRUCTIONS[row["target"]] & set(row["mma"]), row
    wide = {word for row in rows for word in row["mma"]}
    assert {"wgmma", "tcgen05.mma"} <= wide  # the tiles of long clips are large enough for them


@pytest.mark.parametrize("source", nvcc.sources(), ids=lambda path: path.stem)
def test_cuda_kernels_stay_in_budget(source):
    compiler = shutil.which("nvcc")
    if compiler is None:
        pytest.skip("no nvcc on PATH")
    version = subprocess.run([compiler, "--version"], capture_output=True, text=True, check=True).stdout
    sources = [Path(nvcc.__file__), *with_headers(source, [nvcc.CSRC / "include"])]
    rows = rows_of(source.stem, version, sources, lambda: nvcc.compile_source(source, compiler, ptx=True))
    targets = {f"sm_{arch}" for arch in nvcc.known_archs(compiler)}
    assert {row["target"] for row in rows} == targets
    budgets = nvcc.budgets(source)
    for row in rows:
        budget = next(budget for budget in budgets if row["kernel"].endswith(budget.end))
        assert row["spilled"] == 0, row
        assert row["registers"] <= budget.registers, row
        assert row["shared"] <= budget.shared, row
    assert sum(row["mma"] > 0 for row in rows) == budgets[-1].products * len(targets)


def test_a_source_without_a_budget_is_told_how_to_state_one(tmp_path):
    source = tmp_path / "new_cuda.cu"
    source.write_text('#include "new_kernels.cuh"\n// Budget: few registers.\n')
    with pytest.raises(ValueError, match=r"new_cuda.cu must state one budget of all its kernels, '// Budget: 40"):
        nvcc.budgets(source)


def test_what_is_kept_is_compiled_anew_when_anything_changes(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "FILE", tmp_path / "compiled.json")
    monkeypatch.setenv("EMOFACE_KEEP_COMPILED", "1")
    compiled.FILE.write_text("{}")
    source, header, folder = tmp_path / "a.cu", tmp_path / "include" / "b.h", tmp_path / "include"
    folder.mkdir()
    source.write_text('#include "b.h"\n#include <vector>\n')
    header.write_text("int b;\n")
    count = iter(range(9))

    def rows(version="1"):
        return rows_of("a", version, with_headers(source, [folder]), lambda: [{"compiled": next(count)}])

    assert rows() == rows() == [{"compiled": 0}]
    header.write_text("int c;\n")
    assert rows() == rows() == [{"compiled": 1}]
    assert rows("2") == rows("2") == [{"compiled": 2}]
    monkeypatch.delenv("EMOFACE_KEEP_COMPILED")
    assert rows() == [{"compiled": 3}] and rows() == [{"compiled": 4}]
