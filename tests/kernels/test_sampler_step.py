"""What is special to sampler_step: values by hand, exact selection, values that are not numbers."""

from __future__ import annotations

import pytest
import torch

from emoface.kernels import OPS, sampler_step, use_backend

OP = OPS["sampler_step"]
GUIDANCE = torch.tensor([2.0, 3.0])
ROW = torch.tensor([0.5, 2.0, -1.0, 0.1, 0.8, 0.6])
QUIET = torch.tensor([0.5, 2.0, -1.0, 0.0, 0.8, 0.0])


def backends():
    for backend in (*OP.backends, OP.plain):
        reason = backend.refusal(*OP.cases[1].inputs())
        yield pytest.param(backend.name, marks=pytest.mark.skip(reason=reason) if reason else ())


each_backend = pytest.mark.parametrize("name", list(backends()))


def filled(*values: float) -> torch.Tensor:
    return torch.tensor(values).reshape(1, -1, 1)  # (B, T, C) = (1, T, 1)


@each_backend
@pytest.mark.parametrize(
    "branches, x0", [((7.0,), 7.0), ((4.0, 5.0), 4 + 3 * 1.0), ((1.0, 4.0, 5.0), 1 + 2 * 3.0 + 3 * 1.0)]
)
def test_guidance_and_step_by_hand(name, branches, x0):
    prediction = torch.tensor(branches).reshape(-1, 1, 1, 1)
    with use_backend(name):
        x_next, got = sampler_step(prediction, GUIDANCE, filled(10.0), filled(3.0), ROW, noise=filled(20.0))
    assert got.item() == x0
    assert x_next.item() == pytest.approx(0.5 * 10 + 2 * x0 - 3 + 0.1 * 20)


@each_backend
def test_known_frames_by_hand(name):
    mask = torch.tensor([[True, False]])
    with use_backend(name):
        x_next, x0 = sampler_step(
            filled(1.0, 2.0)[None], GUIDANCE, filled(0.0, 0.0), filled(0.0, 0.0), ROW,
            noise=filled(10.0, 10.0), known=filled(5.0, 5.0), mask=mask,
        )  # fmt: skip
        without, _ = sampler_step(
            filled(1.0, 2.0)[None], GUIDANCE, filled(0.0, 0.0), filled(0.0, 0.0), QUIET,
            known=filled(5.0, 5.0), mask=mask,
        )  # fmt: skip
    assert x_next.flatten().tolist() == pytest.approx([0.8 * 5 + 0.6 * 10, 2 * 2 + 0.1 * 10])
    assert without.flatten().tolist() == pytest.approx([0.8 * 5, 2 * 2])
    assert x0.flatten().tolist() == [1.0, 2.0]


@each_backend
@pytest.mark.parametrize("quantile", [0.001, 0.25, 0.5, 0.9, 0.995, 1.0])
@pytest.mark.parametrize("kind", ["random", "ties", "equal", "zeros", "single"])
def test_threshold_is_the_exact_quantile(name, quantile, kind):
    generator = torch.Generator().manual_seed(7)
    values = torch.randn(1, 3, 31, 5, generator=generator)  # (N, B, T, C)
    if kind == "ties":
        values = (values * 2).round()
    elif kind == "equal":
        values = torch.full_like(values, -3.0)
    elif kind == "zeros":
        values = torch.zeros_like(values)
    elif kind == "single":
        values = values[:, :, :1, :1]
    zero = torch.zeros_like(values[0])
    with use_backend(name):
        _, x0 = sampler_step(values, GUIDANCE, zero, zero, QUIET, quantile=quantile, limit_low=0.01, limit_high=9.0)
    limit = torch.quantile(values[0].double().abs().flatten(1), quantile, dim=1).clamp(0.01, 9.0)[:, None, None]
    torch.testing.assert_close(x0.double(), values[0].double().clamp(-limit, limit), rtol=1e-5, atol=1e-5)


@each_backend
def test_threshold_limits_hold(name):
    values = torch.tensor([0.1, 0.2, 50.0, -60.0]).reshape(1, 1, 4, 1)
    zero = torch.zeros(1, 4, 1)
    with use_backend(name):
        low = sampler_step(values, GUIDANCE, zero, zero, QUIET, quantile=0.01, limit_low=0.15, limit_high=9.0)[1]
        high = sampler_step(values, GUIDANCE, zero, zero, QUIET, quantile=1.0, limit_low=0.15, limit_high=9.0)[1]
    assert low.flatten().tolist() == pytest.approx([0.1, 0.15, 0.15, -0.15])
    assert high.flatten().tolist() == pytest.approx([0.1, 0.2, 9.0, -9.0])


@each_backend
def test_nan_spreads_to_its_sample_only_with_a_threshold(name):
    values = torch.ones(1, 2, 4, 3)
    values[0, 1, 2, 0] = float("nan")
    zero = torch.zeros(2, 4, 3)
    with use_backend(name):
        plain = sampler_step(values, GUIDANCE, zero, zero, QUIET)[1].isnan()
        limited = sampler_step(values, GUIDANCE, zero, zero, QUIET, quantile=0.5)[1].isnan()
    assert plain.sum() == 1 and plain[1, 2, 0]
    assert limited[1].all() and not limited[0].any()


@each_backend
def test_inputs_are_left_alone_and_outputs_are_fresh(name):
    args = OP.cases[1].inputs()
    copies = [a.clone() if isinstance(a, torch.Tensor) else a for a in args]
    with use_backend(name):
        x_next, x0 = OP.call(*args)
    x_next.fill_(9.0)
    x0.fill_(9.0)
    torch.testing.assert_close(list(args[:5]), copies[:5], rtol=0, atol=0)


@pytest.mark.parametrize(
    "change, kind, text",
    [
        (
            {"prediction": torch.ones(4, 1, 2, 1)},
            ValueError,
            "prediction must have N = 1, 2 or 3 branches, got 4",
        ),
        ({"coefficients": ROW}, ValueError, "noise must be given where c_noise or k_noise is not zero, got None"),
        ({"mask": torch.ones(1, 2, dtype=torch.bool)}, ValueError, "known must be given with mask, got None"),
        ({"quantile": 1.5}, ValueError, "quantile must be 0 (off) to 1, got 1.5"),
        ({"quantile": float("nan")}, ValueError, "quantile must be 0 (off) to 1, got nan"),
        (
            {"limit_low": 3.0, "limit_high": 2.0},
            ValueError,
            "limits must be 0 <= limit_low <= limit_high, got 3.0 and",
        ),
        ({"mask": torch.ones(1, 2)}, TypeError, "mask must be torch.bool, got torch.float32"),
        ({"guidance": torch.ones(3)}, ValueError, "guidance must be (2,) = (2,), got (3,)"),
    ],
)
def test_wrong_values_are_refused(change, kind, text):
    call = {
        "prediction": torch.ones(1, 1, 2, 1), "guidance": GUIDANCE, "x": torch.ones(1, 2, 1),
        "x0_prev": torch.ones(1, 2, 1), "coefficients": QUIET,
    }  # fmt: skip
    with pytest.raises(kind) as caught:
        sampler_step(**{**call, **change})
    assert text in str(caught.value)


@pytest.mark.gpu
def test_cuda_graph_capture_and_side_stream():
    args = OP.cases[-1].inputs("cuda")
    eager = OP.call(*args)
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        OP.call(*args)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            captured = OP.call(*args)
    for out in captured:
        out.zero_()
    graph.replay()
    torch.cuda.synchronize()
    torch.testing.assert_close(captured, eager, rtol=0, atol=0)
