"""Statistics over time and AdaIN in Triton, alone and after a linear map."""

from __future__ import annotations

import torch
from torch import Tensor

from .device import triton
from .tiles import Tiles, launch, upper

if triton is not None:
    import triton.language as tl

    from .device import product

    @triton.jit
    def merged(count, mean, squares, values, known):
        """Running mean and sum of squared deviations per column, with the rows of `values` that are known added.

        Two sets of numbers are merged after Chan et al. (1979), so that nothing cancels.
        """
        added = tl.sum(known.to(tl.float32), 0)
        centre = tl.sum(tl.where(known, values, 0.0), 0) / tl.maximum(added, 1.0)
        off = tl.where(known, values - centre[None, :], 0.0)
        total = count + added
        part = added / tl.maximum(total, 1.0)
        gap = centre - mean
        return total, mean + gap * part, squares + tl.sum(off * off, 0) + gap * gap * part * count

    @triton.jit
    def restyled(values, mean, rate, style_scale, style_shift):
        """(values - mean) rate (1 + scale) + shift, per column."""
        return (values - mean[None, :]) * rate[None, :] * (1.0 + style_scale)[None, :] + style_shift[None, :]

    @triton.jit
    def ff_adain_film_kernel(
        h, weight, weight_bias, x, style_scale, style_shift, scale, shift, step, lengths, y, out, time, channels, depth,
        style_batch, style_samples, film_batch, film_step, eps, residual, STEPPED: tl.constexpr,
        LENGTHS: tl.constexpr, ONE: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
    ):  # fmt: skip
        """BN channels of one sample over all its frames, BM at a time.

        ONE: a block holds all frames, and y = x + h W^T + b stays in registers; else it waits in memory.
        STEPPED: scale and shift lie `step[0] * film_step` elements further on.
        """
        blocks = tl.cdiv(channels, BN)
        b = (tl.program_id(0) // blocks).to(tl.int64)
        n = tl.program_id(0) % blocks * BN + tl.arange(0, BN)
        k = tl.arange(0, BK)
        inside = (n < channels)[None, :]
        frames = time
        if LENGTHS:
            frames = tl.minimum(time, tl.load(lengths + b).to(tl.int32))
        added = tl.load(weight_bias + n, mask=n < channels, other=0.0).to(tl.float32)[None, :]
        styles = b // style_samples * style_batch + n
        factor = tl.load(style_scale + styles, mask=n < channels, other=0.0).to(tl.float32)
        offset = tl.load(style_shift + styles, mask=n < channels, other=0.0).to(tl.float32)
        rates = b * film_batch + n
        if STEPPED:
            rates += tl.load(step).to(tl.int64) * film_step
        gain = 1.0 + tl.load(scale + rates, mask=n < channels, other=0.0).to(tl.float32)[None, :]
        bias = tl.load(shift + rates, mask=n < channels, other=0.0).to(tl.float32)[None, :]

        count = tl.zeros((BN,), tl.float32)
        mean = tl.zeros((BN,), tl.float32)
        squares = tl.zeros((BN,), tl.float32)
        for start in range(0, time, BM):
            t = start + tl.arange(0, BM)
            row = (b * time + t)[:, None]
            sums = tl.zeros((BM, BN), tl.float32)
            for first in range(0, depth, BK):
                there = first + k < depth
                at = h + row * depth + first + k[None, :]
                left = tl.load(at, mask=(t < time)[:, None] & there[None, :], other=0.0)
                at = weight + n.to(tl.int64)[None, :] * depth + first + k[:, None]
                right = tl.load(at, mask=there[:, None] & inside, other=0.0)
                sums = product(left.to(right.dtype), right, sums)
            known = (t < time)[:, None] & inside
            to = row * channels + n[None, :]
            sums += added + tl.load(x + to, mask=known, other=0.0).to(tl.float32)
            count, mean, squares = merged(count, mean, squares, sums, (t < frames)[:, None] & inside)
            if ONE:
                rate = 1.0 / tl.sqrt(squares / tl.maximum(count, 1.0) + eps)
                value = (residual * sums + restyled(sums, mean, rate, factor, offset)) * gain + bias
                tl.store(out + to, value.to(out.dtype.element_ty), mask=known)
            else:
                tl.store(y + to, sums, mask=known)
        if not ONE:
            tl.debug_barrier()  # other threads of this block wrote what is read now
            rate = 1.0 / tl.sqrt(squares / tl.maximum(count, 1.0) + eps)
            for start in range(0, time, BM):
                t = start + tl.arange(0, BM)
                known = (t < time)[:, None] & inside
                to = (b * time + t)[:, None] * channels + n[None, :]
                sums = tl.load(y + to, mask=known, other=0.0)
                value = (residual * sums + restyled(sums, mean, rate, factor, offset)) * gain + bias
                tl.store(out + to, value.to(out.dtype.element_ty), mask=known)


KINDS = (("bf16", "bf16", 100), ("bf16", "bf16", 250), ("fp32", "fp32", 100))


def _candidates(frames: int, exact: bool) -> list[Tiles]:
    one = max(16, 1 << (frames - 1).bit_length())
    if exact:  # products of float32 use no tensor cores, and many registers
        one, narrow = min(one, 64), {"BN": 16, "BK": 32, "num_warps": 8, "num_stages": 3}
        return [{"BM": one, **narrow}, {"BM": 32, **narrow}]
    narrow = {"BM": min(one, 128), "BN": 16, "BK": 64, "num_warps": 4, "num_stages": 3}
    return [narrow, {**narrow, "BN": 32}, {**narrow, "BK": 128}, {**narrow, "num_warps": 2}, {**narrow, "BM": 64}]


def ff_adain_film(
    h: Tensor, weight: Tensor, weight_bias: Tensor, x: Tensor, style: tuple[Tensor, Tensor],
    film: tuple[Tensor, Tensor], out: Tensor, eps: float, residual: float, samples: int = 1,
    step: Tensor | None = None, lengths: Tensor | None = None,
) -> None:  # fmt: skip
    """FiLM(residual y + AdaIN(y; style); film) with y = x + h W^T + b, for dense h (B, T, F) and x, out (B, T, C).

    style: scale and shift (B / samples, C), each for `samples` rows of the batch. film: scale and shift (B, C), or
    with a `step` counter (1,) in memory of the device (steps, C), one for all samples. lengths: (B,) valid frames, the
    others are left out of the statistics.
    """
    (batch, time, channels), depth = x.shape, h.shape[2]
    candidates = _candidates(time, weight.dtype == torch.float32)
    whole = all(time <= tiles["BM"] for tiles in candidates)
    y = out if whole or out.dtype == torch.float32 else torch.empty_like(out, dtype=torch.float32)

    def run(BM: int, BN: int, **tiles: int) -> None:
        ff_adain_film_kernel[(batch * triton.cdiv(channels, BN),)](
            h, weight, weight_bias, x, *style, *film, out if step is None else step,
            out if lengths is None else lengths, y, out, time, channels, depth, style[0].stride(0), samples,
            0 if step is not None else film[0].stride(0), film[0].stride(0), eps, residual, STEPPED=step is not None,
            LENGTHS=lengths is not None, ONE=time <= BM, BM=BM, BN=BN, **tiles, enable_fp_fusion=True,
        )  # fmt: skip

    shape = (str(h.dtype)[6:], str(weight.dtype)[6:], upper(time, 32, 64, 128, 256), upper(channels, 256, 512),
             upper(depth, 512, 1024))  # fmt: skip
    launch("ff_adain_film", shape, candidates, h.device, run)


def specialisations(stepped: bool = False, kinds: tuple[tuple[str, str, int], ...] = KINDS):
    """The kernel as launched, for each dtype of products, dtype of the rest and number of frames."""
    for narrow, wide, frames in kinds:
        data, rest = f"*{narrow}:16", f"*{wide}:16"
        others = ("weight_bias", "x", "style_scale", "style_shift", "scale", "shift", "out")
        counter = "*i64:16" if stepped else data
        tiles = _candidates(frames, narrow == "fp32")[0]
        yield (
            "ff_adain_film_kernel",
            {"h": data, "weight": data, **dict.fromkeys(others, rest), "step": counter, "lengths": counter,
             "y": "*fp32:16", "time": "i32", "channels": "i32:16", "depth": "i32:16", "style_batch": "i32:16",
             "style_samples": "i32", "film_batch": "i32:16", "film_step": "i32:16", "eps": "fp32", "residual": "fp32"},
            {"STEPPED": stepped, "LENGTHS": stepped, "ONE": frames <= tiles["BM"]},
            tiles,
        )  # fmt: skip
