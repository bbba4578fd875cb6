"""What this CPU can do at most on one thread, measured: operations a second, and bytes a second from each memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import torch

from emoface.kernels._runtime import native

SECONDS = 0.002  # of one measurement; the best of many counts
LEAST_BYTES, MOST_BYTES = 1 << 14, 1 << 28


def _best(call: Callable[[int], object], rounds: int) -> float:
    """Least seconds of one round."""
    least = float("inf")
    for _ in range(12):
        start = time.perf_counter()
        call(rounds)
        took = (time.perf_counter() - start) / rounds
        least = min(least, took)
        rounds = max(1, int(SECONDS / took))
    return least


@cache
def operations_per_second(isa: str, dtype: torch.dtype) -> float:
    """Multiplications and additions a second in registers alone, for operands of a dtype."""
    assert native.CPU is not None and native.CPU.isa() == isa
    number = native.DTYPES[dtype]
    return native.CPU.products(number, 1) / _best(lambda rounds: native.CPU.products(number, rounds), 100)


@cache
def _bytes_per_second(isa: str, size: int) -> float:
    assert native.CPU is not None and native.CPU.isa() == isa
    values = torch.ones(size // 4)
    return size / _best(lambda rounds: native.CPU.stream(values.data_ptr(), values.numel(), rounds), 1)


def bytes_per_second(isa: str, size: int) -> float:
    """Bytes a second when a buffer is read again and again that is about so large: it shows the cache that holds it."""
    return _bytes_per_second(isa, min(max(LEAST_BYTES, 1 << (size - 1).bit_length()), MOST_BYTES))


def share(seconds: float, dtype: torch.dtype, flops: int, traffic: int) -> float:
    """Percent of the roofline: the time that operations or memory need at least, whichever is longer, over the time."""
    assert native.CPU is not None
    isa = native.CPU.isa()
    least = max(flops / operations_per_second(isa, dtype), traffic / bytes_per_second(isa, traffic))
    return 100 * least / seconds
