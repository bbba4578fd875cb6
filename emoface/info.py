"""What is installed, what was built and which back end every operator takes: `python -m emoface.info [--json]`."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "triton", "numpy", "soundfile", "soxr", "safetensors", "transformers")


def collect() -> dict[str, Any]:
    """Everything that a bug report needs.

    Returns:
        dict: JSON-able; keys `versions`, `cpu`, `cuda`, `native`, `backend` (forced one or "auto"), `operators`
        (per operator and kind of tensor: the back end, and why better ones were passed over), `pictures` (the driver
        that draws them with ``backend="gpu"``, or why none can), `checkpoints` (of the package, by name) and `card`.
    """
    import torch

    return {
        "versions": _versions(),
        "cpu": {**_cpu(), "cores": os.cpu_count(), "threads": torch.get_num_threads()},
        "cuda": _cuda(),
        "native": _native(),
        "backend": os.environ.get("EMOFACE_BACKEND", "auto"),
        "operators": _operators(),
        "pictures": _pictures(),
        "checkpoints": _checkpoints(),
        "card": _card(),
    }


def _versions() -> dict[str, str | None]:
    from emoface import __version__

    found: dict[str, str | None] = {"emoface": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def cpu_model() -> str:
    """The processor's name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _cpu() -> dict[str, str]:
    import torch

    from emoface.kernels._runtime import native

    isa = "not known (emoface._cpu was not built)" if native.CPU is None else native.CPU.isa()
    return {"model": cpu_model(), "isa": isa, "torch_isa": torch.backends.cpu.get_cpu_capability()}


def _cuda() -> dict[str, Any]:
    import torch

    devices = []
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        major, minor = torch.cuda.get_device_capability(index)
        devices.append({"name": torch.cuda.get_device_name(index), "capability": f"{major}.{minor}"})
    return {"torch_toolkit": torch.version.cuda, "devices": devices}


def _native() -> dict[str, str]:
    from emoface.kernels._runtime import native

    cpu, cuda = native.CPU, native.CUDA
    found = {"_cpu": str(native.CPU_MISSING), "_cuda": str(native.CUDA_MISSING)}
    if cpu is not None:
        found["_cpu"] = f"built with compiler {cpu.compiler}"
    if cuda is not None:
        toolkit = f"{cuda.toolkit // 1000}.{cuda.toolkit % 1000 // 10}"
        found["_cuda"] = f"built for {cuda.archs} with toolkit {toolkit}"
    return found


def _operators() -> dict[str, dict[str, Any]]:
    import torch

    from emoface.kernels import OPS

    kinds = [("cpu", torch.float32), ("cpu", torch.bfloat16)]
    if torch.cuda.is_available():
        kinds += [("cuda", torch.float32), ("cuda", torch.bfloat16)]
    found: dict[str, dict[str, Any]] = {}
    for name, op in OPS.items():
        found[name] = {}
        for device, dtype in kinds:
            args = op.cases[0].inputs(device, dtype)
            answer: dict[str, Any]
            try:
                backend, passed_over = op.explain(*args)
                answer = {"backend": backend.name, "passed_over": passed_over}
            except RuntimeError as error:
                answer = {"backend": None, "passed_over": {"forced": str(error)}}
            found[name][f"{device} {str(dtype)[6:]}"] = answer
    return found


def _pictures() -> dict[str, str | None]:
    from emoface.render.gpu import choose_backend, gpu_device

    name, why = gpu_device()
    return {"auto": choose_backend("auto"), "gpu": name, "why_not": why}


def _checkpoints() -> dict[str, dict[str, Any]]:
    from emoface.checkpoints import NAMED

    return {
        name: {"path": str(path), "found": path.is_file(), "bytes": path.stat().st_size if path.is_file() else None}
        for name, path in NAMED.items()
    }


def _card() -> str | None:
    from emoface.checkpoints import DEFAULT

    card = DEFAULT.with_name("MODEL_CARD.md")
    return str(card) if card.is_file() else None


def report(found: dict[str, Any]) -> str:
    """The collected facts as lines for a terminal."""
    lines = [f"{name:13} {version or 'not installed'}" for name, version in found["versions"].items()]
    cpu, cuda = found["cpu"], found["cuda"]
    lines.append(f"{'CPU':13} {cpu['model']}, {cpu['cores']} cores, {cpu['threads']} threads used, {cpu['isa']}")
    names = [f"{device['name']} (compute {device['capability']})" for device in cuda["devices"]]
    lines.append(f"{'GPU':13} {', '.join(names) or 'none that torch can use'}")
    lines += [f"{'emoface.' + name:13} {state}" for name, state in found["native"].items()]
    for name, file in found["checkpoints"].items():
        size = f"{file['bytes'] / 1e6:.1f} MB" if file["found"] else "not found"
        lines.append(f"{'checkpoint':13} {name}: {file['path']} ({size})")
    lines.append(f"{'model card':13} {found['card'] or 'not found'}")
    pictures = found["pictures"]
    lines.append(f"{'pictures':13} auto: {pictures['auto']}; gpu: {pictures['gpu'] or pictures['why_not']}")
    lines += ["", f"back ends (EMOFACE_BACKEND={found['backend']})"]
    for name, kinds in found["operators"].items():
        for kind, answer in kinds.items():
            lines.append(f"  {name:20} {kind:14} {answer['backend'] or 'none'}")
            lines += [f"{'':40}not {other}: {why}" for other, why in answer["passed_over"].items()]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Print the report, or with --json the collected facts."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments not in ([], ["--json"]):
        print(f"usage: python -m emoface.info [--json]; got {' '.join(arguments)}", file=sys.stderr)
        return 2
    found = collect()
    print(json.dumps(found, indent=2) if arguments else report(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
