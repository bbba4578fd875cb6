"""The linear maps of a denoiser block in Triton, with what stands before and after them in one kernel."""

from __future__ import annotations

from math import ceil

import torch
from torch import Tensor

from .device import triton
from .tiles import Tiles, launch, upper

if triton is not None:
    import triton.language as tl

    from .device import product

    @triton.jit
    def linear_kernel(
        a, weight, weight_bias, gain, bias, x, scale, shift, step, out, rows, width, depth, time, film_batch,
        film_step, eps, NORM: tl.constexpr, GELU: tl.constexpr, FILM: tl.constexpr, STEPPED: tl.constexpr,
        BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
    ):  # fmt: skip
        """A tile of LN(a) W^T + b (NORM), then GELU, or y (2 + scale) + shift with y the sum with x (FILM).

        STEPPED: scale and shift lie `step[0] * film_step` elements further on.
        """
        columns = tl.cdiv(width, BN)
        m = (tl.program_id(0) // columns * BM + tl.arange(0, BM)).to(tl.int64)
        n = tl.program_id(0) % columns * BN + tl.arange(0, BN)
        k = tl.arange(0, BK)
        row = a + m[:, None] * depth
        inside = (m < rows)[:, None]
        mean = tl.zeros((BM,), tl.float32)
        rate = tl.zeros((BM,), tl.float32)
        if NORM:
            for start in range(0, depth, BK):
                known = inside & (start + k < depth)[None, :]
                mean += tl.sum(tl.load(row + start + k[None, :], mask=known, other=0.0).to(tl.float32), 1)
            mean = mean / depth
            for start in range(0, depth, BK):
                known = inside & (start + k < depth)[None, :]
                values = tl.load(row + start + k[None, :], mask=known, other=0.0).to(tl.float32)
                centred = tl.where(known, values - mean[:, None], 0.0)
                rate += tl.sum(centred * centred, 1)
            rate = 1.0 / tl.sqrt(rate / depth + eps)
        sums = tl.zeros((BM, BN), tl.float32)
        for start in range(0, depth, BK):
            there = start + k < depth
            left = tl.load(row + start + k[None, :], mask=inside & there[None, :], other=0.0)
            if NORM:
                amount = tl.load(gain + start + k, mask=there, other=0.0).to(tl.float32)
                offset = tl.load(bias + start + k, mask=there, other=0.0).to(tl.float32)
                left = (left.to(tl.float32) - mean[:, None]) * rate[:, None] * amount[None, :] + offset[None, :]
            at = weight + n.to(tl.int64)[None, :] * depth + start + k[:, None]
            right = tl.load(at, mask=there[:, None] & (n < width)[None, :], other=0.0)
            sums = product(left.to(right.dtype), right, sums)
        sums += tl.load(weight_bias + n, mask=n < width, other=0.0).to(tl.float32)[None, :]
        to = m[:, None] * width + n[None, :]
        known = inside & (n < width)[None, :]
        if GELU:
            sums = 0.5 * sums * (1.0 + tl.erf(sums * 0.7071067811865476))
        if FILM:
            sums += tl.load(x + to, mask=known, other=0.0).to(tl.float32)
            rates = (m // time * film_batch)[:, None] + n[None, :]
            if STEPPED:
                rates += tl.load(step).to(tl.int64) * film_step
            factor = tl.load(scale + rates, mask=known, other=0.0).to(tl.float32)
            sums = sums * (2.0 + factor) + tl.load(shift + rates, mask=known, other=0.0).to(tl.float32)
        tl.store(out + to, sums.to(out.dtype.element_ty), mask=known)


KINDS = (("bf16", "bf16", "bf16", 200), ("bf16", "bf16", "bf16", 4000), ("fp32", "fp32", "fp32", 200))


MULTIPROCESSORS = 128  # about as many as the GPUs meant here have: tiles are narrower where they would not suffice


def _candidates(rows: int, width: int, exact: bool) -> list[Tiles]:
    small = {"BM": 32, "BN": 64, "BK": 64, "num_warps": 4, "num_stages": 3}
    if exact:  # products of float32 use no tensor cores, and many registers
        return [{**small, "BN": 32, "BK": 32}, {**small, "BM": 16, "BK": 32}, {**small, "BK": 32}]
    tiny = {**small, "BM": 16}
    narrow = {**small, "BN": 32}
    large = {**small, "BM": 64}
    few = ceil(rows / 32) * ceil(width / 64) < MULTIPROCESSORS // 2
    order = [narrow, small, tiny, large] if few else [small, tiny, narrow, large]
    if rows <= 64:
        return [tiny, small, narrow, large]
    return order if rows <= 1024 else [large, {**large, "BN": 128}, {**large, "BM": 128, "num_warps": 8}, small]


def linear(
    a: Tensor, weight: Tensor, weight_bias: Tensor, out: Tensor, norm: tuple[Tensor, Tensor, float] | None = None,
    gelu: bool = False,
) -> None:  # fmt: skip
    """out (..., N) = LN(a) W^T + b for dense a (..., K), W (N, K), norm = (gain, bias, eps); GELU of it if asked."""
    gain, bias, eps = norm or (weight_bias, weight_bias, 0.0)
    _launch(a, weight, weight_bias, out, (gain, bias, eps), (out, weight_bias, weight_bias), (1, 0, 0), None,
            (norm is not None, gelu, False))  # fmt: skip


def linear_rows(a: Tensor, weight: Tensor, weight_bias: Tensor, gelu: bool = False) -> Tensor:
    """a W^T + b, or GELU of it, as a new dense tensor (..., N), for a (..., K) in any strides."""
    out = a.new_empty((*a.shape[:-1], weight.shape[0]))
    if out.numel():
        linear(a.contiguous(), weight.contiguous(), weight_bias.contiguous(), out, gelu=gelu)
    return out


def linear_residual_film(
    a: Tensor, weight: Tensor, weight_bias: Tensor, x: Tensor, scale: Tensor, shift: Tensor, out: Tensor,
    step: Tensor | None = None,
) -> None:  # fmt: skip
    """out = y (2 + scale) + shift, y = x + a W^T + b, for dense a (B, T, K) and x, out (B, T, N).

    scale and shift are (B, N), or with a `step` counter (1,) in memory of the device (steps, N), one for all samples.
    """
    film = (a.shape[1], 0 if step is not None else scale.stride(0), scale.stride(0))
    _launch(a, weight, weight_bias, out, (weight_bias, weight_bias, 0.0), (x, scale, shift), film, step,
            (False, False, True))  # fmt: skip


def _launch(a, weight, weight_bias, out, norm, film, strides, step, flags) -> None:
    width, depth = weight.shape
    rows = a.numel() // depth
    names = ("NORM", "GELU", "FILM")

    def run(BM: int, BN: int, **tiles: int) -> None:
        linear_kernel[(triton.cdiv(rows, BM) * triton.cdiv(width, BN),)](
            a, weight, weight_bias, *norm[:2], *film, out if step is None else step, out, rows, width, depth, *strides,
            norm[2], **dict(zip(names, flags)), STEPPED=step is not None, BM=BM, BN=BN, **tiles, enable_fp_fusion=True,
        )  # fmt: skip

    shape = (str(a.dtype)[6:], str(weight.dtype)[6:], upper(rows, 32, 128, 512, 2048), upper(width, 256, 512, 1024),
             upper(depth, 256, 512, 1024), *map(int, flags))  # fmt: skip
    launch("linear", shape, _candidates(rows, width, weight.dtype == torch.float32), a.device, run)


def specialisations(
    norm: bool = False, gelu: bool = False, film: bool = False, stepped: bool = False,
    kinds: tuple[tuple[str, str, str, int], ...] = KINDS,
):  # fmt: skip
    """The kernel as launched, for each dtype of a, of the weight, of the rest, and number of rows."""
    for left, narrow, wide, rows in kinds:
        rest = f"*{wide}:16"
        yield (
            "linear_kernel",
            {"weight": f"*{narrow}:16", "a": f"*{left}:16",
             **dict.fromkeys(("weight_bias", "gain", "bias", "x", "scale", "shift"), rest),
             "step": "*i64:16" if stepped else rest, "out": rest if film else f"*{narrow}:16", "rows": "i32",
             "width": "i32:16", "depth": "i32:16", "time": "i32", "film_batch": "i32:16", "film_step": "i32:16",
             "eps": "fp32"},
            {"NORM": norm, "GELU": gelu, "FILM": film, "STEPPED": stepped},
            _candidates(rows, 512 if film else 1536, narrow == "fp32")[0],
        )  # fmt: skip
