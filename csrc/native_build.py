"""What the native modules are compiled from and how: units, flags and the ninja file. torch is never imported here.

An operator needs no line here. Its `<op>/<op>_cpu.cpp` and `<op>/<op>_cuda.cu` are found by their names, and a CPU
source that names EMO_ISA is compiled once for each instruction set. The variables that this file reads (EMOFACE_CUDA,
EMOFACE_CUDA_ARCHS, EMOFACE_CPU_ISAS, EMOFACE_HOST_FLAGS, CUDA_HOME, CXX and its like, MAX_JOBS) are told in
CONTRIBUTING.md.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

CSRC = Path(__file__).resolve().parent
ROOT = CSRC.parent
CUDA_ARCHS = ("80", "90a", "100a", "120a")
# The CPU kernels are compiled once for each of these (include/emoface/cpu/isa.h) and chosen at run time; best first.
X86_ISAS = {
    "amx": [
        "-march=x86-64-v4", "-mavx512bf16", "-mavx512vnni", "-mamx-tile", "-mamx-bf16", "-mprefer-vector-width=512",
    ],
    "avx512bf16": ["-march=x86-64-v4", "-mavx512bf16", "-mavx512vnni", "-mprefer-vector-width=512"],
    "avx512": ["-march=x86-64-v4", "-mprefer-vector-width=512"],
    "avx2": ["-march=x86-64-v3"],
    "baseline": [],
}
# Contraction is off: a multiply-add is fused where the source says so and nowhere else, so that all instruction sets
# that have it round alike.
HOST_FLAGS = [
    "-std=c++17", "-O3", "-DNDEBUG", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden", "-fPIC", "-pthread",
    "-Wall", "-g0",
]  # fmt: skip
LINK_FLAGS = ["-shared", "-pthread", "-Wl,-z,relro,-z,now", "-Wl,-z,noexecstack"]
CUDA_FLAGS = ["-std=c++17", "-O3", "-lineinfo"]
GUARDS = ["-fstack-protector-strong", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"]  # stop a fault before it is used


def say(text: str) -> None:
    """Tell the person who builds."""
    print(f"[emoface] {text}", file=sys.stderr)


@dataclass(frozen=True)
class Unit:
    """One source and how it is compiled: `rule` is that of the ninja file, `label` what the build prints.

    A source that is compiled for each instruction set has a unit for each.
    """

    source: Path
    rule: str
    flags: list[str]
    label: str
    isa: str | None = None

    @property
    def object(self) -> str:
        """The object file, relative to the build folder."""
        return f"{self.label.replace(' ', '/')}.o"


@dataclass(frozen=True)
class Module:
    """A native module: the units that it is linked from and what else the linker takes."""

    name: str
    units: list[Unit]
    link: list[str] = field(default_factory=list)


# ---- what is there to build with


def pybind11_include() -> str:
    """The folder of pybind11's headers: its own, or the copy inside torch where pybind11 cannot be installed."""
    own = importlib.util.find_spec("pybind11")
    if own and own.origin:
        return str(Path(own.origin).parent / "include")
    torch = importlib.util.find_spec("torch")  # found, not imported
    if torch and torch.origin and (Path(torch.origin).parent / "include" / "pybind11").is_dir():
        return str(Path(torch.origin).parent / "include")
    raise SystemExit("pybind11 is needed to build: pip install pybind11")


def find_ninja() -> str:
    """ninja from the Python package of that name, or from PATH."""
    package = importlib.util.find_spec("ninja")
    if package and package.origin:
        for folder in (Path(package.origin).parent / "data" / "bin", Path(sysconfig.get_path("scripts"))):
            if (folder / "ninja").is_file():
                return str(folder / "ninja")
    found = shutil.which("ninja") or shutil.which("ninja-build")
    if found is None:
        raise SystemExit("ninja is needed to build: pip install ninja")
    return found


