"""oproj_residual_film in Triton."""

from torch import Tensor

from .._contract.op import Backend
from .._runtime.native import dense
from .._triton import device
from .._triton.linear import linear_residual_film, specialisations

if device.triton is not None:
    from .._triton.linear import linear_kernel  # noqa: F401  (named in AOT)


def _run(a, weight, weight_bias, x, scale, shift) -> Tensor:
    out = x.new_empty(x.shape)
    if out.numel():
        linear_residual_film(
            dense(a), dense(weight), dense(weight_bias), dense(x), dense(scale), dense(shift), out
        )
    return out


AOT = list(specialisations(film=True))
BUDGET = 160, 64 * 1024  # registers of a thread, bytes of shared memory of a block
BACKEND = Backend("triton", _run, ("cuda", "cpu"), device.why_not)
