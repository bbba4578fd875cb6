"""adain in Triton."""

from torch import Tensor

from .._contract.op import Backend
from .._runtime.native import dense
from .._triton import device
from .._triton.device import triton

FRAMES, CHANNELS, WARPS = 64, 32, 4

if triton is not None:
    import triton.language as tl

    from .._triton.adain import merged, restyled

    @triton.jit
    def adain_kernel(x, scale, shift, out, time, channels, eps, T: tl.constexpr, C: tl.constexpr):
        """C channels of one sample, T frames at a time: statistics first, then the values again."""
        blocks = tl.cdiv(channels, C)
        b = (tl.program_id(0) // blocks).to(tl.int64)
        c = tl.program_id(0) % blocks * C + tl.arange(0, C)
        inside = c < channels
        count = tl.zeros((C,), tl.float32)
        mean = tl.zeros((C,), tl.float32)
        squares = tl.zeros((C,), tl.float32)
        for start in range(0, time, T):
            t = start + tl.arange(0, T)
            known = (t < time)[:, None] & inside[None, :]
            values = tl.load(x + (b * time + t[:, None]) * channels + c[None, :], mask=known, other=0.0)
            count, mean, squares = merged(count, mean, squares, values.to(tl.float32), known)
        rate = 1.0 / tl.sqrt(squares / tl.maximum(count, 1.0) + eps)
        factor = tl.load(scale + b * channels + c, mask=inside, other=0.0).to(tl.float32)
        offset = tl.load(shift + b * channels + c, mask=inside, other=0.0).to(tl.float32)
        for start in range(0, time, T):
            t = start + tl.arange(0, T)
            known = (t < time)[:, None] & inside[None, :]
            at = (b * time + t[:, None]) * channels + c[None, :]
            values = tl.load(x + at, mask=known, other=0.0).to(tl.float32)
            tl.store(out + at, restyled(values, mean, rate, factor, offset).to(out.dtype.element_ty), mask=known)


def _run(x, scale, shift, eps) -> Tensor:
    out = x.new_empty(x.shape)
    if out.numel():
        batch, time, channels = x.shape
        adain_kernel[(batch * triton.cdiv(channels, CHANNELS),)](
            dense(x), dense(scale), dense(shift), out, time, channels, eps,
            T=FRAMES, C=CHANNELS, num_warps=WARPS, enable_fp_fusion=True,
        )  # fmt: skip
    return out


def _specialisations():
    for element in ("fp32", "bf16"):
        data = f"*{element}:16"
        yield (
            "adain_kernel",
            {"x": data, "scale": data, "shift": data, "out": data, "time": "i32", "channels": "i32:16", "eps": "fp32"},
            {"T": FRAMES, "C": CHANNELS},
            {"num_warps": WARPS},
        )


AOT = list(_specialisations())
BUDGET = 96, 1024  # registers of a thread, bytes of shared memory of a block
BACKEND = Backend("triton", _run, ("cuda", "cpu"), device.why_not)