def find_compiler() -> list[str]:
    """The C++ compiler, as words: CXX, or that of Python's own build, or what PATH has."""
    asked = shlex.split(os.environ.get("CXX", ""))
    candidates = [asked] if asked else [shlex.split(sysconfig.get_config_var("CXX") or ""), ["g++"], ["clang++"]]
    for words in candidates:
        if words and shutil.which(words[0]):
            return words
    raise SystemExit(f"no C++ compiler: looked for {', '.join(' '.join(words) for words in candidates if words)}")


def find_nvcc() -> str | None:
    """nvcc from CUDA_HOME or PATH."""
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
    """The architectures to compile for: those of EMOFACE_CUDA_ARCHS, else those of CUDA_ARCHS that this nvcc knows."""
    asked = os.environ.get("EMOFACE_CUDA_ARCHS")
    if asked:
        return asked.split(";")
    known = subprocess.run([nvcc, "--list-gpu-arch"], capture_output=True, text=True, check=True).stdout.split()
    return [arch for arch in CUDA_ARCHS if f"compute_{arch.rstrip('a')}" in known]


def torch_cuda() -> str | None:
    """The CUDA version of the torch beside this interpreter, None for a CPU build or none; read, not imported.

    pip hides the installed torch from a build in isolation, but not the folder that it lies in.
    """
    folders = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *sys.path]
    for folder in filter(None, folders):
        version = Path(folder) / "torch" / "version.py"
        if version.is_file():
            found = re.search(r"^cuda\b[^=\n]*=\s*['\"]([\d.]+)", version.read_text(), re.MULTILINE)
            return found[1] if found else None
    return None


def gpu_present() -> bool:
    """Whether this machine shows an NVIDIA GPU."""
    return any(map(os.path.exists, ("/dev/nvidia0", "/proc/driver/nvidia/version", "/usr/lib/wsl/lib/libcuda.so.1")))


def wanted_nvcc() -> str | None:
    """nvcc if the CUDA module is to be built, else None after saying why not."""
    mode = os.environ.get("EMOFACE_CUDA", "auto")
    if mode not in ("auto", "0", "1"):
        raise SystemExit(f"EMOFACE_CUDA must be auto, 0 or 1, got {mode!r}")
    nvcc = find_nvcc()
    if mode == "0":
        say("CUDA module skipped: EMOFACE_CUDA=0")
    elif nvcc is None and mode == "1":
        raise SystemExit("EMOFACE_CUDA=1, but there is no nvcc in CUDA_HOME or on PATH")
    elif nvcc is None:
        say("CUDA module skipped: no nvcc in CUDA_HOME or on PATH")
    elif mode == "auto" and torch_cuda() is None and not gpu_present():
        say("CUDA module skipped: neither a torch with CUDA nor a GPU is here; EMOFACE_CUDA=1 builds it all the same")
    else:
        return nvcc
    return None


def jobs() -> int:
    """How many units are compiled at once: MAX_JOBS, or one a core with a gigabyte of memory each."""
    asked = os.environ.get("MAX_JOBS")
    if asked:
        if not asked.isdigit() or int(asked) < 1:
            raise SystemExit(f"MAX_JOBS must be a whole number of at least 1, got {asked!r}")
        return int(asked)
    cores = len(os.sched_getaffinity(0))
    free = [int(line.split()[1]) << 10 for line in _lines("/proc/meminfo") if line.startswith("MemAvailable")]
    free += [int(line) for line in _lines("/sys/fs/cgroup/memory.max") if line.isdigit()]  # of a container
    return max(1, min(cores, *(memory >> 30 for memory in free)))


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().split("\n")
    except OSError:
        return []


# ---- what is built


def cpu_isas(known: dict[str, list[str]]) -> dict[str, list[str]]:
    """The instruction sets to build, best first, with their flags."""
    asked = os.environ.get("EMOFACE_CPU_ISAS", ";".join(known)).split(";")
    if not set(asked) <= set(known):
        raise SystemExit(f"EMOFACE_CPU_ISAS must be some of {';'.join(known)}, got {';'.join(asked)}")
    return {isa: flags for isa, flags in known.items() if isa in asked}


@functools.cache
def of_each_isa(source: Path) -> bool:
    """Whether a source is compiled once for each instruction set."""
    return re.search(r"\bEMO_ISA\b", source.read_text()) is not None


