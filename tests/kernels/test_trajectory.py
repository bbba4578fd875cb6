"""The graph back end of denoise_loop as far as it goes without a GPU: buckets, padding, the step counter."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from emoface.kernels import OPS, denoise_loop, use_backend
from emoface.kernels._triton import INTERPRETED, triton
from emoface.kernels.denoise_loop import graph, triton_kernel
from emoface.kernels.denoise_loop.cases import DenoiseLoopCase

OP = OPS["denoise_loop"]
CASE = DenoiseLoopCase(2, 9, 2, 8, 24, 7, N=3, tracks=1, steps=2, blocks=1, residual=1.0, window=4, mask=True)
interpreted = pytest.mark.skipif(triton is None or not INTERPRETED, reason="needs Triton's interpreter")


def sizes_of(args):
    start, styles, table = args[0], args[3], args[5]
    branches, tracks, blocks, _, channels = styles.shape
    return graph.Sizes(*start.shape, len(table), branches, tracks, blocks, channels, *args[10:15])


def loaded(args):
    return (*args[:7], args[9], *args[15:17])


@interpreted
@pytest.mark.parametrize("name", ["triton"])
def test_padded_frames_and_spare_steps_change_nothing(name):
    args = CASE.inputs()
    with use_backend(name):
        expected = denoise_loop(*args)
    sizes = sizes_of(args)
    wider = graph.Trajectory(replace(sizes, time=25, steps=8), *args[7:9], triton_kernel)
    for _ in range(2):  # the second clip finds what the first one left behind
        wider.load(*loaded(args))
        for _ in range(sizes.steps):
            wider.step()
        torch.testing.assert_close(wider.x[:, : sizes.time], expected, rtol=1e-5, atol=1e-5)
        assert wider.count.item() == sizes.steps - 1


@interpreted
@pytest.mark.parametrize("name", ["triton"])
def test_bfloat16_matrices_keep_the_state_in_float32(name):
    args = list(CASE.inputs())
    exact = OP.reference(*args)
    args[7] = args[7].bfloat16()
    with use_backend(name):
        rough = denoise_loop(*args)
    assert rough.dtype == torch.float32
    assert 1e-5 < (rough - exact).norm() / exact.norm() < 2e-2


@pytest.mark.parametrize("time, bucket", [(1, 25), (25, 25), (26, 50), (100, 100), (101, 250), (250, 250)])
def test_lengths_go_to_the_next_bucket(time, bucket, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_current_stream_capturing", lambda: False)
    sizes = replace(sizes_of(CASE.inputs()), time=time)
    launched, reason = graph.bucket(sizes, torch.device("cuda"))
    assert reason is None
    assert launched == replace(sizes, time=bucket, steps=graph.MOST_STEPS)


@pytest.mark.parametrize(
    "change, device, capturing, words",
    [
        ({}, "cpu", False, "tensors are on cpu"),
        ({"time": 251}, "cuda", False, "T = 251 is longer than the largest bucket, 250"),
        ({"rows": 9}, "cuda", False, "R = 9 is more than 8 rows"),
        ({"steps": 65}, "cuda", False, "65 steps are more than 64"),
        ({}, "cuda", True, "records a graph of its own"),
    ],
)
def test_what_has_no_graph_says_why_and_keeps_its_sizes(change, device, capturing, words, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_current_stream_capturing", lambda: capturing)
    sizes = replace(sizes_of(CASE.inputs()), **change)
    launched, reason = graph.bucket(sizes, torch.device(device))
    assert launched == sizes and words in reason


def test_every_number_of_steps_is_made_of_few_graphs():
    for steps in range(1, graph.MOST_STEPS + 1):
        parts = graph.pieces(steps)
        assert sum(parts) == steps and len(parts) <= 6 and all(part & (part - 1) == 0 for part in parts)


@pytest.mark.gpu
def test_replay_equals_single_launches_and_the_reference():
    for case in (CASE, DenoiseLoopCase(2, 100, 4, 32, 512, 53, N=3, steps=5, residual=1.0, mask=True)):
        args = case.inputs("cuda")
        with use_backend("triton"):
            replayed = denoise_loop(*args)
            again = denoise_loop(*args)
        sizes = sizes_of(args)
        alone = graph.Trajectory(sizes, *args[7:9], triton_kernel)
        alone.load(*loaded(args))
        for _ in range(sizes.steps):
            alone.step()
        torch.testing.assert_close(replayed, alone.x, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(replayed, again, rtol=0, atol=0)
        torch.testing.assert_close(replayed, OP.reference(*args), rtol=1e-3, atol=1e-3)


@pytest.mark.gpu
def test_other_schedules_record_nothing_and_streams_do_not_mix():
    runner_of = graph.RUNNERS.entries
    args = list(CASE.inputs("cuda"))
    with use_backend("triton"):
        expected = denoise_loop(*args)
        graphs = {key: dict(runner.graphs) for key, runner in runner_of.items()}
        args[5] = args[5] * 0.9
        other = denoise_loop(*args)
        assert {key: dict(runner.graphs) for key, runner in runner_of.items()} == graphs
        assert not torch.equal(other, expected)
        args[5] = args[5] / 0.9
        results = []
        for _ in range(4):
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                results.append(denoise_loop(*args))
    torch.cuda.synchronize()
    for result in results:
        torch.testing.assert_close(result, expected, rtol=1e-5, atol=1e-5)
