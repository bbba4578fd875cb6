"""The back end of denoise_loop on a GPU: trajectories recorded as CUDA graphs, one set for each bucket of shapes.

A step's launches are recorded 1, 2, 4, ... times over; a schedule of any length up to MOST_STEPS replays a few of
these graphs, so a new schedule, guidance or clip records nothing. What has no graph runs the same launches one by one.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from .._runtime import native
from .._runtime.native import dense
from .trajectory import Sizes, Trajectory

TIMES = (25, 50, 100, 250)
MOST_ROWS = 8
MOST_STEPS = 64
KEPT = 16
"""Runners kept alive: their buffers are a few megabytes each."""

_LOG = logging.getLogger("emoface.kernels")


def bucket(sizes: Sizes, device: torch.device) -> tuple[Sizes, str | None]:
    """The sizes that are launched for those of a call, and why there is no graph for them (None: there is)."""
    time = next((limit for limit in TIMES if sizes.time <= limit), None)
    if device.type != "cuda":
        return sizes, f"tensors are on {device.type}"
    if time is None:
        return sizes, f"T = {sizes.time} is longer than the largest bucket, {TIMES[-1]}"
    if sizes.rows > MOST_ROWS:
        return sizes, f"R = {sizes.rows} is more than {MOST_ROWS} rows"
    if sizes.steps > MOST_STEPS:
        return sizes, f"{sizes.steps} steps are more than {MOST_STEPS}"
    if torch.cuda.is_current_stream_capturing():
        return sizes, "the stream records a graph of its own"
    return replace(sizes, time=time, steps=MOST_STEPS), None


def pieces(steps: int) -> list[int]:
    """Powers of two that add up to a number of steps, the largest first."""
    return [1 << bit for bit in reversed(range(steps.bit_length())) if steps >> bit & 1]


class GraphRunner:
    """One trajectory's buffers and the graphs on them, used by one caller at a time."""

    def __init__(self, sizes: Sizes, matrices: Tensor, vectors: Tensor, launches: Any) -> None:
        self.weights = matrices, vectors  # the graphs read them where they lie
        self.device = matrices.device
        with torch.inference_mode(False):  # else calls outside of inference mode could not fill the buffers
            self.trajectory = Trajectory(sizes, matrices, vectors, launches)
        self.graphs: dict[int, torch.cuda.CUDAGraph] = {}
        self.refused = False
        self.stream = torch.cuda.Stream(self.device)
        self.free = torch.cuda.Event()
        self.free.record(torch.cuda.current_stream(self.device))  # which fills the buffers with zeros
        self.lock = threading.Lock()
        # The allocator knows the buffers by the stream that made them; others may still work on them at the end.
        weakref.finalize(self, self.free.synchronize).atexit = False

    def record(self, steps: int) -> torch.cuda.CUDAGraph:
        """A graph of so many steps; what the buffers hold is lost when it is not there yet."""
        if steps not in self.graphs:
            with torch.cuda.device(self.device):
                self.stream.wait_stream(torch.cuda.current_stream())
                with torch.cuda.stream(self.stream):
                    self.trajectory.count.fill_(-1)
                    self.trajectory.step()  # compiles the kernels, which must not happen while recording
                graph = torch.cuda.CUDAGraph()
                pool = next(iter(self.graphs.values())).pool() if self.graphs else None
                with torch.cuda.graph(graph, pool, self.stream, capture_error_mode="thread_local"):
                    for _ in range(steps):
                        self.trajectory.step()
                torch.cuda.current_stream().wait_stream(self.stream)
            self.graphs[steps] = graph
        return self.graphs[steps]

    def run(self, time: int, steps: int, *inputs) -> Tensor:
        """Load a call's tensors, replay its steps on the current stream, and return its motion (R, T, M)."""
        with self.lock, torch.cuda.device(self.device):
            stream = torch.cuda.current_stream()
            stream.wait_event(self.free)  # another stream may still read the last result
            replays = self._replays(steps)
            self.trajectory.load(*inputs)
            for replay in replays:
                replay()
            out = self.trajectory.x[:, :time].clone()
            self.free.record(stream)
            return out

    def _replays(self, steps: int) -> list[Callable[[], None]]:
        """What runs the steps: graphs or, once recording has failed, single launches."""
        if not self.refused:
            try:
                return [self.record(size).replay for size in pieces(steps)]
            except RuntimeError as error:
                self.refused = True
                _LOG.warning("emoface::denoise_loop: no graph: recording failed: %s", error)
        return [self.trajectory.step] * steps


