"""What is built and what is in it: wheel from the tree, source archive, wheel from the archive, missing compilers."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import struct
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from setuptools import Distribution

ROOT = Path(__file__).resolve().parent.parent
ISAS = "amx;avx2" if sysconfig.get_platform() == "linux-x86_64" else "baseline"
DATA = {".json", ".safetensors", ".npz", ".html", ".css", ".js", ".wav", ".md", ".tsv", ".typed", ".proto", ".binpb"}


def run(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess:
    env = {**os.environ, "EMOFACE_CUDA": "0", "EMOFACE_HOST_FLAGS": "-O0", **environment}  # quick to compile
    return subprocess.run([sys.executable, *command], cwd=cwd, env=env, capture_output=True, text=True)


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """The repository without anything built."""
    folder = tmp_path_factory.mktemp("source") / "emoface"
    built = shutil.ignore_patterns(
        ".*", "build", "dist", "*.egg-info", "__pycache__", "*.so", "*.o", "runs", "shared", "node_modules"
    )
    shutil.copytree(ROOT, folder, ignore=built)
    return folder


def expected(tree: Path) -> set[str]:
    """The files that a wheel must hold, native modules aside."""
    names = {p.relative_to(tree).as_posix() for p in (tree / "emoface").rglob("*") if p.suffix in {".py", *DATA}}
    names |= {f"emoface/{p.relative_to(tree).as_posix()}" for p in (tree / "kernels").rglob("*.py")}
    return names


def contents(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name and not name.endswith(".so")}


@pytest.fixture(scope="module")
def archive(tree, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    done = run("-m", "build", "--sdist", "--no-isolation", "--outdir", str(folder), ".", cwd=tree)
    assert done.returncode == 0, done.stderr[-3000:]
    return next(folder.glob("*.tar.gz"))


def wheel_of(source: Path, folder: Path, **environment: str) -> Path:
    done = run(
        "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), str(source), cwd=folder,
        **environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def wheel(tree, tmp_path_factory) -> Path:
    """Of two instruction sets, each with code of its own: what is looked at is the same for the others."""
    return wheel_of(tree, tmp_path_factory.mktemp("wheel"), EMOFACE_CPU_ISAS=ISAS)


def test_wheel_from_the_tree(tree, wheel):
    assert contents(wheel) == expected(tree)
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = Parser().parsestr(archive.read(next(n for n in names if n.endswith("/METADATA"))).decode())
        scripts = archive.read(next(n for n in names if n.endswith("/entry_points.txt"))).decode()
        licence = [n for n in names if n.endswith("/LICENSE")]
    assert any(n.startswith("emoface/_cpu.") and n.endswith(".so") for n in names)
    assert {n.split("/")[0] for n in names if ".dist-info/" not in n} == {"emoface"}  # no authoring, kernels, tests
    assert "emoface/training/data/phrases/events.tsv" in names and "emoface/training/configs/text.json" in names
    assert metadata["Requires-Python"] == ">=3.10" and metadata["License-Expression"] == "MIT" and licence
    core = {r.split(";")[0].split(">")[0].strip() for r in metadata.get_all("Requires-Dist") if "extra" not in r}
    assert core == {"torch", "numpy", "soundfile", "soxr", "safetensors"}
    assert "emoface = emoface.cli:main" in scripts


class Elf:
    """What a 64-bit little-endian ELF file says of itself: segments, dynamic entries and names of sections."""

    def __init__(self, data: bytes) -> None:
        assert data[:6] == b"\x7fELF\x02\x01"
        segments_at, sections_at = struct.unpack_from("<QQ", data, 32)
        segment_size, segments, section_size, sections, names = struct.unpack_from("<5H", data, 54)
        self.segments = {}  # type -> flags, place and size in the file
        for i in range(segments):
            kind, flags, place, _, _, size = struct.unpack_from("<IIQQQQ", data, segments_at + i * segment_size)
            self.segments[kind] = flags, place, size
        _, place, size = self.segments[2]
        self.dynamic = dict(struct.iter_unpack("<qQ", data[place : place + size]))
        headers = [struct.unpack_from("<IIQQQQ", data, sections_at + i * section_size) for i in range(sections)]
        texts = headers[names][4]
        self.sections = {data[texts + h[0] : data.index(b"\0", texts + h[0])].decode() for h in headers}


def test_native_modules_are_hardened_and_stripped(wheel, native_build, monkeypatch):
    with zipfile.ZipFile(wheel) as archive:
        modules = [archive.read(name) for name in archive.namelist() if name.endswith(".so")]
    assert modules
    for data in modules:
        elf = Elf(data)
        assert 0x6474E552 in elf.segments, "no GNU_RELRO"
        assert elf.dynamic[30] & 8, "no BIND_NOW"
        assert not elf.segments[0x6474E551][0] & 1, "the stack is executable"
        assert b"__stack_chk_fail" in data
        assert not [name for name in elf.sections if name.startswith((".symtab", ".debug"))]
    monkeypatch.delenv("EMOFACE_HOST_FLAGS", raising=False)
    assert "-D_FORTIFY_SOURCE=2" in native_build.host_flags()  # not in this wheel, which is not optimised
    assert "-s" in native_build.link_flags()
    monkeypatch.setenv("EMOFACE_HOST_FLAGS", "-fsanitize=address -g1")
    assert "-s" not in native_build.link_flags() and "-D_FORTIFY_SOURCE=2" not in native_build.host_flags()


def test_objects_of_one_instruction_set_share_no_functions(wheel, tree):
    """What a linker may merge with the same function of another unit carries the namespace of its instruction set."""
    if shutil.which("nm") is None:
        pytest.skip("no nm on PATH")
    for isa in ISAS.split(";"):
        objects = list(tree.glob(f"build/temp.*/_cpu/{isa}/**/*.o"))
        assert objects, f"no object for {isa}"
        listed = subprocess.run(["nm", "--defined-only", *objects], capture_output=True, text=True, check=True).stdout
        mergeable = re.findall(r"^[0-9a-f]+ [WVwvu] (_Z\S+)$", listed, re.MULTILINE)
        assert len(mergeable) > 100 and not [name for name in mergeable if f"{len(isa)}{isa}" not in name]


def test_archive_and_the_wheel_from_it(tree, archive, tmp_path):
    with tarfile.open(archive) as tar:
        names = {name.split("/", 1)[1] for name in tar.getnames() if "/" in name}
    for path in tree.glob("csrc/**/*.*"):
        if path.suffix == ".pyc":
            continue
        assert path.relative_to(tree).as_posix() in names, path
    assert {"kernels/film/reference.py", "tests/conftest.py", "authoring/build.py"} <= names
    assert "examples/change_of_mood.py" in names
    assert not [name for name in names if name.endswith((".so", ".pyc", ".o"))]
    compiled = fake_compiler(tmp_path, "nothing")  # the sources are those of the tree, whose wheel is compiled
    assert contents(wheel_of(archive, tmp_path, **compiled)) == expected(tree)


def test_the_source_folder_alone_says_what_to_do(tmp_path):
    (tmp_path / "emoface").mkdir()
    shutil.copy(ROOT / "emoface" / "__init__.py", tmp_path / "emoface")
    done = run("-S", "-c", "import sys; sys.path.insert(0, '.'); import emoface", cwd=tmp_path)  # nothing installed
    assert done.returncode and "lacks emoface.kernels: run `pip install -e .`" in done.stderr


def test_tests_and_benchmarks_find_the_installed_package(tmp_path):
    """As after `pip install .`, when the folder beside the tests has no kernels."""
    for folder in ("checkout/emoface", "checkout/benchmarks", "site/emoface/kernels"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "__init__.py").touch()
    shutil.copy(ROOT / "conftest.py", tmp_path / "checkout")
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "checkout")
    bench = tmp_path / "checkout" / "benchmarks" / "bench_ops.py"
    bench.write_text("import emoface.kernels\ndef test_where(): assert '/site/' in emoface.kernels.__file__\n")
    site = os.pathsep.join(filter(None, (str(tmp_path / "site"), os.environ.get("PYTHONPATH"))))
    done = run("-m", "pytest", "-q", "benchmarks/bench_ops.py", cwd=tmp_path / "checkout", PYTHONPATH=site)
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout + done.stderr


def nvcc_free(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"PATH": str(tmp_path), "CUDA_HOME": "", **more}


def script(folder: Path, text: str) -> None:
    (folder / "nvcc").write_text("#!/bin/sh\n" + text)
    (folder / "nvcc").chmod(0o755)


def test_no_nvcc_is_said_and_skipped(tree, tmp_path):
    done = run("setup.py", "--version", cwd=tree, **nvcc_free(tmp_path, EMOFACE_CUDA="auto"))
    assert done.returncode == 0 and "CUDA module skipped: no nvcc" in done.stderr


def test_no_nvcc_stops_a_build_that_demands_it(tree, tmp_path):
    done = run("setup.py", "--version", cwd=tree, **nvcc_free(tmp_path, EMOFACE_CUDA="1"))
    assert done.returncode and "EMOFACE_CUDA=1, but there is no nvcc" in done.stderr


def test_unknown_switch_stops(tree):
    done = run("setup.py", "--version", cwd=tree, EMOFACE_CUDA="yes")
    assert done.returncode and "EMOFACE_CUDA must be auto, 0 or 1, got 'yes'" in done.stderr


def test_broken_nvcc_stops(tree, tmp_path):
    script(tmp_path, "exit 1\n")
    done = run("setup.py", "--version", cwd=tree, **nvcc_free(tmp_path, EMOFACE_CUDA="1"))
    assert done.returncode and "names no toolkit folder" in done.stderr


def fake_compiler(folder: Path, fails_on: str) -> dict[str, str]:
    """A C++ compiler in a folder that makes empty files and fails on what `fails_on` is part of, as CXX."""
    (folder / "cxx").write_text(
        "#!/bin/sh\n" + f'case "$*" in *{fails_on}*) echo broken >&2; exit 1;; esac\n'
        'while [ $# -gt 0 ]; do case $1 in -o|-MF) shift; : >"$1";; esac; shift; done\n'
    )
    (folder / "cxx").chmod(0o755)
    return {"CXX": str(folder / "cxx")}


def test_failing_unit_stops_the_build(tree, tmp_path):
    base = str(tmp_path / "build")
    done = run("setup.py", "build", "--build-base", base, cwd=tree, **fake_compiler(tmp_path, "ff_gelu"))
    assert done.returncode and "a unit did not compile" in done.stderr and "broken" in done.stdout


def test_one_line_of_an_operator_compiles_that_operator_alone(tree, tmp_path):
    def built() -> list[str]:
        base = str(tmp_path / "build")
        done = run("setup.py", "build", "--build-base", base, cwd=tree, **fake_compiler(tmp_path, "nothing"))
        assert done.returncode == 0, done.stderr
        return sorted(line.split("] ")[2] for line in done.stdout.splitlines() if line.startswith("[emoface] ["))

    assert len(built()) > 60 and built() == []
    source = tree / "csrc" / "film" / "film_cpu.cpp"
    text = source.read_text()
    source.write_text(text + "// one line more\n")
    try:
        isas = ("amx", "avx2", "avx512", "avx512bf16", "baseline")
        assert built() == [*(f"_cpu {isa} film" for isa in isas), "_cpu.so"]
    finally:
        source.write_text(text)


def test_pybind11_headers_may_come_from_torch(monkeypatch, native_build):
    assert (Path(native_build.pybind11_include()) / "pybind11" / "pybind11.h").is_file()
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pybind11" else real(name))
    assert (Path(native_build.pybind11_include()) / "pybind11" / "pybind11.h").is_file()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="pybind11 is needed"):
        native_build.pybind11_include()


def test_no_ninja_is_said(monkeypatch, native_build, tmp_path):
    assert os.access(native_build.find_ninja(), os.X_OK)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="ninja is needed"):
        native_build.find_ninja()


def test_the_compiler_is_that_of_cxx(monkeypatch, native_build):
    monkeypatch.setenv("CXX", "env -i g++")
    assert native_build.find_compiler() == ["env", "-i", "g++"]
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(SystemExit, match="no C\\+\\+ compiler: looked for no-such-compiler"):
        native_build.find_compiler()


@pytest.mark.parametrize("line, cuda", [
    ("cuda: Optional[str] = '12.8'", "12.8"), ('cuda = "13.0"', "13.0"), ("cuda: Optional[str] = None", None),
])  # fmt: skip
def test_cuda_of_torch_is_read_without_importing_it(monkeypatch, native_build, tmp_path, line, cuda):
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "version.py").write_text(f"__version__ = '2.13.0'\n{line}\nhip = None\n")
    monkeypatch.setattr(native_build.sysconfig, "get_path", lambda name: str(tmp_path))
    assert native_build.torch_cuda() == cuda


@pytest.mark.parametrize("torch, gpu, mode, expected", [
    (None, False, "auto", None), ("12.8", False, "auto", "nvcc"), (None, True, "auto", "nvcc"),
    (None, False, "1", "nvcc"), ("12.8", True, "0", None),
])  # fmt: skip
def test_cuda_is_built_where_it_can_be_used(monkeypatch, native_build, capsys, torch, gpu, mode, expected):
    monkeypatch.setenv("EMOFACE_CUDA", mode)
    monkeypatch.setattr(native_build, "find_nvcc", lambda: "nvcc")
    monkeypatch.setattr(native_build, "torch_cuda", lambda: torch)
    monkeypatch.setattr(native_build, "gpu_present", lambda: gpu)
    assert native_build.wanted_nvcc() == expected
    said = capsys.readouterr().err
    assert ("EMOFACE_CUDA=1 builds it all the same" in said) == (expected is None and mode == "auto")


def test_wheels_with_cuda_are_named_so(monkeypatch, native_build, setup_script, tmp_path):
    script(tmp_path, "echo Cuda compilation tools, release 13.0, V13.0.88\n")
    monkeypatch.setattr(native_build, "find_nvcc", lambda: str(tmp_path / "nvcc"))
    modules = [native_build.Module(name, []) for name in ("_cpu", "_cuda")]
    tags = []
    for count in (1, 2):
        extensions = list(map(setup_script.Native, modules[:count]))
        package = Distribution({"name": "emoface", "version": "0.1.0", "ext_modules": extensions})
        command = setup_script.BdistWheel(package)
        command.finalize_options()
        tags.append(command.build_number)
    assert tags == [None, "1cu130"]


def test_jobs_are_limited_by_cores_memory_and_wish(monkeypatch, native_build):
    monkeypatch.delenv("MAX_JOBS", raising=False)
    assert 1 <= native_build.jobs() <= os.cpu_count()
    monkeypatch.setattr(native_build, "_lines", lambda path: ["MemAvailable:    1500000 kB"])
    assert native_build.jobs() == 1
    monkeypatch.setenv("MAX_JOBS", "5")
    assert native_build.jobs() == 5
    monkeypatch.setenv("MAX_JOBS", "none")
    with pytest.raises(SystemExit, match="MAX_JOBS must be a whole number of at least 1, got 'none'"):
        native_build.jobs()
