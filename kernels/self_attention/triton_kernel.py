"""self_attention in Triton, with its gradient."""

from torch import Tensor

from .._contract.op import Backend
from .._runtime.attention_training import attend_with_gradient
from .._runtime.heads import triton_refusal
from .._runtime.native import dense
from .._triton import device
from .._triton.attention import attend, specialisations
from .native import heads_of

if device.triton is not None:
    from .._triton.attention import attention_kernel  # noqa: F401  (named in AOT)


def _run(qkv, heads, slopes, lengths) -> Tensor:
    query, key, value = dense(qkv).chunk(3, -1)
    out = qkv.new_empty(query.shape)
    if out.numel():
        attend(query, key, value, heads, dense(slopes), out, lengths=dense(lengths))
    return out


def _why_not(*args) -> str | None:
    return device.why_not(*args) or triton_refusal(*heads_of(*args))


def _train(qkv, heads, slopes, lengths) -> Tensor:
    query, key, value = qkv.chunk(3, -1)
    return attend_with_gradient(query, key, value, heads, slopes, 0, lengths)


AOT = list(specialisations(("bf16", 100, 64, False, True), ("fp16", 250, 64, False, False)))
BUDGET = 192, 48 * 1024  # registers of a thread, bytes of shared memory of a block
BACKEND = Backend("triton", _run, ("cuda", "cpu"), _why_not, _train)