def cpu_sources() -> list[Path]:
    """The sources of the CPU module, bindings included."""
    own = [*CSRC.glob("*.cpp"), *CSRC.glob("cpu/*.cpp"), *CSRC.glob("*/*_cpu.cpp")]
    return sorted(source for source in own if source.name != "bindings_cuda.cpp")


def label(source: Path) -> str:
    """The operator of <op>/<op>_cpu.cpp and <op>_cuda.cu; folder and stem of what operators share."""
    name = re.sub(r"_(cpu|cuda)$", "", source.stem) if source.parent.name in source.stem else source.stem
    return name if source.parent.name in (name, CSRC.name) else f"{source.parent.name}/{name}"


def guards() -> list[str]:
    """GUARDS, without what needs an optimising compiler or stands in a sanitizer's way where that is asked for."""
    asked = os.environ.get("EMOFACE_HOST_FLAGS", "")
    return GUARDS[:1] if "-O0" in asked or "-fsanitize" in asked else GUARDS


def host_flags() -> list[str]:
    """What the compiler is given for every C++ source."""
    flags = [*HOST_FLAGS, *guards(), f"-I{CSRC / 'include'}", f"-I{CSRC}"]
    for name in ("CPPFLAGS", "CXXFLAGS", "EMOFACE_HOST_FLAGS"):
        flags += shlex.split(os.environ.get(name, ""))
    return flags


def binding_flags() -> list[str]:
    """What it is given for bindings on top: they are many templates and do not compute."""
    paths = sysconfig.get_paths()
    folders = dict.fromkeys((pybind11_include(), paths["include"], paths["platinclude"]))
    flags = ["-O2", "-Wno-missing-braces", f'-DEMOFACE_INTERFACE="{interface()}"']
    return [*flags, *(f"-I{folder}" for folder in folders)]


