"""A trajectory on a GPU: buffers that stay where they are, and the launches of one step on them.

A step reads which step it is from memory of the device, so the same launches serve every step of every schedule: they
are recorded once (graph.py). Values, sums, norms and the motion are float32; what matrix products read is of the
matrices' dtype.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .weights import NORM_EPS, Norm, read


@dataclass(frozen=True)
class Sizes:
    """What the buffers and launches of a trajectory depend on; letters as in the operator's docstring."""

    rows: int
    time: int
    motion: int
    steps: int
    branches: int
    tracks: int
    blocks: int
    channels: int
    heads: int
    feed_forward: int
    window: int
    residual: float
    eps: float
    noise: bool


class Trajectory:
    """Buffers of one set of sizes and weights. `load` what a clip needs, then `step` as often as it has steps.

    `launches` is a module with the functions enter, linear, attend, linear_residual_film, ff_adain_film and step.
    """

    def __init__(self, sizes: Sizes, matrices: Tensor, vectors: Tensor, launches: Any) -> None:
        self.sizes = s = sizes
        device, narrow = matrices.device, matrices.dtype
        batch = s.branches * s.rows

        def zeros(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
            return torch.zeros(shape, dtype=dtype, device=device)

        self.x, self.x0_prev, self.known = (zeros(s.rows, s.time, s.motion) for _ in range(3))
        self.mask, self.share = zeros(s.rows, s.time, dtype=torch.uint8), zeros(s.rows, s.time, s.motion)
        self.lengths, self.count = zeros(batch, dtype=torch.int64), zeros(1, dtype=torch.int64)
        self.speech = zeros(s.branches, s.time, s.channels)
        self.queries = zeros(s.branches, s.blocks, s.time, s.channels, dtype=narrow)
        self.styles = zeros(s.branches * s.tracks, s.blocks, 2, s.channels)
        self.film = zeros(s.steps, s.blocks, 3, 2, s.channels)
        self.table, self.guidance = zeros(s.steps, 6), zeros(2, s.time, s.motion)
        self.noise = zeros(s.steps, s.rows, s.time, s.motion) if s.noise else None

        self.hidden = zeros(batch, s.time, s.channels)
        self.packed = zeros(batch, s.time, 3 * s.channels, dtype=narrow)
        self.pair = zeros(batch, s.time, 2 * s.channels, dtype=narrow)
        self.attended = zeros(batch, s.time, s.channels, dtype=narrow)
        self.wide = zeros(batch, s.time, s.feed_forward, dtype=narrow)
        self.prediction = zeros(batch, s.time, s.motion)
        self.launches = list(self._launches(launches, matrices, vectors))

    def load(
        self, start: Tensor, speech: Tensor, queries: Tensor, styles: Tensor, film: Tensor, table: Tensor,
        guidance: Tensor, contents: list[int], noise: Tensor | None, known: Tensor | None, mask: Tensor | None,
        share: Tensor | None,
    ) -> None:  # fmt: skip
        """Copy a call's tensors into the buffers; frames beyond its own are zero and masked out of all sums."""
        time, steps = start.shape[1], len(table)
        for buffer in (self.x, self.known, self.mask, self.share, self.speech, self.queries):
            buffer.zero_()
        self.x[:, :time] = start
        if known is not None:
            self.known[:, :time] = known
        if share is not None:
            self.share[:, :time] = share
        if known is not None and mask is not None:
            self.mask[:, :time] = mask
            self.x[:, :time] = torch.where(mask[..., None], known, start)
        for branch, content in enumerate(contents):
            self.speech[branch, :time] = speech[content]
            self.queries[branch, :, :time] = queries[content]
        self.styles.copy_(styles.flatten(0, 1))
        self.film[:steps], self.table[:steps] = film, table
        if self.noise is not None and noise is not None:
            self.noise[:steps, :, :time] = noise
        self.guidance[:, :time] = guidance[:, None, None] if guidance.dim() == 1 else guidance
        self.x0_prev.zero_()
        self.lengths.fill_(time)
        self.count.fill_(-1)

    def step(self) -> None:
        """Advance x by one step."""
        for launch in self.launches:
            launch()

    def _launches(self, run: Any, matrices: Tensor, vectors: Tensor):
        s, hidden, count, rows = self.sizes, self.hidden, self.count, self.sizes.rows
        network = read(matrices, vectors, s.motion, s.channels, s.heads, s.blocks, s.feed_forward)

        def norm(part: Norm[Tensor]) -> tuple[Tensor, Tensor, float]:
            return part.gain, part.bias, NORM_EPS

        def film(block: int, place: int) -> tuple[Tensor, Tensor]:
            return self.film[:, block, place, 0], self.film[:, block, place, 1]

        enter, leave = network.enter, network.leave
        yield _later(run.enter, self.x, self.mask, enter.weight, enter.bias, self.speech, count, hidden)
        for number, block in enumerate(network.blocks):
            for place, packed in enumerate((self.packed, self.pair)):
                part = block.attention if place == 0 else block.content
                project, out = part.project, part.out
                yield _later(run.linear, hidden, project.weight, project.bias, packed, norm(part.norm))
                query = self.packed[..., : s.channels] if place == 0 else self.queries[:, number]
                key, value = packed.chunk(3 - place, -1)[-2:]
                samples, window = (1, 0) if place == 0 else (rows, s.window)
                yield _later(run.attend, query, key, value, s.heads, part.slopes, self.attended, window,
                             self.lengths, samples)  # fmt: skip
                yield _later(run.linear_residual_film, self.attended, out.weight, out.bias, hidden,
                             *film(number, place), hidden, count)  # fmt: skip
            widen, narrow = block.widen, block.narrow
            style = self.styles[:, number, 0], self.styles[:, number, 1]
            yield _later(run.linear, hidden, widen.weight, widen.bias, self.wide, norm(block.norm), True)
            yield _later(run.ff_adain_film, self.wide, narrow.weight, narrow.bias, hidden, style, film(number, 2),
                         hidden, s.eps, s.residual, rows // s.tracks, count, self.lengths)  # fmt: skip
        yield _later(run.linear, hidden, leave.weight, leave.bias, self.prediction, norm(network.norm))
        yield _later(run.step, self.prediction, self.guidance, self.table, count, self.x, self.x0_prev, self.known,
                     self.mask, self.share, self.noise)  # fmt: skip


def _later(launch: Callable[..., None], *args: object) -> Callable[[], None]:
    return lambda: launch(*args)
