"""Attention with a gradient of its own kernels, as two operators that autograd and torch.compile know.

`attention_forward` keeps the logarithm of each query's sum of weights; `attention_backward` computes the weights again
from it. Both take separate queries, keys and values, so the attentions of every operator share them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .._contract import check
from .._contract.op import autocast_is_on, define
from .native import dense

ARGUMENTS = "Tensor query, Tensor key, Tensor value, int heads, Tensor slopes, int window, Tensor? lengths"


def _strided(key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Keys and values as the kernels read them: rows of neighbours, the same strides."""
    if key.stride() != value.stride() or key.stride(-1) != 1:
        return key.contiguous(), value.contiguous()
    return key, value


def _rows(query: Tensor) -> Tensor:
    return query if query.stride(-1) == 1 else query.contiguous()


def _check(op: str, query, key, value, heads, slopes, window, lengths) -> tuple[int, int, int]:
    """Raise unless the arguments fit together; the sizes (B, S, C) of the queries."""
    batch, queries, channels = check.first(op, "query", query, "BSC")
    keys = check.first(op, "key", key, "BTC")[1]
    for name, tensor in (("key", key), ("value", value)):
        check.like(op, name, tensor, "(B, T, C)", (batch, keys, channels), query)
    check.heads_of(op, channels, heads)
    check.typed(op, "slopes", slopes, "(H,)", (heads,), check.FLOATS, query.device)
    check.whole(op, "window", window, 0)
    if lengths is not None:
        check.typed(op, "lengths", lengths, "(B,)", (batch,), check.INTS, query.device)
    return batch, queries, channels


def _forward(query, key, value, heads, slopes, window, lengths) -> tuple[Tensor, Tensor]:
    from .._triton.attention import attend

    batch, queries, _ = _check("attention_forward", query, key, value, heads, slopes, window, lengths)
    out = query.new_empty(query.shape)
    logsum = query.new_empty((batch, heads, queries), dtype=torch.float32)
    if out.numel():
        attend(_rows(query), *_strided(key, value), heads, dense(slopes), out, window, dense(lengths), logsum=logsum)
    return out, logsum


def _backward(grad, out, logsum, query, key, value, heads, slopes, window, lengths, slope_wanted):
    from .._triton.attention_gradient import attend_gradient

    op = "attention_backward"
    sizes = _check(op, query, key, value, heads, slopes, window, lengths)
    check.like(op, "grad", grad, "(B, S, C)", sizes, query)
    check.like(op, "out", out, "(B, S, C)", sizes, query)
    check.typed(op, "logsum", logsum, "(B, H, S)", (sizes[0], heads, sizes[1]), (torch.float32,), query.device)
    return attend_gradient(
        dense(grad), out, logsum, _rows(query), *_strided(key, value), heads, dense(slopes), window, dense(lengths),
        slope_wanted,
    )  # fmt: skip


def _save(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
    query, key, value, ctx.heads, slopes, ctx.window, lengths = inputs
    ctx.save_for_backward(*output, query, key, value, slopes, lengths)


def _gradients(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
    out, logsum, query, key, value, slopes, lengths = ctx.saved_tensors
    *both, slope = BACKWARD(
        grad, out, logsum, query, key, value, ctx.heads, slopes, ctx.window, lengths, ctx.needs_input_grad[4]
    )
    return *both, None, slope, None, None


def _no_second(ctx: Any, *grads: Tensor) -> None:
    raise RuntimeError("attention has no second derivative on Triton: use_backend('reference') has one")


FORWARD = define(
    "attention_forward",
    f"({ARGUMENTS}) -> (Tensor, Tensor)",
    _forward,
    lambda query, key, value, heads, *_: (
        query.new_empty(query.shape),
        query.new_empty((query.shape[0], heads, query.shape[1]), dtype=torch.float32),
    ),
    _gradients,
    _save,
)
BACKWARD = define(
    "attention_backward",
    f"(Tensor grad, Tensor out, Tensor logsum, {ARGUMENTS}, bool slope_wanted) -> (Tensor, Tensor, Tensor, Tensor)",
    _backward,
    lambda grad, out, logsum, query, key, value, heads, slopes, *_: tuple(
        like.new_empty(like.shape) for like in (query, key, value, slopes)
    ),
    _no_second,
)


def attend_with_gradient(
    query: Tensor, key: Tensor, value: Tensor, heads: int, slopes: Tensor, window: int, lengths: Tensor | None
) -> Tensor:
    """Attention of query (B, S, C) over key and value (B, T, C) -> (B, S, C), to be differentiated.

    Under autocast queries, keys and values are of its dtype, as in PyTorch's own attention.
    """
    if autocast_is_on(query.device):
        dtype = torch.get_autocast_dtype(query.device.type)
        query, key, value = (tensor.to(dtype) for tensor in (query, key, value))
    return FORWARD(query, key, value, heads, slopes, window, lengths)[0]
