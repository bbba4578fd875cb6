"""One argument of a valid call made wrong or odd, in every way that hypothesis finds: an answer or a clear error."""

from __future__ import annotations

import inspect

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

import emoface.kernels as kernels
from emoface.kernels import OPS
from emoface.kernels._contract.judge import faults

SMALL = {op.name: [case for case in op.cases if not case.bench] for op in OPS.values()}
INTS = (-1, 0, 1, 2, 2**31, 2**63, 2**70, 0.5, float("nan"), True, "1", None)
FLOATS = (-1, 0, 1, 0.5, -0.5, 1e30, float("nan"), float("inf"), True, "1", None)
ODD = (None, 1.0, "x", [1.0], torch.ones(()), torch.ones(3), torch.ones(1, 1, 1, 1, 1, 1), torch.ones(0))
DTYPES = (
    torch.float64, torch.float16, torch.bfloat16, torch.complex64, torch.int8, torch.int32, torch.int64, torch.bool,
)  # fmt: skip


def spread(tensor: Tensor) -> Tensor:
    """The first element everywhere, without memory for it: all strides are zero."""
    return tensor.flatten()[:1].squeeze(0).expand(tensor.shape) if tensor.numel() else tensor


def offset(tensor: Tensor) -> Tensor:
    """The same values, the first of them not where the storage begins."""
    return torch.cat([tensor.flatten()[:1], tensor.flatten()])[1:].view(tensor.shape) if tensor.numel() else tensor


def extreme(tensor: Tensor, value: float) -> Tensor:
    if tensor.is_floating_point():
        return torch.full_like(tensor, value)
    return tensor if tensor.dtype == torch.bool else torch.full_like(tensor, torch.iinfo(tensor.dtype).min)


TENSORS = {
    "dimension before": lambda t: t[None],
    "dimension behind": lambda t: t[..., None],
    "longer": lambda t: torch.cat([t, t]),
    "shorter": lambda t: t[1:],
    "narrower": lambda t: t[..., 1:],
    "empty": lambda t: t[:0],
    "empty rows": lambda t: t[..., :0],
    "scalar": lambda t: t.flatten()[:1].squeeze(0),
    "transposed": lambda t: t.transpose(0, -1),
    "same in other strides": lambda t: t.transpose(0, -1).contiguous().transpose(0, -1),
    "offset": offset,
    "expanded": spread,
    "meta": lambda t: t.to("meta"),
    "sparse": lambda t: t.to_sparse(),
    "nan": lambda t: extreme(t, float("nan")),
    "inf": lambda t: extreme(t, float("inf")),
    "huge": lambda t: extreme(t, torch.finfo(t.dtype).max if t.is_floating_point() else 0),
    **{str(dtype): lambda t, dtype=dtype: t.to(dtype) for dtype in DTYPES},
}
SAME_VALUES = ("same in other strides", "offset")


@st.composite
def calls(draw, op):
    """The arguments of a call with one of them spoilt, which one, and how."""
    case = draw(st.sampled_from(SMALL[op.name]))
    args = list(case.inputs(dtype=draw(st.sampled_from([torch.float32, torch.bfloat16]))))
    place = draw(st.integers(0, len(args) - 1))
    value = args[place]
    if isinstance(value, bool):
        how, wrong = "kept", value
    elif isinstance(value, Tensor) and value.dim() and draw(st.integers(0, 9)):
        how = draw(st.sampled_from(sorted(TENSORS)))
        wrong = TENSORS[how](value)
    elif isinstance(value, list):
        wrong = draw(st.lists(st.sampled_from(INTS), max_size=3) | st.sampled_from(ODD))
        how = repr(wrong)
    else:
        wrong = draw(st.sampled_from({int: INTS, float: FLOATS}.get(type(value), ODD)))
        how = repr(wrong)
    return args, place, wrong, how


@pytest.mark.parametrize("op", OPS.values(), ids=OPS)
def test_an_answer_or_a_clear_error(op):
    public = getattr(kernels, op.name)
    names = list(inspect.signature(public).parameters)

    @settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(calls(op))
    def check(call):
        args, place, wrong, how = call
        args[place] = wrong
        try:
            outputs = public(*args)
        except (ValueError, TypeError) as error:
            assert str(error).startswith(f"{op.name}: ") and ", got " in str(error), error
            return
        except IndexError as error:
            assert "must be" in str(error) or "out of bounds" in str(error), error
            return
        expected = op.fake(*args)
        pairs = zip(outputs, expected) if isinstance(outputs, tuple) else [(outputs, expected)]
        assert all(out.shape == fake.shape and out.dtype == fake.dtype for out, fake in pairs)
        if how in SAME_VALUES:
            assert not faults(op, outputs, tuple(args)), names[place]

    check()
