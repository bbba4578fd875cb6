"""film in Triton."""

from torch import Tensor

from .._contract.op import Backend
from .._runtime.native import dense
from .._triton import device
from .._triton.device import triton

BLOCK, WARPS = 512, 4

if triton is not None:
    import triton.language as tl

    @triton.jit
    def film_kernel(x, scale, shift, out, size, sample, channels, BLOCK: tl.constexpr):
        """One block of elements."""
        i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
        inside = i < size
        at = i // sample * channels + i % channels
        factor = 1.0 + tl.load(scale + at, mask=inside, other=0.0).to(tl.float32)
        value = tl.load(x + i, mask=inside, other=0.0).to(tl.float32) * factor
        value += tl.load(shift + at, mask=inside, other=0.0).to(tl.float32)
        tl.store(out + i, value.to(out.dtype.element_ty), mask=inside)


def _run(x, scale, shift) -> Tensor:
    out = x.new_empty(x.shape)
    if size := out.numel():
        sample, channels = x.shape[1] * x.shape[2], x.shape[2]
        film_kernel[(triton.cdiv(size, BLOCK),)](
            dense(x), dense(scale), dense(shift), out, size, sample, channels,
            BLOCK=BLOCK, num_warps=WARPS, enable_fp_fusion=True,
        )  # fmt: skip
    return out


def _specialisations():
    for element in ("fp32", "bf16"):
        data = f"*{element}:16"
        yield (
            "film_kernel",
            {"x": data, "scale": data, "shift": data, "out": data, "size": "i32:16", "sample": "i32:16",
             "channels": "i32:16"},
            {"BLOCK": BLOCK},
            {"num_warps": WARPS},
        )  # fmt: skip


AOT = list(_specialisations())
BUDGET = 48, 0  # registers of a thread, bytes of shared memory of a block
BACKEND = Backend("triton", _run, ("cuda", "cpu"), device.why_not)
