"""The same results whatever the host program has set: types, devices and gradients of PyTorch, errors of numpy.

PyTorch and numpy are imported when the settings are first reset: the help of the command line names formats, whose
functions are decorated here, and needs neither.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import torch

NUMPY = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}  # its own defaults

Item = TypeVar("Item")

_lock = threading.Lock()
_users = 0
_before: tuple[torch.dtype, str] | None = None


@contextmanager
def own_settings() -> Iterator[None]:
    """Work with the defaults of PyTorch and numpy, and give the host program's settings back afterwards.

    Reset are the default type and device, autocast, inference mode, the precision of float32 products and
    ``numpy.seterr``. The default type and the precision belong to the whole process: other threads see them reset
    meanwhile; of calls that overlap, the last one out restores them. To be used as a context or as a decorator.
    """
    import numpy as np
    import torch

    with ExitStack() as stack:
        stack.enter_context(np.errstate(**NUMPY))  # type: ignore[arg-type]
        for kind in ("cpu", "cuda"):
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        if torch.is_inference_mode_enabled():
            stack.enter_context(torch.inference_mode(False))
        if torch.empty(0).device.type != "cpu":
            stack.enter_context(torch.device("cpu"))
        stack.enter_context(_process_settings())
        yield


def own_steps(items: Iterable[Item]) -> Iterator[Item]:
    """The items of an iterator, each made within :func:`own_settings`; between them the host's settings hold."""
    iterator = iter(items)
    while True:
        with own_settings():
            try:
                item = next(iterator)
            except StopIteration:
                return
        yield item


@contextmanager
def _process_settings() -> Iterator[None]:
    """Reset what belongs to the whole process."""
    import torch

    global _users, _before
    with _lock:
        if _users == 0:
            _before = torch.get_default_dtype(), _precision()
        _users += 1
        _set(torch.float32, "highest")
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0 and _before is not None:
                _set(*_before)


def _precision() -> str:
    """The precision of float32 products; "" where the host set it for each back end by itself, which is left alone."""
    import torch

    try:
        return torch.get_float32_matmul_precision()
    except RuntimeError:
        return ""


def _set(dtype: torch.dtype, precision: str) -> None:
    import torch

    if torch.get_default_dtype() != dtype:
        torch.set_default_dtype(dtype)
    if precision and _precision() not in ("", precision):
        torch.set_float32_matmul_precision(precision)
