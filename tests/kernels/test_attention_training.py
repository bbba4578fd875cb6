"""Gradients of the attentions from kernels of their own, held to the reference's in float64 by the error rule."""

from __future__ import annotations

import pytest
import torch

from emoface.kernels import OPS, content_attention, self_attention, use_backend
from emoface.kernels._contract.judge import allowed_error, in_double
from emoface.kernels._runtime import attention_training as training
from emoface.kernels._triton.device import INTERPRETED, triton
from emoface.kernels.content_attention.cases import ContentAttentionCase
from emoface.kernels.self_attention.cases import SelfAttentionCase

CONTENT, SELF = OPS["content_attention"], OPS["self_attention"]
CALLS = {CONTENT.name: content_attention, SELF.name: self_attention}
TIMES = 3.0  # the error of plain PyTorch that gradients may have: FlashAttention's tests allow as much
CASES = [
    (op, case) for op in (CONTENT, SELF) for case in op.cases if case.T < 60
] + [
    (CONTENT, ContentAttentionCase(1, 40, 33, 2, 16)),  # more queries than keys, a block and one more
    (CONTENT, ContentAttentionCase(2, 33, 50, 1, 20, window=4, lengths=True)),
    (CONTENT, ContentAttentionCase(1, 70, 9, 1, 24, window=6)),  # queries at the end see nothing
    (CONTENT, ContentAttentionCase(1, 20, 20, 1, 100)),  # wide heads
    (SELF, SelfAttentionCase(2, 33, 1, 64, lengths=True)),
]  # fmt: skip
DEVICES = [
    pytest.param("cpu", marks=pytest.mark.skipif(triton is None or not INTERPRETED, reason="needs the interpreter")),
    pytest.param("cuda", marks=pytest.mark.gpu),
]
on_triton = pytest.mark.parametrize("device", DEVICES, ids=["triton-cpu", "triton-cuda"])


def leaves_of(args):
    return [a.detach().requires_grad_() for a in args if isinstance(a, torch.Tensor) and a.is_floating_point()]


def gradients(function, args, dtype=None):
    """Of all floating-point inputs, for a gradient of the output that is a function of its place, rounded to dtype."""
    leaves = leaves_of(args)
    rest = iter(leaves)
    args = [next(rest) if isinstance(a, torch.Tensor) and a.is_floating_point() else a for a in args]
    out = function(*args)
    vector = torch.arange(out.numel()).cos().to(dtype or out.dtype).to(out).view_as(out)
    return out, torch.autograd.grad(out, leaves, vector, allow_unused=True, materialize_grads=True)


def check(op, args):
    with use_backend("triton"):
        out, found = gradients(CALLS[op.name], args)
    if out.numel():
        assert "attention_forward" in out.grad_fn.name()
    golds, plains = gradients(op.reference, in_double(args), out.dtype)[1], gradients(op.reference, args)[1]
    for name, grad, gold, plain in zip(("query or qkv", "kv or slopes", "slopes"), found, golds, plains):
        assert grad.shape == plain.shape and grad.dtype == plain.dtype and bool(grad.isfinite().all()), name
        within(name, grad, gold, plain, reach=out.shape[1])


def within(name, grad, gold, plain, reach):
    error = float((grad.double() - gold).abs().max()) if grad.numel() else 0.0
    allowed = allowed_error(gold, plain, TIMES)
    if grad.dim() == 1:  # a slope's terms are distances: the rule's 1e-6 is for terms of about one
        allowed += 1e-6 * reach
    assert error <= allowed, (name, error, allowed)


@on_triton
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("op, case", CASES, ids=lambda value: getattr(value, "name", None) or str(value))
def test_gradients_follow_the_error_rule(op, case, dtype, device, poisoned_memory):
    check(op, case.inputs(device, dtype))


@on_triton
def test_growing_slopes_leave_padding_alone(device):
    """A negative slope makes far logits large: rows and keys that are padding must not count."""
    args = list(ContentAttentionCase(1, 17, 21, 2, 16, lengths=True).inputs(device))
    args[3] = torch.tensor([-2.0, 0.5], device=device)
    check(CONTENT, tuple(args))


