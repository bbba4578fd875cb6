"""Every registered operator on every back end, case and dtype: a new one is tested without a new test."""

from __future__ import annotations

import inspect

import pytest
import torch

import emoface.kernels as kernels
from emoface.kernels import BACKEND_NAMES, OPS, use_backend
from emoface.kernels._contract.judge import DTYPES, in_double, verdict
from emoface.kernels._triton.device import INTERPRETED

every_op = pytest.mark.parametrize("op", OPS.values(), ids=OPS)


def tensors_of(args):
    return [a for a in args if isinstance(a, torch.Tensor)]


def fullest(op):
    """The smallest case with work to do and the most optional arguments present."""
    return max(
        (c for c in op.cases if tensors_of(c.inputs())[0].numel() > 4),
        key=lambda c: (len(tensors_of(c.inputs())), -sum(t.numel() for t in tensors_of(c.inputs()))),
    )


def with_grad(args):
    return tuple(
        a.detach().requires_grad_() if isinstance(a, torch.Tensor) and a.is_floating_point() else a for a in args
    )


def gradients(function, args, leaves):
    """Vector-Jacobian products with a vector that does not depend on the outputs, so neither do their roundings."""
    outputs = function(*args)
    outputs = [out for out in (outputs if isinstance(outputs, tuple) else (outputs,)) if out.is_floating_point()]
    vectors = [torch.arange(out.numel()).cos().to(out).view_as(out) for out in outputs]
    return torch.autograd.grad(outputs, leaves, vectors)


def grid():
    for op in OPS.values():
        for backend in (*op.backends, op.plain):
            for device in backend.devices:
                for case in op.cases:
                    if case.bench and backend is op.plain:
                        continue  # PyTorch's operators beside themselves: small sizes show as much
                    for dtype in DTYPES:
                        label = f"{op.name}-{backend.name}-{device}-{case}-{str(dtype)[6:]}"
                        marks = [pytest.mark.gpu] if device == "cuda" else []
                        yield pytest.param(op, backend, case, dtype, device, id=label, marks=marks)


@pytest.mark.parametrize("op, backend, case, dtype, device", list(grid()))
def test_matches_reference(op, backend, case, dtype, device, poisoned_memory, record_property):
    if backend.name == "triton" and device == "cpu" and (case.bench or case.flops() > 6e6):
        pytest.skip("too large for the interpreter")
    if backend.name == "triton" and device == "cpu" and dtype == torch.float16 and case != fullest(op):
        pytest.skip("the interpreter computes float16 as it does bfloat16: one case with all arguments shows it")
    args = case.inputs(device, dtype)
    if reason := backend.refusal(*args):
        pytest.skip(f"{backend.name}: {reason}")
    with use_backend(backend.name):
        outputs = op.call(*args)
        public = getattr(kernels, op.name)(*args)
    said = verdict(op, outputs, args)
    record_property("error", said.error)  # for benchmarks/show_kernels.py
    record_property("share", said.share)
    assert not said.faults
    torch.testing.assert_close(public, outputs, rtol=0, atol=0)


@every_op
def test_smallest_case_comes_first_and_all_edges_are_covered(op):
    sizes = [case.inputs()[0].numel() for case in op.cases]
    assert 0 in sizes and 1 <= sizes[0] <= 32
    assert any(not tensors_of(case.inputs())[0].is_contiguous() for case in op.cases)
    assert any(case.bench for case in op.cases)
    assert all(case.flops() >= 0 for case in op.cases)


@every_op
@pytest.mark.parametrize("wanted", [False, True], ids=["inference", "grad"])
def test_opcheck(op, wanted):
    args = fullest(op).inputs()
    torch.library.opcheck(op.call, with_grad(args) if wanted else args)


@every_op
@pytest.mark.parametrize("route", ["call", "public"])
def test_gradcheck(op, route):
    function = op.call if route == "call" else getattr(kernels, op.name)
    assert torch.autograd.gradcheck(function, with_grad(in_double(op.cases[0].inputs())))


@every_op
def test_registered_gradient_equals_autograd_of_the_reference(op):
    args = with_grad(fullest(op).inputs())
    leaves = [a for a in tensors_of(args) if a.requires_grad]

    torch.testing.assert_close(gradients(op.call, args, leaves), gradients(op.reference, args, leaves))


@every_op
def test_training_runs_plain_autograd(op):
    outputs = getattr(kernels, op.name)(*with_grad(fullest(op).inputs()))
    first = outputs[0] if isinstance(outputs, tuple) else outputs
    assert op.name not in first.grad_fn.name().lower()  # an autograd node of PyTorch's, not of the operator's


@every_op
def test_compiles_to_one_graph(op):
    args = fullest(op).inputs()
    public = getattr(kernels, op.name)
    compiled = torch.compile(public, fullgraph=True, backend="aot_eager", dynamic=False)
    torch.testing.assert_close(compiled(*args), public(*args))
    args = with_grad(args)
    leaves = [a for a in tensors_of(args) if a.requires_grad]
    torch.testing.assert_close(gradients(compiled, args, leaves), gradients(public, args, leaves))


@every_op
def test_forced_backend_raises_with_the_reason(op):
    args = op.cases[0].inputs()
    for name in set(BACKEND_NAMES) - {"auto", "reference"}:
        backend = next((b for b in op.backends if b.name == name), None)
        reason = backend.refusal(*args) if backend else "no such back end"
        if reason is None:
            continue
        with use_backend(name), pytest.raises(RuntimeError) as caught:
            getattr(kernels, op.name)(*args)
        text = str(caught.value)
        assert text.startswith(f"emoface::{op.name}: backend {name!r} cannot run this call: ") and reason in text


@every_op
def test_wrong_arguments_are_named(op):
    public = getattr(kernels, op.name)
    args = fullest(op).inputs()
    for place, name in enumerate(inspect.signature(public).parameters):
        if not isinstance(args[place], torch.Tensor):
            continue
        value = args[place]
        other = torch.float32 if value.dtype == torch.bool else torch.int32 if place == 0 else torch.uint8
        for wrong, kind in ((value[..., None], ValueError), (value.to(other), TypeError), ([1.0], TypeError)):
            with pytest.raises(kind) as caught:
                public(*args[:place], wrong, *args[place + 1 :])
            text = str(caught.value)
            assert text.startswith(f"{op.name}: {name} must be ") and ", got " in text, text


@every_op
def test_signature_and_schema_agree(op):
    names = [argument.name for argument in op.call._schema.arguments]
    assert names == list(inspect.signature(getattr(kernels, op.name)).parameters)


def test_interpreter_is_never_an_automatic_choice():
    if not INTERPRETED:
        pytest.skip("Triton compiles in this process")
    op = OPS["sampler_step"]
    backend, passed_over = op.explain(*op.cases[0].inputs())
    assert backend.name != "triton"
    assert "only when forced" in passed_over["triton"]
