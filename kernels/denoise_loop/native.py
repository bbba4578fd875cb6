"""denoise_loop in C++, whose weights are packed once, after which a call runs all steps, and by CUDA launches."""

from __future__ import annotations

from functools import lru_cache
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from .._contract.op import Backend
from .._runtime import cuda, native
from .._runtime.heads import cuda_refusal
from .._runtime.native import DTYPES, address, cpu_backend, dense
from .._runtime.packed import PackedWeights
from .graph import runs, unfit
from .reference import by_track
from .weights import NORM_EPS, scaled

BFLOAT16_SETS = ("amx", "avx512bf16")
"""Instruction sets with products of bfloat16, and of bytes."""


def _pack(matrices: Tensor, vectors: Tensor, *settings: float) -> Any:
    """A PackedDenoiser; `settings` are the arguments of its constructor before the weights."""
    assert native.CPU is not None
    if matrices.dtype == torch.int8 and native.CPU.isa() not in BFLOAT16_SETS:  # no products of bytes
        motion, channels, heads, blocks, feed_forward = map(int, settings[:5])
        matrices = scaled(matrices, vectors.float(), motion, channels, heads, blocks, feed_forward)
    flat, wide = matrices.contiguous(), vectors.float().contiguous()
    return native.CPU.PackedDenoiser(*settings, address(flat), DTYPES[flat.dtype], address(wide))


_PACKED = PackedWeights(_pack)


def _cpu(
    start, speech, queries, styles, film, table, guidance, matrices, vectors, contents, heads, feed_forward, window,
    residual, eps, noise, known, mask, threads, share,
) -> Tensor:  # fmt: skip
    rows, time, motion = start.shape
    branches, tracks, blocks, _, channels = styles.shape
    both = mask is not None and known is not None
    if start.numel() == 0 or len(table) == 0:
        return torch.where(mask[..., None], known, start) if both else start.contiguous().clone()
    sizes = (motion, channels, heads, blocks, feed_forward, window)
    denoiser = _PACKED.find((matrices, vectors), *sizes, eps, residual, NORM_EPS)
    heard = by_track(contents, branches, tracks).contiguous()
    state = (known if both or share is not None else None, mask if both else None, share)
    tensors = [
        None if tensor is None else dense(tensor if tensor.dtype == torch.bool else tensor.float())
        for tensor in (start, speech, queries, styles, film, table, guidance, noise, *state)
    ]
    out = torch.empty(start.shape, dtype=torch.float32)
    denoiser.run(
        *map(address, (*tensors, heard, out)), rows, time, speech.shape[0], branches, tracks, len(table),
        guidance[0].numel(), threads,
    )
    return out.to(start.dtype)


def _cuda_why_not(*args: Any) -> str | None:
    return native.CUDA_MISSING if native.CUDA is None else unfit(cuda_refusal, *args)


CUDA_BACKEND = Backend("cuda", runs(cuda), ("cuda",), _cuda_why_not)
CPU_BACKEND = cpu_backend(_cpu)


def has_bfloat16() -> bool:
    """Whether the CPU has instructions for bfloat16."""
    return native.CPU is not None and native.CPU.isa() in BFLOAT16_SETS


@lru_cache(maxsize=1)
def _bfloat16_is_faster() -> bool:
    """Whether vectors of bfloat16 are multiplied faster than float32: twice as fast on some CPUs, half on others."""
    assert native.CPU is not None
    least = {torch.float32: float("inf"), torch.bfloat16: float("inf")}
    for _ in range(20):  # 10 and 30 microseconds each, of which the least counts
        for dtype in least:  # with AMX 150 times as many operations
            begun = perf_counter()
            operations = native.CPU.products(DTYPES[dtype], 2000)
            least[dtype] = min(least[dtype], (perf_counter() - begun) / operations)
    return least[torch.bfloat16] < least[torch.float32]


def fast_products() -> torch.dtype:
    """The dtype of `matrices` that is fastest on this CPU: bfloat16 where it multiplies that faster than float32."""
    return torch.bfloat16 if has_bfloat16() and _bfloat16_is_faster() else torch.float32
