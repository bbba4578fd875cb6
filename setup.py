"""Build the native modules of emoface. Metadata lives in pyproject.toml; torch is never imported here.

EMOFACE_CUDA        auto (default: build when nvcc is found), 1 (fail without nvcc), 0 (never)
EMOFACE_CUDA_ARCHS  for example "80;90a;100a;120a"; default: those of the list that this nvcc knows
EMOFACE_CPU_ISAS    for example "avx2;baseline": build these instruction sets alone, in a fraction of the time
EMOFACE_HOST_FLAGS  further flags for the host compiler and linker, for example "-fsanitize=address"
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
ARCHS = ("80", "90a", "100a", "120a")
DATA_SUFFIXES = ("json", "safetensors", "npz", "html", "css", "js", "md", "tsv")
PACKAGE_DATA = [*(f"**/*.{suffix}" for suffix in DATA_SUFFIXES), "demo/*"]
# Contraction is off: a multiply-add is fused where the source says so and nowhere else, so that all instruction sets
# that have it round alike.
HOST_FLAGS = ["-std=c++17", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden", "-g0", "-pthread"]
# The CPU kernels are compiled once for each of these (csrc/include/emoface/cpu/isa.h) and chosen at run time.
X86_ISAS = {
    "avx512bf16": ["-march=x86-64-v4", "-mavx512bf16", "-mavx512vnni", "-mprefer-vector-width=512"],
    "avx512": ["-march=x86-64-v4", "-mprefer-vector-width=512"],
    "avx2": ["-march=x86-64-v3"],
    "baseline": [],
}


def say(text: str) -> None:
    print(f"[emoface] {text}", file=sys.stderr)


def packages() -> dict[str, str]:
    """Every package -> its folder; kernels/ at the top level is installed as emoface.kernels."""
    found = {}
    for top, name in (("emoface", "emoface"), ("kernels", "emoface.kernels")):
        for init in sorted((ROOT / top).rglob("__init__.py")):
            folder = init.parent.relative_to(ROOT)
            found[".".join((name, *folder.parts[1:]))] = folder.as_posix()
    return found


def pybind11_include() -> str:
    """The folder of pybind11's headers: its own, or the copy inside torch where pybind11 cannot be installed."""
    own = importlib.util.find_spec("pybind11")
    if own and own.origin:
        return str(Path(own.origin).parent / "include")
    torch = importlib.util.find_spec("torch")  # found, not imported
    if torch and torch.origin and (Path(torch.origin).parent / "include" / "pybind11").is_dir():
        return str(Path(torch.origin).parent / "include")
    raise SystemExit("pybind11 is needed to build: pip install pybind11")


def find_nvcc() -> str | None:
    home = os.environ.get("CUDA_HOME")
    if home and (Path(home) / "bin" / "nvcc").exists():
        return str(Path(home) / "bin" / "nvcc")
    return shutil.which("nvcc")


def cuda_root(nvcc: str) -> Path:
    """The toolkit folder as nvcc itself reports it (nvcc on PATH may be a wrapper script elsewhere)."""
    out = subprocess.run(
        [nvcc, "--dryrun", "-x", "cu", "-c", os.devnull, "-o", os.devnull], capture_output=True, text=True
    )
    top = re.search(r"\bTOP=(.+)", out.stderr + out.stdout)
    if top is None:
        raise SystemExit(f"{nvcc} --dryrun names no toolkit folder (TOP=):\n{out.stderr}")
    return Path(top.group(1).strip()).resolve()


def cuda_archs(nvcc: str) -> list[str]:
    asked = os.environ.get("EMOFACE_CUDA_ARCHS")
    if asked:
        return asked.split(";")
    known = subprocess.run([nvcc, "--list-gpu-arch"], capture_output=True, text=True, check=True).stdout.split()
    return [arch for arch in ARCHS if f"compute_{arch.rstrip('a')}" in known]


def cpu_isas(known: dict[str, list[str]]) -> dict[str, list[str]]:
    """The instruction sets to build, best first, with their flags."""
    asked = os.environ.get("EMOFACE_CPU_ISAS", ";".join(known)).split(";")
    if not set(asked) <= set(known):
        raise SystemExit(f"EMOFACE_CPU_ISAS must be some of {';'.join(known)}, got {';'.join(asked)}")
    return {isa: flags for isa, flags in known.items() if isa in asked}


