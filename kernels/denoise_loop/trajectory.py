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

NORM_EPS = 1e-5


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
        self.mask = zeros(s.rows, s.time, dtype=torch.uint8)
        self.lengths, self.count = zeros(batch, dtype=torch.int64), zeros(1, dtype=torch.int64)
        self.speech = zeros(s.branches, s.time, s.channels)
        self.queries = zeros(s.branches, s.blocks, s.time, s.channels, dtype=narrow)
        self.styles = zeros(s.branches * s.tracks, s.blocks, 2, s.channels)
        self.film = zeros(s.steps, s.blocks, 3, 2, s.channels)
        self.table, self.guidance = zeros(s.steps, 6), zeros(2)

        self.hidden = zeros(batch, s.time, s.channels)
        self.packed = zeros(batch, s.time, 3 * s.channels, dtype=narrow)
        self.pair = zeros(batch, s.time, 2 * s.channels, dtype=narrow)
        self.attended = zeros(batch, s.time, s.channels, dtype=narrow)
        self.wide = zeros(batch, s.time, s.feed_forward, dtype=narrow)
        self.prediction = zeros(batch, s.time, s.motion)
        self.launches = list(self._launches(launches, matrices, vectors))

    def load(
        self, start: Tensor, speech: Tensor, queries: Tensor, styles: Tensor, film: Tensor, table: Tensor,
        guidance: Tensor, contents: list[int], known: Tensor | None, mask: Tensor | None,
    ) -> None:  # fmt: skip
        """Copy a call's tensors into the buffers; frames beyond its own are zero and masked out of all sums."""
        time, steps = start.shape[1], len(table)
        for buffer in (self.x, self.known, self.mask, self.speech, self.queries):
            buffer.zero_()
        self.x[:, :time] = start
        if known is not None and mask is not None:
            self.known[:, :time], self.mask[:, :time] = known, mask
            self.x[:, :time] = torch.where(mask[..., None], known, start)
        for branch, content in enumerate(contents):
            self.speech[branch, :time] = speech[content]
            self.queries[branch, :, :time] = queries[content]
        self.styles.copy_(styles.flatten(0, 1))
        self.film[:steps], self.table[:steps] = film, table
        self.guidance.copy_(guidance)
        self.x0_prev.zero_()
        self.lengths.fill_(time)
        self.count.fill_(-1)

    def step(self) -> None:
        """Advance x by one step."""
        for launch in self.launches:
            launch()

    def _launches(self, run: Any, matrices: Tensor, vectors: Tensor):
        s, matrix, vector = self.sizes, _pieces(matrices), _pieces(vectors)
        hidden, count, rows = self.hidden, self.count, self.sizes.rows

        def norm() -> tuple[Tensor, Tensor, float]:
            return vector(s.channels), vector(s.channels), NORM_EPS

        def film(block: int, place: int) -> tuple[Tensor, Tensor]:
            return self.film[:, block, place, 0], self.film[:, block, place, 1]

        widths = matrix(s.channels, s.motion + 1), vector(s.channels)
        yield _later(run.enter, self.x, self.mask, *widths, self.speech, count, hidden)
        for block in range(s.blocks):
            for place, packed in enumerate((self.packed, self.pair)):
                before = norm()
                project = matrix(packed.shape[2], s.channels), vector(packed.shape[2])
                yield _later(run.linear, hidden, *project, packed, before)
                query = self.packed[..., : s.channels] if place == 0 else self.queries[:, block]
                key, value = packed.chunk(3 - place, -1)[-2:]
                leave = matrix(s.channels, s.channels), vector(s.channels)
                samples, window = (1, 0) if place == 0 else (rows, s.window)
                yield _later(run.attend, query, key, value, s.heads, vector(s.heads), self.attended, window,
                             self.lengths, samples)  # fmt: skip
                modulation = film(block, place)
                yield _later(run.linear_residual_film, self.attended, *leave, hidden, *modulation, hidden, count)
            before = norm()
            widen = matrix(s.feed_forward, s.channels), vector(s.feed_forward)
            narrow = matrix(s.channels, s.feed_forward), vector(s.channels)
            style = self.styles[:, block, 0], self.styles[:, block, 1]
            yield _later(run.linear, hidden, *widen, self.wide, before, True)
            yield _later(run.ff_adain_film, self.wide, *narrow, hidden, style, film(block, 2), hidden, s.eps,
                         s.residual, rows // s.tracks, count, self.lengths)  # fmt: skip
        before = norm()
        yield _later(run.linear, hidden, matrix(s.motion, s.channels), vector(s.motion), self.prediction, before)
        yield _later(run.step, self.prediction, self.guidance, self.table, count, self.x, self.x0_prev, self.known,
                     self.mask)  # fmt: skip


def _later(launch: Callable[..., None], *args: object) -> Callable[[], None]:
    return lambda: launch(*args)


def _pieces(flat: Tensor) -> Callable[..., Tensor]:
    """Hands out a flat tensor piece by piece, in the shapes asked for."""
    place = 0

    def piece(*shape: int) -> Tensor:
        nonlocal place
        begin, place = place, place + torch.Size(shape).numel()
        return flat[begin:place].view(shape)

    return piece
