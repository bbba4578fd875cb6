"""Compile every declared Triton specialisation for the supported GPUs, without one, and report what it takes.

    python -m emoface.kernels._tools.aot [OP ...]     one JSON list on standard output

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
MMA = ("mma.sync", "wgmma", "tcgen05.mma", "v_mfma")


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


def _mfma_usage(assembly: str) -> dict[str, int]:
    def number(name: str) -> int:
        found = re.search(rf"\.{name}:\s*(\d+)", assembly)
        if found is None:
            raise RuntimeError(f"the assembly of a gfx target names no {name}")
        return int(found[1])

    return {"registers": number("vgpr_count"), "spilled": number("vgpr_spill_count")}


def _source(function: Any, signature: dict[str, str], constants: dict[str, Any]) -> Any:
    """What Triton compiles; a type that ends in ":16" is an address or number divisible by 16, as launches find it."""
    from triton.compiler import ASTSource

    names = list(function.arg_names)
    types = {name: kind.removesuffix(":16") for name, kind in signature.items()}
    aligned = {
        (names.index(name),): [["tt.divisibility", 16]] for name, kind in signature.items() if kind.endswith(":16")
    }
    return ASTSource(
        fn=function, signature={**types, **dict.fromkeys(constants, "constexpr")}, constexprs=constants, attrs=aligned
    )


def compile_all(only: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """One row per operator (all, or those named), kernel, specialisation and target.

    A module triton_kernel names its kernels in AOT, and in BUDGET the registers of a thread and the bytes of shared
    memory of a block that any of them may take.
    """
    import triton
    from triton.backends.compiler import GPUTarget

    from .. import OPS

    cuobjdump = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump"
    targets = [GPUTarget("cuda", capability, 32) for capability in CAPABILITIES] + [GPUTarget("hip", "gfx942", 64)]
    rows = []
    for name, op in OPS.items():
        if not any(backend.name == "triton" for backend in op.backends) or (only and name not in only):
            continue
        module = importlib.import_module(f"emoface.kernels.{name}.triton_kernel")
        for kernel, signature, constants, options in module.AOT:
            tiles = {key: value for key, value in options.items() if not key.startswith("num_")}
            chosen = {key: value for key, value in options.items() if key.startswith("num_")}
            source = _source(getattr(module, kernel), signature, {**constants, **tiles})
            for target in targets:
                compiled = triton.compile(source, target=target, options={**chosen, "enable_fp_fusion": True})
                code = compiled.asm["ptx" if target.backend == "cuda" else "amdgcn"]
                cubin = compiled.asm["cubin"] if target.backend == "cuda" else b""
                rows.append(
                    {
                        "op": name,
                        "kernel": kernel,
                        "element": next(iter(signature.values())).removeprefix("*").removesuffix(":16"),
                        "constants": {**constants, **options},
                        "target": target.arch,
                        "shared": compiled.metadata.shared,
                        "mma": [word for word in MMA if word in code],
                        "has_products": "product(" in getattr(module, kernel).src,
                        "budget": module.BUDGET,
                        **(_usage(cubin, cuobjdump) if cubin else _mfma_usage(code)),
                    }
                )
    return rows


if __name__ == "__main__":
    json.dump(compile_all(tuple(sys.argv[1:])), sys.stdout)
