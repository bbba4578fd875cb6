"""Where the work is done: which device, and on how many threads of a CPU."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from . import checks

FORMS = "'cpu', 'cuda', 'cuda:N' or 'auto'"


def find_device(device: str | torch.device) -> torch.device:
    """The device of a name.

    Args:
        device: ``"cpu"``, ``"cuda"``, ``"cuda:N"``, a ``torch.device`` of these, or ``"auto"``: a GPU if there is one.

    Raises:
        TypeError: neither a string nor a device. ValueError: another device, or one that this machine lacks.
    """
    if not isinstance(device, torch.device):
        checks.text("device", device)
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        wanted = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"device must be {FORMS}, got {device!r}") from error
    if wanted.type not in ("cpu", "cuda"):
        raise ValueError(f"device must be {FORMS}, got {device!r}")
    if wanted.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device {device!r} was asked for, but this machine has no usable CUDA GPU; use 'cpu'")
    if wanted.type == "cuda" and (wanted.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"device {device!r} was asked for, but there are {torch.cuda.device_count()} CUDA GPUs")
    return wanted


_lock = threading.Lock()
_users = 0
_before = 1


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch's CPU work on one thread, and give the others back afterwards.

    The matrices are small: a second thread gains little on an idle machine, and on a busy one the threads of OpenMP
    wait for each other up to 80 times longer than the work takes (measured). Calls from several Python threads share
    the setting; the last one out restores it.
    """
    global _users, _before
    with _lock:
        if _users == 0:
            _before = torch.get_num_threads()
        _users += 1
    torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            torch.set_num_threads(1 if _users else _before)
