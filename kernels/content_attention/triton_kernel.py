"""content_attention in Triton."""

from torch import Tensor

from .. import _triton
from .._native import dense
from .._op import Backend
from .._triton_attention import attend, specialisations

if _triton.triton is not None:
    from .._triton_attention import attention_kernel  # noqa: F401  (named in AOT)


def _run(query, kv, heads, slopes, window, lengths) -> Tensor:
    query, kv = dense(query), dense(kv)
    out = query.new_empty(query.shape)
    if out.numel():
        key, value = kv.chunk(2, -1)
        attend(query, key, value, heads, dense(slopes), out, window, dense(lengths))
    return out


AOT = list(specialisations(("bf16", 100, False, False), ("bf16", 250, True, True), ("fp32", 100, True, True)))
BACKEND = Backend("triton", _run, ("cuda", "cpu"), _triton.why_not)
