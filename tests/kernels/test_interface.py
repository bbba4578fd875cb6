"""A native module that was built from other sources is refused by name, before a call reads memory by its address."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from emoface.kernels._runtime import native
from emoface.kernels._runtime.interface import digest

CSRC = Path(__file__).resolve().parents[2] / "csrc"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    return shutil.copytree(CSRC, tmp_path / "csrc")


def edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


def test_comments_and_code_of_operators_do_not_count(sources):
    before = digest(CSRC)
    edit(sources / "include" / "emoface" / "film.h", "#pragma once", "#pragma once  // nothing new\n\n/* nor here */")
    edit(sources / "film" / "film_cpu.cpp", "channels", "width")
    assert digest(sources) == before


@pytest.mark.parametrize("name, old, new", [
    ("include/emoface/film.h", "batch, time", "time, batch"),
    ("include/emoface/operators.h", "X(film, Film)", ""),
    ("bindings_networks.cpp", '"select"', '"choose"'),
])  # fmt: skip
def test_what_is_passed_counts(sources, name, old, new):
    edit(sources / name, old, new)
    assert digest(sources) != digest(CSRC)


@pytest.mark.skipif(native.CPU is None, reason=f"no CPU module: {native.CPU_MISSING}")
def test_a_stale_module_is_refused(sources, monkeypatch):
    assert native.load("_cpu") == (native.CPU, None)
    edit(sources / "include" / "emoface" / "film.h", "batch, time", "time, batch")
    monkeypatch.setattr(native, "SOURCES", sources)
    with pytest.raises(ImportError, match=r"_cpu.*\.so\) was built from other sources.*setup.py build_ext --inplace"):
        native.load("_cpu")
    monkeypatch.delattr(native.CPU, "interface")  # as in modules that were built before there was one
    monkeypatch.setattr(native, "SOURCES", CSRC)
    with pytest.raises(ImportError, match="built from other sources"):
        native.load("_cpu")
    monkeypatch.setattr(native, "SOURCES", sources / "none")  # an installed package has no sources beside it
    assert native.load("_cpu") == (native.CPU, None)


@pytest.mark.skipif(native.CPU is None, reason=f"no CPU module: {native.CPU_MISSING}")
def test_a_function_that_no_module_has_is_an_error_at_once():
    with pytest.raises(AttributeError, match="filmed"):
        native.cpu_function("filmed", lambda *args: (None, args))