class Runners:
    """The runners used last, by launches, weights and sizes. They keep their weights alive, so addresses name them."""

    def __init__(self) -> None:
        self.entries: OrderedDict[tuple, GraphRunner] = OrderedDict()
        self.lock = threading.Lock()

    def find(self, sizes: Sizes, matrices: Tensor, vectors: Tensor, launches: Any) -> GraphRunner:
        """The runner of these weights and sizes, made where there is none."""
        kind = (launches.__name__, native.OVERLAP.get())
        key = (kind, sizes, matrices.device, matrices.dtype, matrices.data_ptr(), vectors.dtype, vectors.data_ptr())
        with self.lock:
            if key not in self.entries:
                self.entries[key] = GraphRunner(sizes, matrices, vectors, launches)
            self.entries.move_to_end(key)
            while len(self.entries) > KEPT:
                self.entries.popitem(last=False)
            return self.entries[key]


RUNNERS = Runners()


def runs(launches: Any) -> Callable[..., Tensor]:
    """The `run` of a back end of denoise_loop whose trajectories are made of a module's launches."""

    def run(
        start, speech, queries, styles, film, table, guidance, matrices, vectors, contents, heads, feed_forward, window,
        residual, eps, noise, known, mask, threads, share,
    ) -> Tensor:  # fmt: skip
        (rows, time, motion), (branches, tracks, blocks, _, channels) = start.shape, styles.shape
        both = known is not None and mask is not None
        if start.numel() == 0 or len(table) == 0:
            return torch.where(mask[..., None], known, start) if both else start.contiguous().clone()
        sizes = Sizes(rows, time, motion, len(table), branches, tracks, blocks, channels, heads, feed_forward, window,
                      residual, eps, noise is not None)  # fmt: skip
        matrices, vectors = dense(matrices), dense(vectors)
        state = (known if both or share is not None else None, mask if both else None, share)
        inputs = (start, speech, queries, styles, film, table, guidance, contents, noise, *state)
        launched, why_not = bucket(sizes, start.device)
        if why_not is None:
            runner = RUNNERS.find(launched, matrices, vectors, launches)
            return runner.run(time, len(table), *inputs).to(start.dtype)
        _LOG.debug("emoface::denoise_loop: no graph: %s", why_not)
        with torch.cuda.device(start.device) if start.is_cuda else nullcontext():
            trajectory = Trajectory(launched, matrices, vectors, launches)
            trajectory.load(*inputs)
            for _ in range(len(table)):
                trajectory.step()
        return trajectory.x.to(start.dtype)

    return run


def heads_of(start: Tensor, *others: Any) -> tuple[int, int]:
    """The number of heads of all samples and branches, and their channels."""
    styles, heads = others[2], others[9]
    return len(styles) * len(start) * heads, styles.shape[-1] // heads


def unfit(refusal: Callable[[int, int], str | None], start: Tensor, *others: Any) -> str | None:
    """Why no trajectory on a GPU can take these tensors, or the start alone; `refusal` knows heads. None: it can."""
    if start.dtype == torch.float64:
        return "dtype torch.float64 (float32, bfloat16 and float16 only)"
    if not others:
        return None
    if others[6].dtype == torch.int8:
        return "matrices of int8 (CPU only)"
    if len(others[8]) != len(others[2]):
        return "speeches by track (CPU only)"
    return refusal(*heads_of(start, *others))
