"""What is built and what is in it: wheel from the tree, source archive, wheel from the archive, missing compilers."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from setuptools import Distribution

ROOT = Path(__file__).resolve().parent.parent
DATA = {".json", ".safetensors", ".npz", ".html", ".css", ".js", ".wav", ".md", ".tsv"}


def setup_script():
    """setup.py as a module (it builds only as the main program)."""
    spec = importlib.util.spec_from_file_location("emoface_setup", ROOT / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


def wheel_of(source: Path, folder: Path) -> Path:
    done = run(
        "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), str(source), cwd=folder
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return next(folder.glob("*.whl"))


def test_wheel_from_the_tree(tree, tmp_path):
    wheel = wheel_of(tree, tmp_path)
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


def test_archive_and_the_wheel_from_it(tree, archive, tmp_path):
    with tarfile.open(archive) as tar:
        names = {name.split("/", 1)[1] for name in tar.getnames() if "/" in name}
    for path in tree.glob("csrc/**/*.*"):
        assert path.relative_to(tree).as_posix() in names, path
    assert {"kernels/film/reference.py", "tests/conftest.py", "authoring/build.py"} <= names
    assert "examples/change_of_mood.py" in names
    assert not [name for name in names if name.endswith((".so", ".pyc", ".o"))]
    assert contents(wheel_of(archive, tmp_path)) == expected(tree)


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
    done = run("setup.py", "--version", cwd=tree, **nvcc_free(tmp_path, EMOFACE_CUDA="auto"))
    assert done.returncode and "names no toolkit folder" in done.stderr


def test_failing_kernel_stops_the_build(tmp_path, monkeypatch):
    script(tmp_path, 'case "$*" in *--list-gpu-arch*) echo compute_90;; *) exit 1;; esac\n')
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CUDA_HOME", raising=False)
    monkeypatch.delenv("EMOFACE_CUDA_ARCHS", raising=False)
    setup = setup_script()
    command = setup.BuildExt(Distribution())
    command.build_temp = str(tmp_path)
    with pytest.raises(subprocess.CalledProcessError):
        command.compile_cuda("csrc/sampler_step/sampler_step_cuda.cu")


def test_pybind11_headers_may_come_from_torch(monkeypatch):
    setup = setup_script()
    assert (Path(setup.pybind11_include()) / "pybind11" / "pybind11.h").is_file()
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pybind11" else real(name))
    assert (Path(setup.pybind11_include()) / "pybind11" / "pybind11.h").is_file()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="pybind11 is needed"):
        setup.pybind11_include()