def interface() -> str:
    """What the modules say they were built from, as kernels/_runtime/interface.py computes it (torch stays out)."""
    spec = importlib.util.spec_from_file_location("emoface_interface", ROOT / "kernels" / "_runtime" / "interface.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.digest(CSRC)


def link_flags() -> list[str]:
    """What the linker is given for every module."""
    flags = list(LINK_FLAGS)
    for name in ("LDFLAGS", "EMOFACE_HOST_FLAGS"):
        flags += shlex.split(os.environ.get(name, ""))
    return flags if any(re.match("-g(?!0)", flag) for flag in flags) else [*flags, "-s"]


def cpu_module(machine: str) -> Module:
    """emoface._cpu for a kind of processor, "x86_64" or another."""
    isas = cpu_isas(X86_ISAS if machine == "x86_64" else {"baseline": []})
    each = "-DEMO_EACH_ISA(X)=" + " ".join(f"X({isa})" for isa in isas)
    units = []
    for source in cpu_sources():
        if of_each_isa(source):
            units += [
                Unit(source, "cxx", [*flags, f"-DEMO_ISA={isa}", each], f"_cpu {isa} {label(source)}", isa)
                for isa, flags in isas.items()
            ]
        else:
            bound = source.name.startswith("bindings")
            units.append(Unit(source, "cxx", [each, *binding_flags()] if bound else [], f"_cpu {label(source)}"))
    return Module("_cpu", units)


def cuda_module(nvcc: str) -> Module:
    """emoface._cuda for the GPUs that this nvcc knows."""
    root = cuda_root(nvcc)
    places = [root / "lib64", root / "lib", root / "targets/x86_64-linux/lib", root / "targets/sbsa-linux/lib"]
    library = next((place for place in places if (place / "libcudart_static.a").exists()), None)
    if library is None:
        raise SystemExit(f"{nvcc} works, but libcudart_static.a is in none of {', '.join(map(str, places))}")
    include = next(path.parent for path in root.glob("**/include/cuda_runtime_api.h"))
    archs = cuda_archs(nvcc)
    codes = [f"-gencode=arch=compute_{arch},code=sm_{arch}" for arch in archs]
    oldest = archs[0].rstrip("a")  # PTX of the oldest target lets unlisted devices run as well
    codes.append(f"-gencode=arch=compute_{oldest},code=compute_{oldest}")
    bindings = [f"-I{include}", '-DEMOFACE_ARCHS="' + " ".join(f"sm_{arch}" for arch in archs) + '"', *binding_flags()]
    units = [Unit(CSRC / "bindings_cuda.cpp", "cxx", bindings, "_cuda bindings_cuda")]
    sources = sorted((*CSRC.glob("cuda/*.cu"), *CSRC.glob("*/*_cuda.cu")))
    units += [Unit(source, "nvcc", codes, f"_cuda {label(source)}") for source in sources]
    return Module("_cuda", units, [f"-L{library}", "-lcudart_static", "-ldl", "-lrt"])


def modules() -> list[Module]:
    """The native modules to build here."""
    system, _, machine = sysconfig.get_platform().partition("-")
    if system != "linux":
        raise SystemExit(f"emoface builds on Linux alone, not on {system}")
    nvcc = wanted_nvcc()
    return [cpu_module(machine), *([cuda_module(nvcc)] if nvcc else [])]


def build_tag(found: list[Module]) -> str | None:
    """The build tag of a wheel: 1cu130 with code of CUDA 13.0, none without."""
    if all(module.name != "_cuda" for module in found):
        return None
    release = subprocess.run([find_nvcc() or "nvcc", "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"release (\d+)\.(\d+)", release)
    return f"1cu{version[1]}{version[2]}" if version else "1cu"


# ---- ninja


def _command(*words: str) -> str:
    """A command line of the shell, as the value of a variable of ninja."""
    return shlex.join(words).replace("$", "$$")


def _path(path: str | Path) -> str:
    return re.sub(r"([$ :])", r"$\1", str(path))


def ninja_file(found: list[Module], folder: Path) -> str:
    """The text of the ninja file that builds modules into a folder."""
    compiler, nvcc = find_compiler(), find_nvcc()
    lines = [
        "ninja_required_version = 1.5",
        f"builddir = {_path(folder)}",
        "rule cxx",
        f"  command = {_command(*compiler, *host_flags())} -MD -MF $out.d $flags -c $in -o $out",
        "  depfile = $out.d",
        "  deps = gcc",
        "  description = $label",
        "rule link",
        f"  command = {_command(*compiler, *link_flags())} $in $flags -o $out",
        "  description = $label",
    ]
    if nvcc:
        host = "-Xcompiler=" + ",".join(["-fPIC", "-fvisibility=hidden", *guards()])
        command = _command(nvcc, *CUDA_FLAGS, host, f"-I{CSRC / 'include'}")
        lines += [
            "rule nvcc",
            f"  command = {command} -MD -MF $out.d $flags -c $in -o $out",
            "  depfile = $out.d",
            "  deps = gcc",
            "  description = $label",
        ]
    for module in found:
        objects = []
        for unit in module.units:
            objects.append(_path(folder / unit.object))
            lines += [
                f"build {objects[-1]}: {unit.rule} {_path(unit.source)}",
                f"  flags = {_command(*unit.flags)}",
                f"  label = {unit.label}",
            ]
        lines += [
            f"build {_path(folder / module.name)}.so: link {' '.join(objects)}",
            f"  flags = {_command(*module.link)}",
            f"  label = {module.name}.so",
        ]
    return "\n".join(lines) + "\n"


def build(found: list[Module], folder: Path, parallel: int | None = None) -> list[Path]:
    """Compile what changed since the last build in the folder; the modules' files, in the order of `found`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "build.ninja"
    text = ninja_file(found, folder)
    if not file.exists() or file.read_text() != text:
        file.write_text(text)
    command = [find_ninja(), "-f", str(file), "-j", str(parallel or jobs())]
    if subprocess.run(command, env={**os.environ, "NINJA_STATUS": "[emoface] [%f/%t] "}).returncode:
        raise SystemExit("[emoface] a unit did not compile; its errors stand above")
    return [folder / f"{module.name}.so" for module in found]
