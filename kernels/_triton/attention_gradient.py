"""The gradient of attention in Triton: weights are computed again from the logarithms of their sums.

With P the weights, dP = dO V^T and delta = rowsum(dO O), the logits' gradient is dS = P (dP - delta); then
dQ = dS K / sqrt(D), dK = dS^T Q / sqrt(D), dV = P^T dO and, for the slope of a head, -sum(dS |i - j|).
After Dao et al. (2022), "FlashAttention", algorithm 4. No atomics: the same input gives the same bits.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .attention import LOG2E, padded
from .device import triton
from .tiles import Tiles, launch, upper

if triton is not None:
    import triton.language as tl

    from .attention import biased, block_of, seen_range, valid_keys
    from .device import product

    @triton.jit
    def attention_query_gradient_kernel(
        query, key, value, slopes, lengths, out, grad, logsum, delta, query_grad, slope_grad, queries, keys,
        query_batch, query_row, key_batch, key_row, scale, window, H: tl.constexpr, D: tl.constexpr,
        WIDTH: tl.constexpr, WINDOW: tl.constexpr, LENGTHS: tl.constexpr, SLOPES: tl.constexpr, BM: tl.constexpr,
        BN: tl.constexpr,
    ):  # fmt: skip
        """dQ of BM queries of one head of one sample, their delta, and their shares of the slope's gradient."""
        first, b, h = block_of(queries, H, BM)
        row = first + tl.arange(0, BM)
        d = tl.arange(0, WIDTH)
        known = (row < queries)[:, None] & (d < D)[None, :]
        at = b * query_batch + row.to(tl.int64)[:, None] * query_row + h * D + d[None, :]
        q = tl.load(query + at, mask=known, other=0.0)
        to = (b * queries + row.to(tl.int64)[:, None]) * (H * D) + h * D + d[None, :]
        g = tl.load(grad + to, mask=known, other=0.0)
        own = tl.sum(g.to(tl.float32) * tl.load(out + to, mask=known, other=0.0).to(tl.float32), 1)
        each = (b * H + h) * queries + row
        tl.store(delta + each, own, mask=row < queries)
        total = tl.load(logsum + each, mask=row < queries, other=0.0)
        slope = tl.load(slopes + h).to(tl.float32) * 1.4426950408889634
        sums = tl.zeros((BM, WIDTH), tl.float32)
        leaning = tl.zeros((BM,), tl.float32)
        excess = tl.zeros((BM,), tl.float32)
        reach = tl.zeros((BM,), tl.float32)
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
            seen = (column < end)[None, :] & (row < queries)[:, None]
            weights = tl.exp2(biased(products, distance, seen, slope, scale, window, WINDOW) - total[:, None])
            steep = weights * (product(g, tl.trans(v), tl.zeros((BM, BN), tl.float32)) - own[:, None])
            sums = product(steep.to(k.dtype), k, sums)
            if SLOPES:
                leaning += tl.sum(steep * distance.to(tl.float32), 1)
                excess += tl.sum(steep, 1)
                reach += tl.sum(weights * distance.to(tl.float32), 1)
        tl.store(query_grad + to, (sums * (scale * 0.6931471805599453)).to(query_grad.dtype.element_ty), mask=known)
        if SLOPES:  # dS of a query adds up to zero but for the rounding of delta, which is taken out again
            tl.store(slope_grad + each, excess * reach - leaning, mask=row < queries)

    @triton.jit
    def attention_key_gradient_kernel(
        query, key, value, slopes, lengths, grad, logsum, delta, key_grad, value_grad, queries, keys, query_batch,
        query_row, key_batch, key_row, scale, window, H: tl.constexpr, D: tl.constexpr, WIDTH: tl.constexpr,
        WINDOW: tl.constexpr, LENGTHS: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr,
    ):  # fmt: skip
        """dK and dV of BN keys of one head of one sample, over blocks of BM queries; logits are held keys x queries."""
        first, b, h = block_of(keys, H, BN)
        column = first + tl.arange(0, BN)
        d = tl.arange(0, WIDTH)
        inside = (column < keys)[:, None] & (d < D)[None, :]
        place = b * key_batch + column.to(tl.int64)[:, None] * key_row + h * D + d[None, :]
        k = tl.load(key + place, mask=inside, other=0.0)
        v = tl.load(value + place, mask=inside, other=0.0)
        slope = tl.load(slopes + h).to(tl.float32) * 1.4426950408889634
        key_sums = tl.zeros((BN, WIDTH), tl.float32)
        value_sums = tl.zeros((BN, WIDTH), tl.float32)
        limit = valid_keys(keys, lengths, b, LENGTHS)
        whole = tl.where(first < limit, queries, 0)  # keys that nobody sees
        begin, end = seen_range(first, whole, window, WINDOW, BN, BM)
        for start in range(begin, end, BM):
            row = start + tl.arange(0, BM)
            known = (row < queries)[:, None] & (d < D)[None, :]
            at = b * query_batch + row.to(tl.int64)[:, None] * query_row + h * D + d[None, :]
            q = tl.load(query + at, mask=known, other=0.0)
            to = (b * queries + row.to(tl.int64)[:, None]) * (H * D) + h * D + d[None, :]
            g = tl.load(grad + to, mask=known, other=0.0)
            each = (b * H + h) * queries + row
            total = tl.load(logsum + each, mask=row < queries, other=0.0)
            own = tl.load(delta + each, mask=row < queries, other=0.0)
            distance = tl.abs(column[:, None] - row[None, :])
            products = product(k, tl.trans(q), tl.zeros((BN, BM), tl.float32))
            seen = (column < limit)[:, None] & (row < queries)[None, :]
            weights = tl.exp2(biased(products, distance, seen, slope, scale, window, WINDOW) - total[None, :])
            value_sums = product(weights.to(g.dtype), g, value_sums)
            steep = weights * (product(v, tl.trans(g), tl.zeros((BN, BM), tl.float32)) - own[None, :])
            key_sums = product(steep.to(q.dtype), q, key_sums)
        to = (b * keys + column.to(tl.int64)[:, None]) * (H * D) + h * D + d[None, :]
        tl.store(key_grad + to, (key_sums * (scale * 0.6931471805599453)).to(key_grad.dtype.element_ty), mask=inside)
        tl.store(value_grad + to, value_sums.to(value_grad.dtype.element_ty), mask=inside)


