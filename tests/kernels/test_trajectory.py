"""The graph back end of denoise_loop as far as it goes without a GPU: buckets, padding, the step counter."""

from __future__ import annotations

import contextlib
import gc
import importlib
from dataclasses import replace

import pytest
import torch

from emoface.kernels import OPS, denoise_loop, use_backend
from emoface.kernels._runtime import cuda, native
from emoface.kernels._triton import device
from emoface.kernels._triton.device import INTERPRETED, triton
from emoface.kernels.denoise_loop import graph, triton_kernel
from emoface.kernels.denoise_loop.cases import DenoiseLoopCase

OP = OPS["denoise_loop"]
CASE = DenoiseLoopCase(2, 9, 2, 8, 24, 7, N=3, tracks=1, steps=2, blocks=1, residual=1.0, window=4, mask=True)
interpreted = pytest.mark.skipif(triton is None or not INTERPRETED, reason="needs Triton's interpreter")


def sizes_of(args):
    start, styles, table = args[0], args[3], args[5]
    branches, tracks, blocks, _, channels = styles.shape
    return graph.Sizes(*start.shape, len(table), branches, tracks, blocks, channels, *args[10:15], args[15] is not None)


def loaded(args):
    return (*args[:7], args[9], *args[15:18], args[19] if len(args) > 19 else None)


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


@interpreted
@pytest.mark.parametrize("name", ["triton"])
def test_noise_that_is_asked_for_and_missing_makes_no_number(name):
    """Coefficients on a GPU are not read before the kernels read them."""
    loop, step = list(CASE.inputs()), list(OPS["sampler_step"].cases[4].inputs())
    loop[5][0, 3] = 0.5
    step[4][3] = 0.5
    for op, args in ((OP, loop), (OPS["sampler_step"], step)):
        backend = next(backend for backend in op.backends if backend.name == name)
        out = backend.run(*args)
        out, mask = (out, args[17]) if op is OP else (out[0], args[7])
        assert out[~mask].isnan().all() and (op is OP or out[mask].isfinite().all())


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


class FakeCuda:
    """torch.cuda as far as a runner uses it, writing down what happens in which order."""

    def __init__(self, monkeypatch, breaks=False):
        log = self.log = []
        current = ["user"]

        class Stream:
            def __init__(self, device=None, name="side"):
                self.name = name

            def wait_stream(self, other):
                log.append(f"{self.name} waits for {other.name}")

            def wait_event(self, event):
                log.append(f"{self.name} waits for event")

        class Event:
            def record(self, stream):
                log.append(f"event on {stream.name}")

            def synchronize(self):
                log.append("synchronize")

        class Graph:
            def pool(self):
                return "pool"

            def replay(self):
                log.append(f"replay of {self.steps}")

        class Recording:
            def __init__(self, graph, pool, stream, capture_error_mode):
                self.graph, self.stream, self.pool = graph, stream, pool

            def __enter__(self):
                log.append(f"record on {self.stream.name} with {self.pool}")
                self.before, current[0] = current[0], self.stream.name

            def __exit__(self, *problem):
                steps = len(log) - 1 - max(i for i, line in enumerate(log) if line.startswith("record on"))
                self.graph.steps, current[0] = steps, self.before
                if breaks:
                    raise RuntimeError("operation not permitted when stream is capturing")

        @contextlib.contextmanager
        def on(stream):
            before, current[0] = current[0], stream.name
            yield
            current[0] = before

        class Trajectory:
            def __init__(self, sizes, matrices, vectors, launches):
                self.made_in_inference = torch.is_inference_mode_enabled()
                self.x, self.count = torch.arange(12.0).view(1, 4, 3), torch.zeros(1)

            def load(self, *inputs):
                log.append(f"load {inputs} on {current[0]}")

            def step(self):
                log.append(f"step on {current[0]}")

        for name, fake in (("Stream", Stream), ("Event", Event), ("CUDAGraph", Graph), ("graph", Recording),
                           ("stream", on), ("device", lambda device: contextlib.nullcontext()),
                           ("current_stream", lambda *_: Stream(name=current[0]))):  # fmt: skip
            monkeypatch.setattr(torch.cuda, name, fake)
        monkeypatch.setattr(graph, "Trajectory", Trajectory)


