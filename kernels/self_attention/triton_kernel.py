"""self_attention in Triton, with its gradient."""

from torch import Tensor

from .. import _triton
from .._attention_training import attend_with_gradient
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


def _train(qkv, heads, slopes, lengths) -> Tensor:
    return attend_with_gradient(*qkv.chunk(3, -1), heads, slopes, 0, lengths)


AOT = list(specialisations(("bf16", 100, 64, False, True), ("fp16", 250, 64, False, False)))
BACKEND = Backend("triton", _run, ("cuda", "cpu"), _triton.why_not, _train)
