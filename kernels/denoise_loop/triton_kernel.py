"""denoise_loop in Triton: buffers that stay where they are, and the launches of one step on them.

A step reads which step it is from memory of the device, so the same launches serve every step of every schedule: on a
GPU they are recorded once (graph.py). Values, sums, norms and the motion are float32; what matrix products read is of
the matrices' dtype.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .. import _triton_adain, _triton_linear
from .._triton import triton
from .._triton_adain import ff_adain_film
from .._triton_attention import attend, padded
from .._triton_linear import linear, linear_residual_film

NORM_EPS = 1e-5
ENTER_ROWS, ENTER_COLUMNS, ENTER_WARPS = 32, 32, 4
STEP_BLOCK, STEP_WARPS = 256, 4

if triton is not None:
    import triton.language as tl

    from .._triton import product
    from .._triton_adain import ff_adain_film_kernel  # noqa: F401  (named in AOT)
    from .._triton_guidance import guided
    from .._triton_linear import linear_kernel  # noqa: F401  (named in AOT)

    @triton.jit
    def denoise_enter_kernel(
        x, mask, weight, bias, speech, step, out, rows, time, channels, motion, size,
        K: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr,
    ):  # fmt: skip
        """A tile of [x, mask] W^T + b + speech, for all branches; the first tile counts the step.

        Row m of the output: branch m // size, and row m % size of x, where size = rows of x times its frames.
        """
        if tl.program_id(0) == 0:
            tl.store(step, tl.load(step) + 1)
        columns = tl.cdiv(channels, BN)
        m = (tl.program_id(0) // columns * BM + tl.arange(0, BM)).to(tl.int64)
        n = tl.program_id(0) % columns * BN + tl.arange(0, BN)
        k = tl.arange(0, K)[None, :]
        inside = (m < rows)[:, None]
        own = (m % size)[:, None]
        values = tl.load(x + own * motion + k, mask=inside & (k < motion), other=0.0)
        values += tl.load(mask + own + k * 0, mask=inside & (k == motion), other=0).to(tl.float32)
        at = weight + n[None, :] * (motion + 1) + tl.arange(0, K)[:, None]
        right = tl.load(at, mask=(tl.arange(0, K)[:, None] <= motion) & (n < channels)[None, :], other=0.0)
        sums = product(values.to(right.dtype), right, tl.zeros((BM, BN), tl.float32))
        sums += tl.load(bias + n, mask=n < channels, other=0.0).to(tl.float32)[None, :]
        known = inside & (n < channels)[None, :]
        heard = (m // size * time + m % time)[:, None] * channels + n[None, :]
        sums += tl.load(speech + heard, mask=known, other=0.0)
        tl.store(out + m[:, None] * channels + n[None, :], sums, mask=known)

    @triton.jit
    def denoise_step_kernel(
        prediction, guidance, table, step, x, x0_prev, known, mask, size, motion, N: tl.constexpr, BLOCK: tl.constexpr,
    ):  # fmt: skip
        """Guidance and the sampler's affine update of one block of elements, in place."""
        i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
        inside = i < size
        row = table + tl.load(step) * 6
        x0 = guided(prediction, guidance, i, inside, size, N)
        after = tl.load(row) * tl.load(x + i, mask=inside, other=0.0) + tl.load(row + 1) * x0
        after += tl.load(row + 2) * tl.load(x0_prev + i, mask=inside, other=0.0)
        kept = tl.load(row + 4) * tl.load(known + i, mask=inside, other=0.0)
        after = tl.where(tl.load(mask + i // motion, mask=inside, other=0) != 0, kept, after)
        tl.store(x + i, after, mask=inside)
        tl.store(x0_prev + i, x0, mask=inside)


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
    """Buffers of one set of sizes and weights. `load` what a clip needs, then `step` as often as it has steps."""

    def __init__(self, sizes: Sizes, matrices: Tensor, vectors: Tensor) -> None:
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
        self.launches = list(self._launches(matrices, vectors))

    def load(
        self, start: Tensor, speech: Tensor, queries: Tensor, styles: Tensor, film: Tensor, table: Tensor,
        guidance: Tensor, contents: list[int], known: Tensor | None, mask: Tensor | None,
    ) -> None:  # fmt: skip
        """Copy a call's tensors into the buffers; frames beyond its own are zero and masked out of all sums."""
        time, steps = start.shape[1], len(table)
        both = known is not None and mask is not None
        for buffer in (self.x, self.known, self.mask, self.speech, self.queries):
            buffer.zero_()
        self.x[:, :time] = torch.where(mask[..., None], known, start) if both else start  # type: ignore[index]
        if both:
            self.known[:, :time], self.mask[:, :time] = known, mask  # type: ignore[assignment]
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

    def _launches(self, matrices: Tensor, vectors: Tensor):
        s, matrix, vector = self.sizes, _pieces(matrices), _pieces(vectors)
        hidden, count, rows, time = self.hidden, self.count, self.sizes.rows, self.sizes.time

        def norm() -> tuple[Tensor, Tensor, float]:
            return vector(s.channels), vector(s.channels), NORM_EPS

        def film(block: int, place: int) -> tuple[Tensor, Tensor]:
            return self.film[:, block, place, 0], self.film[:, block, place, 1]

        yield self._enter(matrix(s.channels, s.motion + 1), vector(s.channels))
        for block in range(s.blocks):
            for place, packed in enumerate((self.packed, self.pair)):
                before = norm()
                project = matrix(packed.shape[2], s.channels), vector(packed.shape[2])
                yield _later(linear, hidden, *project, packed, before)
                query = self.packed[..., : s.channels] if place == 0 else self.queries[:, block]
                key, value = packed.chunk(3 - place, -1)[-2:]
                leave = matrix(s.channels, s.channels), vector(s.channels)
                samples, window = (1, 0) if place == 0 else (rows, s.window)
                yield _later(attend, query, key, value, s.heads, vector(s.heads), self.attended, window, self.lengths,
                             samples)  # fmt: skip
                yield _later(linear_residual_film, self.attended, *leave, hidden, *film(block, place), hidden, count)
            before = norm()
            widen = matrix(s.feed_forward, s.channels), vector(s.feed_forward)
            narrow = matrix(s.channels, s.feed_forward), vector(s.channels)
            style = self.styles[:, block, 0], self.styles[:, block, 1]
            yield _later(linear, hidden, *widen, self.wide, before, True)
            yield _later(ff_adain_film, self.wide, *narrow, hidden, style, film(block, 2), hidden, s.eps, s.residual,
                         rows // s.tracks, count, self.lengths)  # fmt: skip
        before = norm()
        yield _later(linear, hidden, matrix(s.motion, s.channels), vector(s.motion), self.prediction, before)
        size = rows * time * s.motion
        yield lambda: denoise_step_kernel[(triton.cdiv(size, STEP_BLOCK),)](
            self.prediction, self.guidance, self.table, count, self.x, self.x0_prev, self.known, self.mask, size,
            s.motion, N=s.branches, BLOCK=STEP_BLOCK, num_warps=STEP_WARPS, enable_fp_fusion=True,
        )  # fmt: skip

    def _enter(self, weight: Tensor, bias: Tensor) -> Callable[[], object]:
        s = self.sizes
        rows = s.branches * s.rows * s.time
        grid = (triton.cdiv(rows, ENTER_ROWS) * triton.cdiv(s.channels, ENTER_COLUMNS),)
        return lambda: denoise_enter_kernel[grid](
            self.x, self.mask, weight, bias, self.speech, self.count, self.hidden, rows, s.time, s.channels, s.motion,
            s.rows * s.time, K=padded(s.motion + 1), BM=ENTER_ROWS, BN=ENTER_COLUMNS, num_warps=ENTER_WARPS,
            enable_fp_fusion=True,
        )  # fmt: skip


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


def _specialisations():
    """The kernels that only a trajectory launches like this: kernel, signature, constants, options."""
    mixed = (("fp32", "bf16", "fp32", 200),)
    yield from _triton_linear.specialisations(norm=True, kinds=mixed)
    yield from _triton_linear.specialisations(norm=True, gelu=True, kinds=mixed)
    yield from _triton_linear.specialisations(film=True, stepped=True, kinds=(("bf16", "bf16", "fp32", 200),))
    yield from _triton_adain.specialisations(stepped=True, kinds=(("bf16", "fp32", 100), ("bf16", "fp32", 250)))
    wide = "*fp32:16"
    yield (
        "denoise_enter_kernel",
        {"weight": "*bf16:16", "x": wide, "mask": "*u8:16", "bias": wide, "speech": wide, "step": "*i64:16",
         "out": wide, "rows": "i32", "time": "i32", "channels": "i32:16", "motion": "i32", "size": "i32"},
        {"K": 64, "BM": ENTER_ROWS, "BN": ENTER_COLUMNS},
        {"num_warps": ENTER_WARPS},
    )  # fmt: skip
    yield (
        "denoise_step_kernel",
        {**dict.fromkeys(("prediction", "guidance", "table"), wide), "step": "*i64:16",
         **dict.fromkeys(("x", "x0_prev", "known"), wide), "mask": "*u8:16", "size": "i32", "motion": "i32"},
        {"N": 3, "BLOCK": STEP_BLOCK},
        {"num_warps": STEP_WARPS},
    )  # fmt: skip


AOT = list(_specialisations())
