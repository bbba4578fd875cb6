"""Compile every declared Triton specialisation for the supported GPUs, without one, and report what it takes.

    python -m emoface.kernels._aot          one JSON list on standard output

Must run without TRITON_INTERPRET: an interpreted kernel cannot be compiled in the same process.
"""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

CAPABILITIES = (80, 90, 100, 120)


def _usage(cubin: bytes, cuobjdump: Path) -> dict[str, int]:
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        text = subprocess.run(
            [str(cuobjdump), "-res-usage", file.name], capture_output=True, text=True, check=True
        ).stdout
    registers, local = re.search(r"REG:(\d+)", text), re.search(r"LOCAL:(\d+)", text)
    stack = re.search(r"STACK:(\d+)", text)
    if registers is None or local is None or stack is None:
        raise RuntimeError(f"cuobjdump -res-usage said nothing usable: {text!r}")
    return {"registers": int(registers[1]), "spilled": int(local[1]) + int(stack[1])}


def compile_all(capabilities: tuple[int, ...] = CAPABILITIES) -> list[dict[str, Any]]:
    """One row per operator, kernel, specialisation and compute capability."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from . import OPS

    cuobjdump = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump"
    rows = []
    for name, op in OPS.items():
        if not any(backend.name == "triton" for backend in op.backends):
            continue
        module = importlib.import_module(f"{__package__}.{name}.triton_kernel")
        for kernel, signature, constants, warps in module.AOT:
            function = getattr(module, kernel)
            types = {**signature, **dict.fromkeys(constants, "constexpr")}
            source = ASTSource(fn=function, signature=types, constexprs=constants)
            for capability in capabilities:
                compiled = triton.compile(
                    source,
                    target=GPUTarget("cuda", capability, 32),
                    options={"num_warps": warps, "enable_fp_fusion": True},
                )
                rows.append(
                    {
                        "op": name,
                        "kernel": kernel,
                        "element": next(iter(signature.values())),
                        "constants": constants,
                        "capability": capability,
                        "shared": compiled.metadata.shared,
                        **_usage(compiled.asm["cubin"], cuobjdump),
                    }
                )
    return rows


if __name__ == "__main__":
    json.dump(compile_all(), sys.stdout)
