"""What a step of denoise_loop launches in Triton (trajectory.py)."""

from __future__ import annotations

import sys

from torch import Tensor

from .._contract.op import Backend
from .._runtime.heads import triton_refusal
from .._triton import adain as adain_kernels
from .._triton import device
from .._triton import linear as linear_kernels
from .._triton.adain import ff_adain_film
from .._triton.attention import attend, padded
from .._triton.device import triton
from .._triton.linear import linear, linear_residual_film
from .graph import runs, unfit

__all__ = ["attend", "enter", "ff_adain_film", "linear", "linear_residual_film", "step"]

ENTER_ROWS, ENTER_COLUMNS, ENTER_WARPS = 32, 32, 4
STEP_BLOCK, STEP_WARPS = 256, 4

if triton is not None:
    import triton.language as tl

    from .._triton.adain import ff_adain_film_kernel  # noqa: F401  (named in AOT)
    from .._triton.device import product
    from .._triton.guidance import guided, missing
    from .._triton.linear import linear_kernel  # noqa: F401  (named in AOT)

    @triton.jit
    def denoise_enter_kernel(
        x, mask, weight, bias, speech, step, out, rows, time, channels, motion, size,
        K: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr,
    ):  # fmt: skip
        """A tile of [x, mask] W^T + b + speech, for all branches; the first tile counts the step.

        Row m of the output: branch m // size, and row m % size of x, where size = rows of x times its frames.
        """
        if tl.program_id(0) == 0:
            tl.store(step, tl.load(step) + 1)
        columns = tl.cdiv(channels, BN)
        m = (tl.program_id(0) // columns * BM + tl.arange(0, BM)).to(tl.int64)
        n = tl.program_id(0) % columns * BN + tl.arange(0, BN)
        k = tl.arange(0, K)[None, :]
        inside = (m < rows)[:, None]
        own = (m % size)[:, None]
        values = tl.load(x + own * motion + k, mask=inside & (k < motion), other=0.0)
        values += tl.load(mask + own + k * 0, mask=inside & (k == motion), other=0).to(tl.float32)
        at = weight + n[None, :] * (motion + 1) + tl.arange(0, K)[:, None]
        right = tl.load(at, mask=(tl.arange(0, K)[:, None] <= motion) & (n < channels)[None, :], other=0.0)
        sums = product(values.to(right.dtype), right, tl.zeros((BM, BN), tl.float32))
        sums += tl.load(bias + n, mask=n < channels, other=0.0).to(tl.float32)[None, :]
        known = inside & (n < channels)[None, :]
        heard = (m // size * time + m % time)[:, None] * channels + n[None, :]
        sums += tl.load(speech + heard, mask=known, other=0.0)
        tl.store(out + m[:, None] * channels + n[None, :], sums, mask=known)

    @triton.jit
    def denoise_step_kernel(
        prediction, guidance, table, step, x, x0_prev, known, mask, share, noise, size, sample, motion,
        N: tl.constexpr, NOISE: tl.constexpr, BLOCK: tl.constexpr,
    ):  # fmt: skip
        """Guidance, what is known, and the sampler's affine update of one block of elements, in place."""
        i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
        inside = i < size
        row = table + tl.load(step) * 6
        x0 = guided(prediction, guidance, sample, i % sample, i, inside, size, N)
        clean = tl.load(known + i, mask=inside, other=0.0)
        part = tl.load(share + i, mask=inside, other=0.0)
        x0 = (1 - part) * x0 + part * clean
        after = tl.load(row) * tl.load(x + i, mask=inside, other=0.0) + tl.load(row + 1) * x0
        after += tl.load(row + 2) * tl.load(x0_prev + i, mask=inside, other=0.0)
        kept = tl.load(row + 4) * clean
        if NOISE:
            random = tl.load(noise + tl.load(step) * size + i, mask=inside, other=0.0)
            after += tl.load(row + 3) * random
            kept += tl.load(row + 5) * random
        else:  # none was asked for, else the motion is no number
            after += missing(row + 3)
            kept += missing(row + 5)
        after = tl.where(tl.load(mask + i // motion, mask=inside, other=0) != 0, kept, after)
        tl.store(x + i, after, mask=inside)
        tl.store(x0_prev + i, x0, mask=inside)


def enter(x: Tensor, mask: Tensor, weight: Tensor, bias: Tensor, speech: Tensor, step: Tensor, out: Tensor) -> None:
    """out (N R, T, C) = [x, mask] W^T + b + speech for x (R, T, M) and speech (N, T, C); adds 1 to the step."""
    (batch, time, channels), (rows, _, motion) = out.shape, x.shape
    grid = (triton.cdiv(batch * time, ENTER_ROWS) * triton.cdiv(channels, ENTER_COLUMNS),)
    denoise_enter_kernel[grid](
        x, mask, weight, bias, speech, step, out, batch * time, time, channels, motion, rows * time,
        K=padded(motion + 1), BM=ENTER_ROWS, BN=ENTER_COLUMNS, num_warps=ENTER_WARPS, enable_fp_fusion=True,
    )  # fmt: skip


def step(
    prediction: Tensor, guidance: Tensor, table: Tensor, count: Tensor, x: Tensor, x0_prev: Tensor, known: Tensor,
    mask: Tensor, share: Tensor, noise: Tensor | None,
) -> None:  # fmt: skip
    """Guidance (2, T, M) of prediction (N R, T, M) and the sampler's update of x (R, T, M), x0_prev in place.

    noise: (steps, R, T, M), or None where the table asks for none.
    """
    denoise_step_kernel[(triton.cdiv(x.numel(), STEP_BLOCK),)](
        prediction, guidance, table, count, x, x0_prev, known, mask, share, x if noise is None else noise,
        x.numel(), x[0].numel(), x.shape[2], N=len(prediction) // len(x), NOISE=noise is not None, BLOCK=STEP_BLOCK,
        num_warps=STEP_WARPS, enable_fp_fusion=True,
    )  # fmt: skip


def _specialisations():
    """The kernels that only a trajectory launches like this: kernel, signature, constants, options."""
    mixed = (("fp32", "bf16", "fp32", 200),)
    yield from linear_kernels.specialisations(norm=True, kinds=mixed)
    yield from linear_kernels.specialisations(norm=True, gelu=True, kinds=mixed)
    yield from linear_kernels.specialisations(film=True, stepped=True, kinds=(("bf16", "bf16", "fp32", 200),))
    yield from adain_kernels.specialisations(stepped=True, kinds=(("bf16", "fp32", 100), ("bf16", "fp32", 250)))
    wide = "*fp32:16"
    yield (
        "denoise_enter_kernel",
        {"weight": "*bf16:16", "x": wide, "mask": "*u8:16", "bias": wide, "speech": wide, "step": "*i64:16",
         "out": wide, "rows": "i32", "time": "i32", "channels": "i32:16", "motion": "i32", "size": "i32"},
        {"K": 64, "BM": ENTER_ROWS, "BN": ENTER_COLUMNS},
        {"num_warps": ENTER_WARPS},
    )  # fmt: skip
    for noise in (False, True):
        yield (
            "denoise_step_kernel",
            {**dict.fromkeys(("prediction", "guidance", "table"), wide), "step": "*i64:16",
             **dict.fromkeys(("x", "x0_prev", "known"), wide), "mask": "*u8:16", "share": wide, "noise": wide,
             "size": "i32", "sample": "i32", "motion": "i32"},
            {"N": 3, "NOISE": noise, "BLOCK": STEP_BLOCK},
            {"num_warps": STEP_WARPS},
        )  # fmt: skip


def _why_not(*args) -> str | None:
    return device.why_not(*args) or unfit(triton_refusal, *args)


AOT = list(_specialisations())
BUDGET = 224, 64 * 1024  # registers of a thread, bytes of shared memory of a block
BACKEND = Backend("triton", runs(sys.modules[__name__]), ("cuda", "cpu"), _why_not)
