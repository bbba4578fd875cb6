"""Shared by every test: one thread, where the test assets lie, memory that shows what was never written."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

if importlib.util.find_spec("emoface") is None:
    raise pytest.UsageError("emoface is not installed: run `pip install -e .` in the repository first")

import torch  # noqa: E402

# The interpreter must be chosen before Triton decorates a kernel, and never where kernels can run. Without a
# GPU it has a process of its own (tests/kernels/test_interpreter.py), which sets the variable itself.
if torch.cuda.is_available():
    os.environ.pop("TRITON_INTERPRET", None)

torch.set_num_threads(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if torch.cuda.is_available():
        return
    skip = pytest.mark.skip(reason="no CUDA device")
    for item in items:
        if "gpu" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder of recordings that are not in the repository; the test is skipped where it is absent."""
    folder = Path(os.environ.get("EMOFACE_ASSETS", ROOT.parent / "shared" / "assets"))
    if not folder.is_dir():
        pytest.skip(f"no test assets at {folder} (set EMOFACE_ASSETS)")
    return folder


def _poison(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.dtype.is_floating_point:
        return tensor.fill_(float("nan"))
    return tensor if tensor.dtype == torch.bool else tensor.fill_(torch.iinfo(tensor.dtype).min)


@pytest.fixture
def poisoned_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fresh tensors are full of NaN, so a kernel that leaves part of its output unwritten is seen."""
    for owner, name in ((torch, "empty"), (torch, "empty_like"), (torch.Tensor, "new_empty")):
        plain = getattr(owner, name)
        monkeypatch.setattr(
            owner, name, lambda *args, _plain=plain, **kwargs: _poison(_plain(*args, **kwargs))
        )