def test_a_runner_warms_up_records_aside_and_replays_on_the_callers_stream(monkeypatch):
    cuda = FakeCuda(monkeypatch)
    with torch.inference_mode():
        runner = graph.GraphRunner(sizes_of(CASE.inputs()), torch.zeros(1), torch.zeros(1), triton_kernel)
    assert not runner.trajectory.made_in_inference
    out = runner.run(2, 3, "clip")
    assert cuda.log == [
        "event on user", "user waits for event",  # whoever runs it first may be on another stream than its maker
        "side waits for user", "step on side", "record on side with None", *["step on side"] * 2, "user waits for side",
        "side waits for user", "step on side", "record on side with pool", "step on side", "user waits for side",
        "load ('clip',) on user", "replay of 2", "replay of 1", "event on user",
    ]  # fmt: skip
    assert torch.equal(out, runner.trajectory.x[:, :2]) and out.data_ptr() != runner.trajectory.x.data_ptr()
    cuda.log.clear()
    runner.run(2, 1, "other")
    assert cuda.log == ["user waits for event", "load ('other',) on user", "replay of 1", "event on user"]
    del runner
    gc.collect()
    assert cuda.log[-1] == "synchronize"  # before the allocator may give the buffers to somebody else


def test_recording_that_fails_says_so_once_and_steps_are_launched_one_by_one(monkeypatch, caplog):
    cuda = FakeCuda(monkeypatch, breaks=True)
    runner = graph.GraphRunner(sizes_of(CASE.inputs()), torch.zeros(1), torch.zeros(1), triton_kernel)
    for _ in range(2):
        cuda.log.clear()
        runner.run(2, 3, "clip")
        assert cuda.log[-5:] == ["load ('clip',) on user", *["step on user"] * 3, "event on user"]
    assert [record.getMessage() for record in caplog.records] == [
        "emoface::denoise_loop: no graph: recording failed: operation not permitted when stream is capturing"
    ]


def test_runners_used_longest_ago_are_let_go(monkeypatch):
    FakeCuda(monkeypatch)
    monkeypatch.setattr(graph, "KEPT", 2)
    runners, sizes = graph.Runners(), sizes_of(CASE.inputs())
    weights = torch.zeros(1), torch.zeros(1), triton_kernel
    first = runners.find(sizes, *weights)
    assert runners.find(sizes, *weights) is first
    for rows in (3, 4):
        runners.find(replace(sizes, rows=rows), *weights)
    assert len(runners.entries) == 2 and runners.find(sizes, *weights) is not first


@pytest.mark.skipif(triton is None, reason="needs Triton")
def test_heads_too_wide_for_triton_are_refused_by_every_attention():
    def zeros(*shape):
        return torch.zeros(shape, device="meta")

    loop = [zeros(1)] * 19
    loop[3], loop[10] = zeros(1, 1, 1, 2, 260), 2
    for op, args in (
        (OPS["content_attention"], (zeros(1, 2, 260), zeros(1, 2, 520), 2)),
        (OPS["self_attention"], (zeros(1, 2, 780), 2)),
        (OP, loop),
    ):
        backend = importlib.import_module(f"emoface.kernels.{op.name}.triton_kernel").BACKEND
        assert backend.why_not(*args) == "heads of 130 channels (up to 128)"
        assert op.shape_class(*args) != op.shape_class(*op.cases[0].inputs())


@pytest.fixture(params=["triton", "cuda", "cuda overlapping"])
def launches(request):
    """A back end that is forced, and the module whose launches it records."""
    name = request.param.split()[0]
    if reason := native.CUDA_MISSING if name == "cuda" else device.MISSING:
        pytest.skip(reason)
    with use_backend(name), native.overlapping(name != request.param):
        yield cuda if name == "cuda" else triton_kernel


@pytest.mark.gpu
def test_replay_equals_single_launches_and_the_reference(launches):
    for case in (CASE, DenoiseLoopCase(2, 100, 4, 32, 512, 53, N=3, steps=5, residual=1.0, mask=True)):
        args = case.inputs("cuda")
        replayed = denoise_loop(*args)
        again = denoise_loop(*args)
        sizes = sizes_of(args)
        alone = graph.Trajectory(sizes, *args[7:9], launches)
        alone.load(*loaded(args))
        for _ in range(sizes.steps):
            alone.step()
        torch.testing.assert_close(replayed, alone.x, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(replayed, again, rtol=0, atol=0)
        torch.testing.assert_close(replayed, OP.reference(*args), rtol=1e-3, atol=1e-3)


@pytest.mark.gpu
def test_other_schedules_record_nothing_and_streams_do_not_mix(launches):
    runner_of = graph.RUNNERS.entries
    args = list(CASE.inputs("cuda"))
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
