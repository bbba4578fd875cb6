"""Tile sizes of the Triton kernels: a default for each shape class, or what `emoface tune` measured on this GPU.

A launch never measures anything by itself: without a table it takes the first candidate. The table is a JSON file for
each GPU and Triton version in $EMOFACE_CACHE (default: ~/.cache/emoface).
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import torch

from .device import triton

Tiles = dict[str, int]
_found: ContextVar[dict[str, Tiles] | None] = ContextVar("emoface_tuning", default=None)


def upper(size: int, *limits: int) -> int:
    """The first limit that is not below the size, the last one doubled where all are: a class of sizes."""
    return next((limit for limit in limits if size <= limit), 2 * limits[-1])


def table_path(device: torch.device) -> Path:
    """Where the tiles measured on a GPU are kept."""
    folder = Path(os.environ.get("EMOFACE_CACHE", Path.home() / ".cache" / "emoface"))
    name = torch.cuda.get_device_name(device).replace(" ", "-")
    return folder / f"tiles-{name}-triton-{triton.__version__}.json"


@functools.cache
def _table(device: torch.device) -> dict[str, Tiles]:
    path = table_path(device)
    if not path.exists():
        return {}
    try:
        return dict(json.loads(path.read_text()))
    except (TypeError, ValueError) as error:  # no JSON, no text, or no table
        raise ValueError(f"the table of tiles {path} is damaged ({error}): delete it, or run `emoface tune`") from None


def launch(
    kernel: str, shape: Sequence[object], candidates: Sequence[Tiles], device: torch.device,
    run: Callable[..., object],
) -> None:  # fmt: skip
    """Call `run(**tiles)` once with the tiles of a shape class; it must give the same result each time it is called."""
    if device.type != "cuda":
        run(**candidates[0])
        return
    key = " ".join(map(str, (kernel, *shape)))
    found = _found.get()
    if found is not None and key not in found:
        times = [(triton.testing.do_bench(lambda: run(**tiles)), i) for i, tiles in enumerate(candidates)]  # noqa: B023
        found[key] = candidates[min(times)[1]]
    with torch.cuda.device(device):  # a tensor's device need not be the current one
        run(**(found or _table(device)).get(key, candidates[0]))


@contextmanager
def tuning() -> Iterator[dict[str, Tiles]]:
    """Launches inside measure all their candidates; the dict fills with the fastest of each shape class."""
    found: dict[str, Tiles] = {}
    token = _found.set(found)
    try:
        yield found
    finally:
        _found.reset(token)


def tune(device: str = "cuda") -> Path:
    """Measure every Triton operator at its benchmark cases and write the table of this GPU.

    Returns:
        Path: the table's file.

    Raises:
        RuntimeError: without a GPU or without Triton.
    """
    from .. import OPS

    if triton is None or not torch.cuda.is_available():
        raise RuntimeError("tuning needs a CUDA device and Triton")
    with tuning() as found, torch.inference_mode():
        for op in OPS.values():
            for backend in op.backends:
                for case in op.cases:
                    for dtype in (torch.bfloat16, torch.float16, torch.float32):
                        if backend.name == "triton" and case.bench:
                            backend.run(*case.inputs(device, dtype))
    path = table_path(torch.device(device))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(found, indent=1, sort_keys=True))
    temporary.replace(path)
    _table.cache_clear()
    return path
