"""sampler_step in Triton: one kernel finds the dynamic threshold, one steps."""

from __future__ import annotations

import torch
from torch import Tensor

from .._contract.op import Backend
from .._runtime.native import dense
from .._triton import device
from .._triton.device import triton

LIMIT_BLOCK, LIMIT_WARPS = 1024, 8
STEP_BLOCK, STEP_WARPS = 256, 4

if triton is not None:
    import triton.language as tl

    from .._triton.guidance import guided, missing

    @triton.jit
    def sampler_step_limit_kernel(
        prediction, guidance, weights, limit, sample, size, rank, fraction, low, high,
        N: tl.constexpr, BLOCK: tl.constexpr,
    ):  # fmt: skip
        """The dynamic threshold of one sample: the magnitude of a given rank, found bit by bit."""
        b = tl.program_id(0).to(tl.int64)
        below = 0
        for step in range(31):
            candidate = below | (1 << (30 - step))
            smaller = 0
            for start in range(0, sample, BLOCK):
                i = start + tl.arange(0, BLOCK)
                x0 = guided(prediction, guidance, weights, i % weights, b * sample + i, i < sample, size, N)
                key = x0.to(tl.int32, bitcast=True) & 0x7FFFFFFF
                smaller += tl.sum(((key < candidate) & (i < sample)).to(tl.int32))
            below = tl.where(smaller <= rank, candidate, below)
        up_to = 0
        above = 0x7FFFFFFF
        largest = 0
        for start in range(0, sample, BLOCK):
            i = start + tl.arange(0, BLOCK)
            x0 = guided(prediction, guidance, weights, i % weights, b * sample + i, i < sample, size, N)
            key = x0.to(tl.int32, bitcast=True) & 0x7FFFFFFF
            up_to += tl.sum(((key <= below) & (i < sample)).to(tl.int32))
            above = tl.minimum(above, tl.min(tl.where((key > below) & (i < sample), key, 0x7FFFFFFF)))
            largest = tl.maximum(largest, tl.max(tl.where(i < sample, key, 0)))
        above = tl.where((up_to > rank + 1) | (above == 0x7FFFFFFF), below, above)
        least = below.to(tl.float32, bitcast=True)  # type: ignore[attr-defined]
        value = least
        if fraction > 0:
            value = least + (above.to(tl.float32, bitcast=True) - least) * fraction
        value = tl.where(value < low, low, value)
        value = tl.where(value > high, high, value)
        tl.store(limit + b, tl.where(largest > 0x7F800000, float("nan"), value))

    @triton.jit
    def sampler_step_kernel(
        prediction, guidance, weights, x, x0_prev, coefficients, noise, known, mask, share, limit, x_next, x0,
        sample, size, channels, N: tl.constexpr, NOISE: tl.constexpr, MASK: tl.constexpr, SHARE: tl.constexpr,
        LIMIT: tl.constexpr, BLOCK: tl.constexpr,
    ):  # fmt: skip
        """One block of elements: guidance, clamp, what is known of it, step, in-painting."""
        i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
        inside = i < size
        value = guided(prediction, guidance, weights, i % weights, i, inside, size, N)
        if LIMIT:
            bound = tl.load(limit + i // sample, mask=inside, other=1.0)
            value = tl.where(value > bound, bound, value)
            value = tl.where(value < -bound, -bound, value)
            value = tl.where(bound == bound, value, bound)
        if SHARE:
            part = tl.load(share + i, mask=inside, other=0.0).to(tl.float32)
            value = (1 - part) * value + part * tl.load(known + i, mask=inside, other=0.0).to(tl.float32)
        if NOISE:
            random = tl.load(noise + i, mask=inside, other=0.0).to(tl.float32)
            fresh = tl.load(coefficients + 3) * random
        else:
            fresh = missing(coefficients + 3)
        step = tl.load(coefficients) * tl.load(x + i, mask=inside, other=0.0).to(tl.float32)
        step += tl.load(coefficients + 1) * value
        step += tl.load(coefficients + 2) * tl.load(x0_prev + i, mask=inside, other=0.0).to(tl.float32)
        step += fresh
        if MASK:
            clean = tl.load(known + i, mask=inside, other=0.0).to(tl.float32)
            frozen = tl.load(coefficients + 4) * clean
            if NOISE:
                frozen += tl.load(coefficients + 5) * random
            else:
                frozen += missing(coefficients + 5)
            step = tl.where(tl.load(mask + i // channels, mask=inside, other=0) != 0, frozen, step)
        tl.store(x0 + i, value.to(x0.dtype.element_ty), mask=inside)
        tl.store(x_next + i, step.to(x_next.dtype.element_ty), mask=inside)


def _run(
    prediction, guidance, x, x0_prev, coefficients, noise, known, mask, quantile, limit_low, limit_high, share
) -> tuple[Tensor, Tensor]:
    branches, batch, time, channels = prediction.shape
    sample, size = time * channels, batch * time * channels
    x_next = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    x0 = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    if size == 0:
        return x_next, x0
    prediction, guidance = dense(prediction), dense(guidance.float())
    weights = guidance[0].numel()
    limit = guidance  # a stand-in, never read without a threshold
    if quantile > 0:
        limit = torch.empty(batch, dtype=torch.float32, device=x.device)
        place = quantile * (sample - 1)
        sampler_step_limit_kernel[(batch,)](
            prediction, guidance, weights, limit, sample, size, int(place), place - int(place), limit_low, limit_high,
            N=branches, BLOCK=LIMIT_BLOCK, num_warps=LIMIT_WARPS, enable_fp_fusion=True,
        )  # fmt: skip
    sampler_step_kernel[(triton.cdiv(size, STEP_BLOCK),)](
        prediction, guidance, weights, dense(x), dense(x0_prev), dense(coefficients.float()),
        x if noise is None else dense(noise), x if known is None else dense(known),
        x if mask is None else dense(mask).view(torch.uint8),
        x if share is None else dense(share), limit, x_next, x0, sample, size, channels,
        N=branches, NOISE=noise is not None, MASK=mask is not None, SHARE=share is not None, LIMIT=quantile > 0,
        BLOCK=STEP_BLOCK, num_warps=STEP_WARPS, enable_fp_fusion=True,
    )  # fmt: skip
    return x_next, x0


def _specialisations():
    """Every kernel as launched above: kernel, signature, constants, options."""
    for element in ("fp32", "bf16"):
        data = f"*{element}"
        for branches in (1, 3):
            pointers = {"prediction": data, "guidance": "*fp32", "weights": "i32"}
            yield (
                "sampler_step_limit_kernel",
                {**pointers, "limit": "*fp32", "sample": "i32", "size": "i32", "rank": "i32",
                 "fraction": "fp32", "low": "fp32", "high": "fp32"},
                {"N": branches, "BLOCK": LIMIT_BLOCK},
                {"num_warps": LIMIT_WARPS},
            )  # fmt: skip
        for noise, mask, share, limited in (
            (False, False, False, False), (False, True, False, False), (True, True, True, True)
        ):
            yield (
                "sampler_step_kernel",
                {**pointers, "x": data, "x0_prev": data, "coefficients": "*fp32", "noise": data, "known": data,
                 "mask": "*u8" if mask else data, "share": data, "limit": "*fp32", "x_next": data, "x0": data,
                 "sample": "i32", "size": "i32", "channels": "i32"},
                {"N": 3, "NOISE": noise, "MASK": mask, "SHARE": share, "LIMIT": limited, "BLOCK": STEP_BLOCK},
                {"num_warps": STEP_WARPS},
            )  # fmt: skip


AOT = list(_specialisations())
BUDGET = 64, 4 * 1024  # registers of a thread, bytes of shared memory of a block
BACKEND = Backend("triton", _run, ("cuda", "cpu"), device.why_not)
