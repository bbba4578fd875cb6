"""Compile the CUDA sources for the supported GPUs, without one, and report what each kernel takes.

    python -m emoface.kernels._tools.nvcc [WORD ...]

prints a table of the sources whose path has such a word.

Needs nvcc and a checkout of the repository.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CSRC = Path(__file__).resolve().parents[2] / "csrc"
ARCHS = ("80", "90a", "100a", "120a")
BUDGET = re.compile(
    r'^// Budget(?: of kernels that end in "(?P<end>[^"]+)")?: (?P<registers>\d+) registers, '
    r"(?P<shared>\d+) bytes of shared memory(?:, (?P<products>\d+) kernels with matrix instructions)?\.$",
    re.MULTILINE,
)
KERNEL = re.compile(
    r"Compiling entry function '(\S+)' for '(sm_\w+)'.*?(\d+) bytes stack frame, (\d+) bytes spill stores"
    r".*?Used (\d+) registers([^\n]*)",
    re.DOTALL,
)


def sources() -> list[Path]:
    """The CUDA sources that have kernels."""
    found = sorted((*CSRC.glob("cuda/*.cu"), *CSRC.glob("*/*_cuda.cu")))
    return [path for path in found if "_kernels.cuh" in path.read_text()]


@dataclass(frozen=True)
class Budget:
    """What the kernels of a source may take: registers of a thread, bytes of static shared memory of a block.

    Attributes:
        end: the last letters of the names of the kernels that it is for. products: how many of all kernels have matrix
            instructions.
    """

    end: str
    registers: int
    shared: int
    products: int


def budgets(source: Path) -> list[Budget]:
    """The budgets that a source states, those of particular kernels first.

    Raises:
        ValueError: it states none for all of its kernels.
    """
    stated = [
        Budget(found["end"] or "", int(found["registers"]), int(found["shared"]), int(found["products"] or 0))
        for found in BUDGET.finditer(source.read_text())
    ]
    if sum(not budget.end for budget in stated) != 1:
        raise ValueError(
            f"{source} must state one budget of all its kernels, '// Budget: 40 registers, 0 bytes of shared memory, "
            f"0 kernels with matrix instructions.', got {len(stated)} lines"
        )
    return sorted(stated, key=lambda budget: not budget.end)


def known_archs(nvcc: str) -> list[str]:
    """The supported architectures that this nvcc has code for."""
    names = subprocess.run([nvcc, "--list-gpu-arch"], capture_output=True, text=True, check=True).stdout.split()
    return [arch for arch in ARCHS if f"compute_{arch.rstrip('a')}" in names]


def _readable(symbols: list[str]) -> list[str]:
    """Names of kernels without namespaces and parameters, mangled as they came where no c++filt is there."""
    if shutil.which("c++filt") is None:
        return symbols
    done = subprocess.run(["c++filt", *symbols], capture_output=True, text=True, check=True).stdout.splitlines()
    return [re.sub(r"^void |emoface::|\(.*$", "", name) for name in done]


def compile_source(source: Path, nvcc: str, ptx: bool = False) -> list[dict[str, Any]]:
    """One row per kernel of a source and target; with `ptx`, also which matrix instructions its PTX has."""
    archs = known_archs(nvcc)
    codes = [f"-gencode=arch=compute_{arch},code=[sm_{arch},compute_{arch}]" for arch in archs]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [nvcc, "-O3", "-std=c++17", "-t2", "-Xptxas", "-v", f"-I{CSRC / 'include'}", "--keep",
             f"--keep-dir={folder}", *codes, "-c", str(source), "-o", f"{folder}/kernels.o"],
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        texts = {arch: _entries(next(Path(folder).glob(f"*compute_{arch}.ptx")).read_text()) for arch in archs if ptx}
    found = KERNEL.findall(done.stderr)
    rows = []
    for name, (symbol, target, stack, spilled, registers, rest) in zip(_readable([f[0] for f in found]), found):
        shared = re.search(r"(\d+) bytes smem", rest)
        row = {"source": source.relative_to(CSRC).as_posix(), "kernel": name, "target": target,
               "registers": int(registers), "spilled": int(stack) + int(spilled),
               "shared": int(shared[1]) if shared else 0}  # fmt: skip
        if ptx:
            row["mma"] = texts[target.removeprefix("sm_")][symbol].count("mma.sync")
        rows.append(row)
    return rows


def _entries(ptx: str) -> dict[str, str]:
    """The text of each kernel."""
    parts = re.split(r"\.entry (\w+)", ptx)
    return dict(zip(parts[1::2], parts[2::2]))


def table(rows: list[dict[str, Any]]) -> str:
    """A line per kernel: registers / spilled bytes / static bytes of shared memory for each target."""
    targets = sorted({row["target"] for row in rows}, key=lambda name: int(re.sub(r"\D", "", name)))
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        text = f"{row['registers']} / {row['spilled']} / {row['shared']}"
        cells.setdefault((row["source"], row["kernel"]), {})[row["target"]] = text
    lines = [f"| source | kernel | {' | '.join(targets)} |", "|" + "---|" * (2 + len(targets))]
    for (source, kernel), by_target in sorted(cells.items()):
        lines.append(f"| {source} | {kernel} | {' | '.join(by_target.get(target, '') for target in targets)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    compiler = shutil.which("nvcc")
    if compiler is None:
        sys.exit("no nvcc on PATH")
    wanted = [path for path in sources() if not sys.argv[1:] or any(word in str(path) for word in sys.argv[1:])]
    print("registers / spilled bytes / static bytes of shared memory")
    print(table([row for path in wanted for row in compile_source(path, compiler)]))
