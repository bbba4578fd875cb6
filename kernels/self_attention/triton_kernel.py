"""self_attention in Triton."""

from torch import Tensor

from .. import _triton
from .._native import dense
from .._op import Backend
from .._triton_attention import attend, specialisations

if _triton.triton is not None:
    from .._triton_attention import attention_kernel  # noqa: F401  (named in AOT)


def _run(qkv, heads, slopes, lengths) -> Tensor:
    query, key, value = dense(qkv).chunk(3, -1)
    out = qkv.new_empty(query.shape)
    if out.numel():
        attend(query, key, value, heads, dense(slopes), out, lengths=dense(lengths))
    return out


AOT = list(specialisations(("bf16", 100, False, True), ("fp16", 250, False, False)))
BACKEND = Backend("triton", _run, ("cuda", "cpu"), _triton.why_not)