@on_triton
def test_a_clip_without_valid_frames_gets_zeros(device):
    args = list(ContentAttentionCase(2, 9, 9, 2, 8, lengths=True).inputs(device))
    args[5] = torch.tensor([0, 5], device=device)
    with use_backend("triton"):
        out, found = gradients(content_attention, args)
    assert not out[0].any() and not found[0][0].any() and not found[1][0].any() and not found[1][1, 5:].any()
    assert all(bool(grad.isfinite().all()) and bool(grad.any()) for grad in found)


@on_triton
@pytest.mark.parametrize("wanted", [(0,), (1,), (3,), (0, 1)], ids=str)
def test_gradients_that_are_not_wanted_are_left_out(wanted, device):
    args = list(ContentAttentionCase(1, 9, 9, 2, 8).inputs(device))
    everything = dict(zip((0, 1, 3), gradients(CONTENT.reference, args)[1]))
    leaves = []
    for place in wanted:
        args[place] = args[place].requires_grad_()
        leaves.append(args[place])
    with use_backend("triton"):
        out = content_attention(*args)
    found = torch.autograd.grad(out, leaves, torch.arange(out.numel()).cos().to(out).view_as(out))
    for place, grad in zip(wanted, found):
        torch.testing.assert_close(grad, everything[place], rtol=1e-4, atol=1e-5)


@on_triton
def test_operators_of_triton_are_registered_soundly(device):
    case = ContentAttentionCase(2, 5, 7, 2, 8, window=3, lengths=True)
    query, kv, heads, slopes, window, lengths = case.inputs(device)
    key, value = kv.chunk(2, -1)
    inputs = [t.detach().requires_grad_() for t in (query, key, value)]
    torch.library.opcheck(training.FORWARD, (*inputs, heads, slopes.requires_grad_(), window, lengths))
    out, logsum = training.FORWARD(query, key, value, heads, slopes.detach(), window, lengths)
    rest = (query, key, value, heads, slopes.detach(), window, lengths, True)
    torch.library.opcheck(training.BACKWARD, (torch.ones_like(out), out, logsum, *rest))


@on_triton
def test_second_derivatives_are_refused_with_the_way_out_on_triton(device):
    query, *rest = ContentAttentionCase(1, 5, 5, 1, 8).inputs(device)
    query.requires_grad_()
    with use_backend("triton"):
        (grad,) = torch.autograd.grad(content_attention(query, *rest).sum(), query, create_graph=True)
    with pytest.raises(RuntimeError, match="no second derivative on Triton: use_backend"):
        grad.sum().backward()


@on_triton
def test_autocast_trains_in_its_dtype_on_triton(device):
    args = ContentAttentionCase(2, 20, 20, 2, 16).inputs(device)
    golds = gradients(CONTENT.reference, in_double(args), torch.bfloat16)[1]
    with torch.autocast(device, torch.bfloat16):
        plains = gradients(CONTENT.reference, args)[1]
        with use_backend("triton"):
            out, found = gradients(content_attention, args)
    assert out.dtype == torch.bfloat16
    for name, grad, gold, plain in zip(("query", "kv", "slopes"), found, golds, plains):
        assert grad.dtype == torch.float32 and not torch.equal(grad, gold.float())
        within(name, grad, gold, plain, reach=out.shape[1])


@on_triton
def test_the_same_input_gives_the_same_bits_on_triton(device):
    args = ContentAttentionCase(1, 40, 40, 2, 16, window=9).inputs(device)
    with use_backend("triton"):
        first, second = (gradients(content_attention, args)[1] for _ in range(2))
    for a, b in zip(first, second):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_kernels_train_on_a_gpu_and_where_forced_alone():
    args = ContentAttentionCase(1, 5, 5, 1, 8).inputs()
    assert CONTENT._trainer("auto", args) is None and CONTENT._trainer("cpu", args) is None
    if triton is not None and INTERPRETED:
        assert CONTENT._trainer("triton", args) is not None
    content = content_attention(args[0].requires_grad_(), *args[1:])
    assert "attention_forward" not in content.grad_fn.name()