def _candidates(width: int, exact: bool) -> list[Tiles]:
    small = {"BM": 32, "BN": 32, "num_warps": 4, "num_stages": 2}
    if exact or width > 64:  # products of float32 use no tensor cores, and many registers
        return [{**small, "BM": 16, "BN": 16}, {**small, "BM": 16}]
    return [small, {**small, "BM": 64}, {**small, "BN": 64}, {**small, "BM": 64, "BN": 64}]


def attend_gradient(
    grad: Tensor, out: Tensor, logsum: Tensor, query: Tensor, key: Tensor, value: Tensor, heads: int, slopes: Tensor,
    window: int, lengths: Tensor | None, slope_wanted: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    """The gradients of query, key, value and slopes for dense grad and out (B, S, C); zeros for slopes not wanted.

    The last stride of all tensors is 1; key and value share theirs. logsum as of `attend`.
    """
    (batch, queries, channels), keys = out.shape, key.shape[1]
    width = channels // heads
    query_grad = out.new_empty(out.shape)
    key_grad, value_grad = (key.new_empty(key.shape) for _ in range(2))
    delta, shares = (torch.empty_like(logsum) for _ in range(2))
    strides = (query.stride(0), query.stride(1), key.stride(0), key.stride(1))
    sizes = {
        "H": heads, "D": width, "WIDTH": padded(width), "WINDOW": window > 0, "LENGTHS": lengths is not None,
        "enable_fp_fusion": True,
    }  # fmt: skip
    numbers = (queries, keys, *strides, width**-0.5 * LOG2E, window)
    ends = out if lengths is None else lengths

    def query_side(BM: int, **tiles: int) -> None:
        attention_query_gradient_kernel[(triton.cdiv(queries, BM) * batch * heads,)](
            query, key, value, slopes, ends, out, grad, logsum, delta, query_grad, shares, *numbers,
            SLOPES=slope_wanted, BM=BM, **sizes, **tiles,
        )  # fmt: skip

    def key_side(BN: int, **tiles: int) -> None:
        attention_key_gradient_kernel[(triton.cdiv(keys, BN) * batch * heads,)](
            query, key, value, slopes, ends, grad, logsum, delta, key_grad, value_grad, *numbers, BN=BN, **sizes,
            **tiles,
        )  # fmt: skip

    candidates = _candidates(width, query.dtype == torch.float32)
    shape = (str(query.dtype)[6:], upper(max(queries, keys), 32, 64, 128, 256), padded(width), int(window > 0))
    if out.numel():
        launch("attention_query_gradient", shape, candidates, query.device, query_side)
    if key.numel():
        launch("attention_key_gradient", shape, candidates, query.device, key_side)
    slope_grad = shares.sum((0, 2)).to(slopes.dtype) if slope_wanted else torch.zeros_like(slopes)
    return query_grad, key_grad, value_grad, slope_grad


def specialisations(*kinds: tuple[str, int, bool, bool]):
    """Both kernels as launched, for each dtype, head width, window or none, and lengths or none."""
    for element, width, window, lengths in kinds:
        data, wide = f"*{element}:16", "*fp32:16"
        strides = dict.fromkeys(("query_batch", "query_row", "key_batch", "key_row"), "i32:16")
        inputs = {**dict.fromkeys(("query", "key", "value", "slopes"), data), "lengths": "*i64:16" if lengths else data}
        numbers = {"queries": "i32", "keys": "i32", **strides, "scale": "fp32", "window": "i32"}
        sizes = {"H": 8, "D": width, "WIDTH": padded(width), "WINDOW": window, "LENGTHS": lengths}
        tiles = _candidates(width, element == "fp32")[0]
        yield (
            "attention_query_gradient_kernel",
            {**inputs, "out": data, "grad": data, "logsum": wide, "delta": wide, "query_grad": data,
             "slope_grad": wide, **numbers},
            {**sizes, "SLOPES": True},
            tiles,
        )  # fmt: skip
        yield (
            "attention_key_gradient_kernel",
            {**inputs, "grad": data, "logsum": wide, "delta": wide, "key_grad": data, "value_grad": data, **numbers},
            sizes,
            tiles,
        )
