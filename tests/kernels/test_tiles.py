"""Tiles of the Triton kernels: defaults without a table, measuring only when asked, the table on disk."""

from __future__ import annotations

import contextlib
import importlib
import json
from types import SimpleNamespace

import pytest
import torch

from emoface.kernels._contract.op import Backend
from emoface.kernels._triton import later, tiles

FIRST, SECOND = {"BM": 32}, {"BM": 64}
GPU, CPU = torch.device("cuda"), torch.device("cpu")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A GPU that is none, with its table in a folder of the test."""
    monkeypatch.setenv("EMOFACE_CACHE", str(tmp_path))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Some GPU")
    monkeypatch.setattr(torch.cuda, "device", lambda device: contextlib.nullcontext())
    monkeypatch.setattr(tiles, "triton", type("triton", (), {"__version__": "3"}))
    tiles._table.cache_clear()
    yield tmp_path
    tiles._table.cache_clear()


def launched(device, shape=(100,)):
    """All tiles that one launch ran with."""
    seen = []
    tiles.launch("attention", shape, [FIRST, SECOND], device, lambda **tiles: seen.append(tiles))
    return seen


def test_without_a_table_the_first_candidate_runs_once(folder):
    assert launched(GPU) == [FIRST] and launched(CPU) == [FIRST]


def test_the_table_is_read_for_its_shape_class_alone(folder):
    tiles.table_path(GPU).write_text(json.dumps({"attention 100": SECOND}))
    assert launched(GPU) == [SECOND]
    assert launched(GPU, (200,)) == [FIRST] and launched(CPU) == [FIRST]
    assert tiles.table_path(GPU).name == "tiles-Some-GPU-triton-3.json"


@pytest.mark.parametrize("damage", ["{", "[1]", "\udcff"])
def test_a_damaged_table_is_named(folder, damage):
    tiles.table_path(GPU).write_bytes(damage.encode(errors="surrogateescape"))
    with pytest.raises(ValueError, match=r"tiles-Some-GPU-triton-3.json is damaged .*emoface tune"):
        launched(GPU)


def test_tuning_keeps_the_fastest_and_measures_once(folder, monkeypatch):
    times = iter([2.0, 1.0])

    def do_bench(run):
        run()
        return next(times)

    monkeypatch.setattr(tiles.triton, "testing", type("testing", (), {"do_bench": staticmethod(do_bench)}), False)
    with tiles.tuning() as found:
        assert launched(GPU) == [FIRST, SECOND, SECOND]
        assert launched(GPU) == [SECOND]
    assert found == {"attention 100": SECOND}
    assert launched(GPU) == [FIRST]


def test_tuning_without_a_gpu_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(RuntimeError, match="tuning needs a CUDA device and Triton"):
        tiles.tune()


@pytest.mark.parametrize("size, expected", [(1, 32), (32, 32), (33, 64), (64, 64), (65, 128)])
def test_classes_of_sizes(size, expected):
    assert tiles.upper(size, 32, 64) == expected


def test_an_operator_is_launched_on_the_gpu_of_its_tensors(monkeypatch):
    current = ["cuda:0"]

    @contextlib.contextmanager
    def device(named):
        before, current[0] = current[0], str(named)
        yield
        current[0] = before

    where = SimpleNamespace(BACKEND=Backend("triton", lambda lead, *rest: (current[0], *rest), ("cuda",)))
    monkeypatch.setattr(importlib, "import_module", lambda name: where)
    monkeypatch.setattr(torch.cuda, "device", device)
    backend = later.triton_backend("film")
    assert backend.run(SimpleNamespace(is_cuda=True, device=torch.device("cuda:1")), 7) == ("cuda:1", 7)
    assert backend.run(torch.zeros(1), 7) == ("cuda:0", 7) and current == ["cuda:0"]
