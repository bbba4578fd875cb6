"""ln_qkv in Triton."""

from torch import Tensor

from .._contract.op import Backend
from .._runtime.native import dense
from .._triton import device
from .._triton.linear import KINDS, linear, specialisations

if device.triton is not None:
    from .._triton.linear import linear_kernel  # noqa: F401  (named in AOT)


def _run(x, gain, bias, weight, weight_bias, eps) -> Tensor:
    out = x.new_empty((*x.shape[:2], weight.shape[0]))
    if out.numel():
        linear(dense(x), dense(weight), dense(weight_bias), out, (dense(gain), dense(bias), eps))
    return out


AOT = list(specialisations(norm=True, kinds=KINDS[:2]))
BUDGET = 168, 64 * 1024  # registers of a thread, bytes of shared memory of a block
BACKEND = Backend("triton", _run, ("cuda", "cpu"), device.why_not)
