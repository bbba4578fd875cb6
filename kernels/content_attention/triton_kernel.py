"""content_attention in Triton, with its gradient."""

from torch import Tensor

from .._contract.op import Backend
from .._runtime.attention_training import attend_with_gradient
from .._runtime.heads import triton_refusal
from .._runtime.native import dense
from .._triton import attention_gradient, device
from .._triton.attention import attend, specialisations
from .native import heads_of

if device.triton is not None:  # named in AOT
    from .._triton.attention import attention_kernel  # noqa: F401
    from .._triton.attention_gradient import (  # noqa: F401
        attention_key_gradient_kernel,
        attention_query_gradient_kernel,
    )


def _run(query, kv, heads, slopes, window, lengths) -> Tensor:
    query, kv = dense(query), dense(kv)
    out = query.new_empty(query.shape)
    if out.numel():
        key, value = kv.chunk(2, -1)
        attend(query, key, value, heads, dense(slopes), out, window, dense(lengths))
    return out


def _why_not(*args) -> str | None:
    return device.why_not(*args) or triton_refusal(*heads_of(*args))


def _train(query, kv, heads, slopes, window, lengths) -> Tensor:
    key, value = kv.chunk(2, -1)
    return attend_with_gradient(query, key, value, heads, slopes, window, lengths)


AOT = [
    *specialisations(
        ("bf16", 100, 64, False, False), ("bf16", 250, 64, True, True), ("bf16", 100, 32, False, False),
        ("bf16", 100, 128, True, True), ("fp32", 100, 64, True, True), ("fp32", 100, 128, True, True),
    ),
    *specialisations(("bf16", 100, 64, True, True), ("fp32", 100, 64, False, False), logsum=True),
    *attention_gradient.specialisations(
        ("bf16", 64, False, False), ("bf16", 64, True, True), ("fp16", 32, True, False), ("bf16", 128, True, True),
        ("fp32", 64, True, True), ("fp32", 128, False, False),
    ),
]  # fmt: skip
BUDGET = 232, 48 * 1024  # registers of a thread, bytes of shared memory of a block
BACKEND = Backend("triton", _run, ("cuda", "cpu"), _why_not, _train)