class BuildExt(build_ext):
    """Compiles kernels_cpu.cpp once per instruction set and .cu sources with nvcc; a failing nvcc stops the build."""

    def build_extension(self, ext):
        kernels = [source for source in ext.sources if source.endswith(".cu")]
        ext.sources = [source for source in ext.sources if not source.endswith(".cu")]
        ext.extra_objects = [*ext.extra_objects, *map(self.compile_cuda, kernels)]
        if ext.name == "emoface._cpu":
            isas = cpu_isas(X86_ISAS if self.plat_name.endswith(("x86_64", "amd64")) else {"baseline": []})
            ext.define_macros = [*ext.define_macros, ("EMO_EACH_ISA(X)", " ".join(f"X({isa})" for isa in isas))]
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                ext.extra_objects += pool.map(lambda isa: self.compile_isa(ext, isa, isas[isa]), isas)
        super().build_extension(ext)

    def compile_isa(self, ext, isa: str, flags: list[str]) -> str:
        objects = self.compiler.compile(
            ["csrc/kernels_cpu.cpp"],
            output_dir=str(Path(self.build_temp) / isa),
            macros=[*ext.define_macros, ("EMO_ISA", isa)],
            include_dirs=ext.include_dirs,
            extra_postargs=[*ext.extra_compile_args, *flags],
        )
        return objects[0]

    def compile_cuda(self, source: str) -> str:
        nvcc = find_nvcc()
        target = Path(self.build_temp) / (source + ".o")
        target.parent.mkdir(parents=True, exist_ok=True)
        archs = cuda_archs(nvcc)
        codes = [f"-gencode=arch=compute_{arch},code=sm_{arch}" for arch in archs]
        oldest = archs[0].rstrip("a")  # PTX of the oldest target lets unlisted devices run as well
        codes.append(f"-gencode=arch=compute_{oldest},code=compute_{oldest}")
        command = [nvcc, "-O3", "-std=c++17", "-Xcompiler", "-fPIC", "-lineinfo", "-Icsrc/include", *codes]
        command += ["-c", source, "-o", str(target)]
        say(f"nvcc {source} for {', '.join('sm_' + arch for arch in archs)}")
        subprocess.run(command, check=True)
        return str(target)


def files(*patterns: str) -> list[str]:
    return sorted(p.relative_to(ROOT).as_posix() for pattern in patterns for p in ROOT.glob(f"csrc/{pattern}"))


def extensions() -> list[Extension]:
    include_dirs = ["csrc", "csrc/include", pybind11_include()]
    more = os.environ.get("EMOFACE_HOST_FLAGS", "").split()
    common = {
        "include_dirs": include_dirs,
        "language": "c++",
        "extra_compile_args": [*HOST_FLAGS, *more],
        "extra_link_args": ["-pthread", *more],
    }
    per_isa = {f"csrc/{name}" for name in re.findall(r'"(\w+/\w+\.cpp)"', (ROOT / "csrc/kernels_cpu.cpp").read_text())}
    cpu = ["csrc/bindings_cpu.cpp", "csrc/bindings_networks.cpp", "csrc/team.cpp"]
    cpu += sorted({*files("*/*_cpu.cpp")} - per_isa)
    found = [Extension("emoface._cpu", cpu, depends=files("**/*.*h", "*_cpu.cpp", "*/*_cpu.cpp"), **common)]
    mode = os.environ.get("EMOFACE_CUDA", "auto")
    if mode not in ("auto", "0", "1"):
        raise SystemExit(f"EMOFACE_CUDA must be auto, 0 or 1, got {mode!r}")
    nvcc = find_nvcc()
    if mode == "1" and nvcc is None:
        raise SystemExit("EMOFACE_CUDA=1, but there is no nvcc in CUDA_HOME or on PATH")
    if mode == "0" or nvcc is None:
        say("CUDA module skipped: " + ("EMOFACE_CUDA=0" if mode == "0" else "no nvcc in CUDA_HOME or on PATH"))
        return found
    root = cuda_root(nvcc)
    places = [
        root / "lib64",
        root / "lib",
        root / "targets/x86_64-linux/lib",
        root / "targets/sbsa-linux/lib",
    ]
    library = next((p for p in places if (p / "libcudart_static.a").exists()), None)
    if library is None:
        raise SystemExit(f"{nvcc} works, but libcudart_static.a is in none of {', '.join(map(str, places))}")
    cuda_include = next(p.parent for p in root.glob("**/include/cuda_runtime_api.h"))
    found.append(
        Extension(
            "emoface._cuda",
            ["csrc/bindings_cuda.cpp", *files("cuda/*.cu", "*/*_cuda.cu")],
            depends=files("**/*.*h"),
            define_macros=[("EMOFACE_ARCHS", '"' + " ".join(f"sm_{arch}" for arch in cuda_archs(nvcc)) + '"')],
            library_dirs=[str(library)],
            libraries=["cudart_static", "dl", "rt", "pthread"],
            **{**common, "include_dirs": [*include_dirs, str(cuda_include)]},
        )
    )
    return found


if __name__ == "__main__":
    folders = packages()
    setup(
        packages=list(folders),
        package_dir={name: path for name, path in folders.items() if name.startswith("emoface.kernels")},
        package_data={"emoface": PACKAGE_DATA},
        include_package_data=False,
        ext_modules=extensions(),
        cmdclass={"build_ext": BuildExt},
        zip_safe=False,
    )
