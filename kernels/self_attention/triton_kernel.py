"""self_attention in Triton, with its gradient."""

from torch import Tensor

from .. import _triton
from .._attention_training import attend_with_gradient
from .._heads import triton_refusal
from .._native import dense
from .._op import Backend
from .._triton_attention import attend, specialisations
from .native import heads_of

if _triton.triton is not None:
    from .._triton_attention import attention_kernel  # noqa: F401  (named in AOT)


def _run(qkv, heads, slopes, lengths) -> Tensor:
    query, key, value = dense(qkv).chunk(3, -1)
    out = qkv.new_empty(query.shape)
    if out.numel():
        attend(query, key, value, heads, dense(slopes), out, lengths=dense(lengths))
    return out


def _why_not(*args) -> str | None:
    return _triton.why_not(*args) or triton_refusal(*heads_of(*args))


def _train(qkv, heads, slopes, lengths) -> Tensor:
    return attend_with_gradient(*qkv.chunk(3, -1), heads, slopes, 0, lengths)


AOT = list(specialisations(("bf16", 100, 64, False, True), ("fp16", 250, 64, False, False)))
BACKEND = Backend("triton", _run, ("cuda", "cpu"), _why_not, _train)
