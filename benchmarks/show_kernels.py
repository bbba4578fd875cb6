"""Every operator in its places, how exact each back end is and what its kernels take: needs no GPU.

    python benchmarks/show_kernels.py              tables on standard output (a quarter of an hour on two quiet cores)
    python benchmarks/show_kernels.py places cpu   some of: places cpu triton cuda registers nvcc

`triton` is the interpreter, `cuda` the host shim that runs the CUDA sources; these and `cpu` run the tests and read
what they measured.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from emoface.kernels import OPS
from emoface.kernels._tools import nvcc

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests/kernels"
TYPES = ("float32", "bfloat16", "float16", "float64")
RUNS = {
    "cpu": (["test_ops.py", "-k", "test_matches_reference and -cpu-cpu-"], {}),
    "triton": (["test_ops.py", "-k", "test_matches_reference and -triton-cpu-"], {"TRITON_INTERPRET": "1"}),
    "cuda": (["test_host_shim.py", "-k", "test_cuda_source"], {}),
}
KEYS = {"cpu": "{op}-cpu-cpu-", "triton": "{op}-triton-cpu-", "cuda": "{op}-"}


def row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def head(*cells: object) -> str:
    return row(*cells) + "\n|" + "---|" * len(cells)


def source(op: str, kind: str) -> str:
    """Where an operator's code for one kind of device is, or why not here."""
    has = any(backend.name == kind for backend in OPS[op].backends)
    if not has:
        return "-"
    if kind == "triton":
        return "`triton_kernel.py`"
    own = ROOT / "csrc" / op / f"{op}_{kind}.{'cu' if kind == 'cuda' else 'cpp'}"
    return f"`{own.name}`" if own.exists() else "`native.py`"


def places() -> str:
    lines = [head("operator", "reference", "cases", "C++", "CUDA", "Triton", "gradient kernels")]
    for name, op in OPS.items():
        folder = ROOT / "kernels" / name
        assert (folder / "reference.py").exists() and (folder / "cases.py").exists()
        trains = ", ".join(backend.name for backend in op.backends if backend.train) or "-"
        kinds = [source(name, kind) for kind in ("cpu", "cuda", "triton")]
        lines.append(row(name, "`reference.py`", f"{len(op.cases)}", *kinds, trains))
    return "\n".join(lines)


def measured(kind: str) -> str:
    """Largest error and, in brackets, the largest share of what is allowed, over all cases of each type."""
    arguments, environment = RUNS[kind]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", str(TESTS / arguments[0]), *arguments[1:]],
            env={**os.environ, **environment}, capture_output=True, text=True, cwd=ROOT,
        )  # fmt: skip
        tests = list(ElementTree.parse(report).iter("testcase"))
    found: dict[tuple[str, str], list[dict[str, float]]] = defaultdict(list)
    for test in tests:
        values = {item.get("name", ""): float(item.get("value", "nan")) for item in test.iter("property")}
        label = re.search(r"\[(.*)\]", test.get("name", ""))
        if values and label:
            op = next(op for op in OPS if label[1].startswith(KEYS[kind].format(op=op)))
            dtype = next(dtype for dtype in TYPES if re.search(rf"-{dtype}(-|$)", label[1]))
            found[op, dtype].append(values)
    lines = [head("operator", "runs", *TYPES)]
    for op in OPS:
        cells = []
        for dtype in TYPES:
            values = found.get((op, dtype), [])
            worst = [max(value[key] for value in values) for key in ("error", "share")] if values else []
            cells.append(f"{worst[0]:.1e} ({worst[1]:.0%})" if worst else "-")
        if count := sum(len(found.get((op, dtype), [])) for dtype in TYPES):
            lines.append(row(op, count, *cells))
    return "\n".join([*lines, "", f"pytest: {done.stdout.strip().splitlines()[-1]}"])


def registers() -> str:
    """The most that any Triton kernel of an operator takes on a target: registers / spilled / shared bytes."""
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, "-m", "emoface.kernels._tools.aot"],
        env=environment, stdout=subprocess.PIPE, check=True, text=True,
    )
    rows = json.loads(done.stdout)
    targets = list(dict.fromkeys(entry["target"] for entry in rows))
    names = (f"sm_{target}" if isinstance(target, int) else target for target in targets)
    lines = [head("operator", "compiled", *names, "matrix products")]
    for op in dict.fromkeys(entry["op"] for entry in rows):
        own = [entry for entry in rows if entry["op"] == op]
        cells = []
        for target in targets:
            here = [entry for entry in own if entry["target"] == target]
            cells.append(" / ".join(str(max(e[key] for e in here)) for key in ("registers", "spilled", "shared")))
        words = sorted({word for entry in own for word in entry["mma"]})
        lines.append(row(op, len(own) // len(targets), *cells, " ".join(words) or "-"))
    return "\n".join(lines)


def cuda_resources() -> str:
    """What each CUDA kernel takes on a target: registers / spilled / static shared bytes."""
    compiler = shutil.which("nvcc")
    if compiler is None:
        return "no nvcc on PATH"
    return nvcc.table([entry for path in nvcc.sources() for entry in nvcc.compile_source(path, compiler)])


TABLES = {
    "places": ("The places of an operator (number of cases)", places),
    "cpu": ("C++ against float64: largest error (share of what is allowed)", lambda: measured("cpu")),
    "triton": ("Triton, interpreted, against float64", lambda: measured("triton")),
    "cuda": ("CUDA sources, run by the host shim, against float64", lambda: measured("cuda")),
    "registers": ("Triton kernels: registers / spilled bytes / bytes of shared memory, the most of each", registers),
    "nvcc": ("CUDA kernels: registers / spilled bytes / static bytes of shared memory", cuda_resources),
}

if __name__ == "__main__":
    wanted = sys.argv[1:] or list(TABLES)
    if unknown := set(wanted) - set(TABLES):
        sys.exit(f"no such table: {', '.join(sorted(unknown))} (there are {', '.join(TABLES)})")
    for name in wanted:
        title, table = TABLES[name]
        print(f"## {title}\n\n{table()}\n", flush=True)
