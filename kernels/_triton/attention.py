"""The attention kernel of self_attention, content_attention and denoise_loop in Triton."""

from __future__ import annotations

import torch
from torch import Tensor

from .device import triton
from .tiles import Tiles, launch, upper

LOG2E = 1.4426950408889634

if triton is not None:
    import triton.language as tl

    from .device import product

    @triton.jit
    def biased(products, distance, seen, slope, scale, window, WINDOW: tl.constexpr):
        """Logits times log2(e) from the products of queries and keys; -inf where a key is not seen."""
        if WINDOW:
            seen = seen & (distance <= window)
        return tl.where(seen, products * scale - slope * distance.to(tl.float32), float("-inf"))

    @triton.jit
    def block_of(rows, H: tl.constexpr, BLOCK: tl.constexpr):
        """Which block of rows is this program's: its first row, sample and head."""
        blocks = tl.cdiv(rows, BLOCK)
        number = tl.program_id(0)
        return number % blocks * BLOCK, (number // blocks // H).to(tl.int64), number // blocks % H

    @triton.jit
    def valid_keys(keys, lengths, b, LENGTHS: tl.constexpr):
        """How many keys a sample has."""
        if LENGTHS:
            keys = tl.minimum(keys, tl.load(lengths + b).to(tl.int32))
        return keys

    @triton.jit
    def seen_range(first, limit, window, WINDOW: tl.constexpr, OWN: tl.constexpr, OTHER: tl.constexpr):
        """Of `limit` rows those that OWN rows may see: the first, rounded down to a block of OTHER, and the end."""
        begin = 0
        if WINDOW:
            begin = tl.maximum(0, first - window) // OTHER * OTHER
            limit = tl.minimum(limit, first + OWN + window)
        return begin, limit

    @triton.jit
    def attention_kernel(
        query, key, value, slopes, lengths, out, logsum, queries, keys, query_samples, query_batch, query_row,
        key_batch, key_row, scale, window, H: tl.constexpr, D: tl.constexpr, WIDTH: tl.constexpr, WINDOW: tl.constexpr,
        LENGTHS: tl.constexpr, LOGSUM: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr,
    ):  # fmt: skip
        """BM queries of one head of one sample, with a running maximum and sum over blocks of BN keys.

        Logits are kept times log2(e), so that a weight is one exp2. WIDTH is D rounded up to a size of tl.dot.
        LOGSUM: log2 of each query's sum of exp2(logits), which its gradient needs, goes to logsum (B, H, S).
        """
        first, b, h = block_of(queries, H, BM)
        row = first + tl.arange(0, BM)
        d = tl.arange(0, WIDTH)
        known = (row < queries)[:, None] & (d < D)[None, :]
        at = b // query_samples * query_batch + row.to(tl.int64)[:, None] * query_row + h * D + d[None, :]
        q = tl.load(query + at, mask=known, other=0.0)
        slope = tl.load(slopes + h).to(tl.float32) * 1.4426950408889634
        largest = tl.full((BM,), float("-inf"), tl.float32)
        total = tl.zeros((BM,), tl.float32)
        sums = tl.zeros((BM, WIDTH), tl.float32)
        limit = valid_keys(keys, lengths, b, LENGTHS)
        begin, end = seen_range(first, limit, window, WINDOW, BM, BN)
        for start in range(begin, end, BN):
            column = start + tl.arange(0, BN)
            place = b * key_batch + column.to(tl.int64)[:, None] * key_row + h * D + d[None, :]
            there = (column < end)[:, None] & (d < D)[None, :]
            k = tl.load(key + place, mask=there, other=0.0)
            v = tl.load(value + place, mask=there, other=0.0)
            distance = tl.abs(row[:, None] - column[None, :])
            products = product(q, tl.trans(k), tl.zeros((BM, BN), tl.float32))
            logits = biased(products, distance, (column < end)[None, :], slope, scale, window, WINDOW)
            top = tl.maximum(largest, tl.max(logits, 1))
            anchor = tl.where(top == float("-inf"), 0.0, top)  # a row that has seen no key yet
            weights = tl.exp2(logits - anchor[:, None])
            shrink = tl.exp2(largest - anchor)
            total = total * shrink + tl.sum(weights, 1)
            sums = product(weights.to(v.dtype), v, sums * shrink[:, None])
            largest = top
        result = sums / tl.where(total == 0.0, 1.0, total)[:, None]
        to = (b * queries + row.to(tl.int64)[:, None]) * (H * D) + h * D + d[None, :]
        tl.store(out + to, result.to(out.dtype.element_ty), mask=known)
        if LOGSUM:  # a query that sees no key has no weights: any finite number serves
            amount = tl.where(total == 0.0, 0.0, largest + tl.log2(tl.where(total == 0.0, 1.0, total)))
            tl.store(logsum + (b * H + h) * queries + row, amount, mask=row < queries)


def _candidates(queries: int, width: int, exact: bool) -> list[Tiles]:
    small = {"BM": 32, "BN": 64, "num_warps": 4, "num_stages": 3}
    tiny = {**small, "BM": 16, "BN": 32, "num_stages": 2}
    if exact:  # products of float32 use no tensor cores, and many registers
        return [tiny, {**tiny, "BM": 32}, {**tiny, "BN": 64}]
    if width > 64:
        return [{**tiny, "BM": 32}, tiny, {**tiny, "BN": 64}]
    large = {**small, "BM": 64, "num_stages": 2}
    rest = [{**small, "BM": 16}, {**small, "BN": 32}, {**small, "num_warps": 2}]
    return [small, large, *rest] if queries <= 128 else [large, {**large, "BM": 128, "num_warps": 8}, small, *rest]


def padded(size: int) -> int:
    """The size rounded up to one that tl.dot takes: a power of two from 16."""
    return max(16, 1 << (size - 1).bit_length())


def attend(
    query: Tensor, key: Tensor, value: Tensor, heads: int, slopes: Tensor, out: Tensor, window: int = 0,
    lengths: Tensor | None = None, samples: int = 1, logsum: Tensor | None = None,
) -> None:  # fmt: skip
    """Attention of query (B / samples, S, C), each for `samples` rows, over key and value (B, T, C) into out (B, S, C).

    The last stride of all tensors is 1; key and value share theirs. logsum (B, H, S) float32 is filled where given.
    """
    (batch, queries, channels), keys = out.shape, key.shape[1]
    width = channels // heads

    def run(BM: int, **tiles: int) -> None:
        attention_kernel[(triton.cdiv(queries, BM) * batch * heads,)](
            query, key, value, slopes, out if lengths is None else lengths, out, out if logsum is None else logsum,
            queries, keys, samples, query.stride(0), query.stride(1), key.stride(0), key.stride(1),
            width**-0.5 * LOG2E, window, H=heads, D=width, WIDTH=padded(width), WINDOW=window > 0,
            LENGTHS=lengths is not None, LOGSUM=logsum is not None, BM=BM, **tiles, enable_fp_fusion=True,
        )  # fmt: skip

    shape = (str(query.dtype)[6:], upper(queries, 32, 64, 128, 256), padded(width), int(window > 0))
    launch("attention", shape, _candidates(queries, width, query.dtype == torch.float32), query.device, run)


def specialisations(*kinds: tuple[str, int, int, bool, bool], logsum: bool = False):
    """The kernel as launched, for each dtype, number of queries, head width, window or none, and lengths or none."""
    for element, queries, width, window, lengths in kinds:
        data = f"*{element}:16"
        strides = ("query_batch", "query_row", "key_batch", "key_row")
        yield (
            "attention_kernel",
            {"query": data, "key": data, "value": data, "slopes": data, "lengths": "*i64:16" if lengths else data,
             "out": data, "logsum": "*fp32:16" if logsum else data, "queries": "i32", "keys": "i32",
             "query_samples": "i32", **dict.fromkeys(strides, "i32:16"), "scale": "fp32", "window": "i32"},
            {"H": 8, "D": width, "WIDTH": padded(width), "WINDOW": window, "LENGTHS": lengths, "LOGSUM": logsum},
            _candidates(queries, width, element == "fp32")[0],
        )  # fmt: skip
