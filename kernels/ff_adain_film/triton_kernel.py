"""ff_adain_film in Triton."""

from torch import Tensor

from .._contract.op import Backend
from .._runtime.native import dense
from .._triton import device
from .._triton.adain import ff_adain_film, specialisations

if device.triton is not None:
    from .._triton.adain import ff_adain_film_kernel  # noqa: F401  (named in AOT)


def _run(h, weight, weight_bias, x, style_scale, style_shift, scale, shift, eps, residual) -> Tensor:
    out = x.new_empty(x.shape)
    if out.numel():
        style, film = (dense(style_scale), dense(style_shift)), (dense(scale), dense(shift))
        ff_adain_film(dense(h), dense(weight), dense(weight_bias), dense(x), style, film, out, eps, residual)
    return out


AOT = list(specialisations())
BUDGET = 255, 64 * 1024  # registers of a thread, bytes of shared memory of a block
BACKEND = Backend("triton", _run, ("cuda", "cpu"), device.why_not)
