"""The whole sampling trajectory of a denoiser: every step, every branch of the guidance, in one call."""

from collections.abc import Hashable, Sequence
from typing import Any

import torch
from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from .._runtime.heads import refusals
from .._triton.later import triton_backend
from . import native, reference
from .cases import CASES
from .graph import heads_of
from .native import fast_products as fast_products
from .native import has_bfloat16 as has_bfloat16
from .weights import counts


def _limits(start: Tensor, *rest: Any) -> tuple[Hashable, ...]:
    """The shape class: why GPUs have no code for the heads, whether matrices are int8 and whether tracks hear different
    speeches; nothing for the start alone.
    """
    if not rest:
        return ()
    return (*refusals(*heads_of(start, *rest)), rest[6].dtype == torch.int8, len(rest[8]) != len(rest[2]))


def _check(
    start: Tensor, speech: Tensor, queries: Tensor, styles: Tensor, film: Tensor, table: Tensor, guidance: Tensor,
    matrices: Tensor, vectors: Tensor, contents: Sequence[int], heads: int, feed_forward: int, window: int,
    residual: float, eps: float, noise: Tensor | None, known: Tensor | None, mask: Tensor | None, threads: int,
    share: Tensor | None,
) -> None:  # fmt: skip
    op = "denoise_loop"
    rows, time, motion = check.first(op, "start", start, "RTM")
    unique, _, channels = check.first(op, "speech", speech, "UTC")
    steps, blocks = check.first(op, "film", film, "SLIJC")[:2]
    branches, tracks = check.first(op, "styles", styles, "NKLJC")[:2]
    numbers = (check.FLOATS[0], check.FLOATS[3], start.dtype)
    check.like(op, "speech", speech, "(U, T, C)", (unique, time, channels), start)
    check.like(op, "queries", queries, "(U, L, T, C)", (unique, blocks, time, channels), start)
    check.like(op, "styles", styles, "(N, tracks, L, 2, C)", (branches, tracks, blocks, 2, channels), start)
    check.like(op, "film", film, "(steps, L, 3, 2, C)", (steps, blocks, 3, 2, channels), start)
    check.typed(op, "table", table, "(steps, 6)", (steps, 6), numbers, start.device)
    check.weights(op, guidance, (time, motion), numbers, start.device)
    check.heads_of(op, channels, heads)
    check.whole(op, "feed_forward", feed_forward, 1)
    matrix_count, vector_count, outputs = counts(motion, channels, heads, blocks, feed_forward)
    kinds = (start.dtype, torch.bfloat16, torch.int8) if start.dtype == torch.float32 else (start.dtype,)
    check.typed(op, "matrices", matrices, "(P,)", (matrix_count,), kinds, start.device)
    scales = outputs if matrices.dtype == torch.int8 else 0
    check.like(op, "vectors", vectors, "(Q,)", (vector_count + scales,), start)
    if not isinstance(contents, (list, tuple)):
        raise TypeError(f"{op}: contents must be a list of int, got {type(contents).__name__}")
    if not 1 <= branches <= 3 or len(contents) not in (branches, branches * tracks):
        raise ValueError(
            f"{op}: contents must name the speech of N = 1, 2 or 3 branches, or of all their tracks, "
            f"got {list(contents)}"
        )
    for content in contents:
        check.whole(op, "contents", content, 0)
    if any(content >= unique for content in contents):
        raise ValueError(f"{op}: contents must be 0..U-1 = 0..{unique - 1}, got {list(contents)}")
    if tracks < 1 or rows % tracks:
        raise ValueError(f"{op}: tracks must divide R = {rows}, got {tracks}")
    check.whole(op, "window", window, 0)
    check.whole(op, "threads", threads, 1)
    check.magnitude(op, "residual", residual)
    check.magnitude(op, "eps", eps)
    if noise is not None:
        check.like(op, "noise", noise, "(steps, R, T, M)", (steps, rows, time, motion), start)
    check.noise_given(op, table, noise)
    if known is not None:
        check.like(op, "known", known, "(R, T, M)", (rows, time, motion), start)
    if mask is not None:
        check.typed(op, "mask", mask, "(R, T)", (rows, time), check.BOOL, start.device)
        if known is None:
            raise ValueError(f"{op}: known must be given with mask, got None")
    check.share(op, share, known, "(R, T, M)", (rows, time, motion), start)


OP = KernelOp(
    "denoise_loop",
    "(Tensor start, Tensor speech, Tensor queries, Tensor styles, Tensor film, Tensor table, Tensor guidance, "
    "Tensor matrices, Tensor vectors, int[] contents, int heads, int feed_forward, int window, float residual, "
    "float eps, Tensor? noise, Tensor? known, Tensor? mask, int threads, Tensor? share) -> Tensor",
    reference=reference.denoise_loop,
    fake=lambda start, *_: start.new_empty(start.shape),
    check=_check,
    cases=CASES,
    backends=[native.CUDA_BACKEND, triton_backend("denoise_loop"), native.CPU_BACKEND],
    shape_class=_limits,
)


def denoise_loop(
    start: Tensor, speech: Tensor, queries: Tensor, styles: Tensor, film: Tensor, table: Tensor, guidance: Tensor,
    matrices: Tensor, vectors: Tensor, contents: Sequence[int], heads: int, feed_forward: int, window: int = 0,
    residual: float = 0.0, eps: float = 1e-5, noise: Tensor | None = None, known: Tensor | None = None,
    mask: Tensor | None = None, threads: int = 1, share: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Denoise motion from noise: per step one network call on N branches, guidance, and the sampler's affine update.

    With x the motion, known frames written clean and flagged in a channel of their own, the network is::

        h = x W_enter^T + b + speech
        h = (2 + s) (h + SelfAttention(LN(h))) + t, then the same with content attention (queries from speech),
        h = h + GELU(LN(h) W_widen^T + b) W_narrow^T + b
        h = FiLM(residual h + AdaIN(h; style))          (s, t and FiLM from `film`; L blocks of this)
        prediction = LN(h) W_leave^T + b

    and its N predictions are combined and stepped as `sampler_step` does. Everything that does not depend on x comes
    prepared.

    Args:
        start (Tensor): (R, T, M) noise, R = tracks x samples; float32, bfloat16, float16 or float64, any strides.
        speech (Tensor): (U, T, C), added to the input: U different speeches, dtype of start.
        queries (Tensor): (U, L, T, C), audio queries of each block, dtype of start.
        styles (Tensor): (N, tracks, L, 2, C), AdaIN scale and shift by branch and track, dtype of start.
        film (Tensor): (steps, L, 3, 2, C), FiLM scales and shifts, dtype of start.
        table (Tensor): (steps, 6) coefficients as of `sampler_step`, float32, float64 or the dtype of start.
        guidance (Tensor): (2,) = (g_a, g_e), or (2, T, M) for weights of each frame and channel; dtypes as table.
        matrices (Tensor): (P,) all weight matrices (outputs x inputs), one after the other: enter (C, M + 1); per
            block self-attention (3C, C), its output (C, C), content attention (2C, C), its output (C, C), widen
            (F, C), narrow (C, F); leave (M, C). Dtype of start, or bfloat16 beside a float32 start: products may then
            round their left operands to bfloat16 too; sums, norms and the state stay float32. Or int8 beside a float32
            start: each output's weights over its scale; products may then round the left operands to 8 bits a row.
            `weights.py` beside this file reads and writes the order of both.
        vectors (Tensor): (Q,) all others, in the same order: a norm's gain and bias before the matrix that it feeds,
            a matrix's bias, the slopes (H,) of an attention after its output's bias; beside int8 matrices at last the
            scales of all outputs, in the order of the matrices. Dtype of start.
        contents (Sequence[int]): N numbers 0..U-1: which speech each branch hears; or N x tracks, branch by branch,
            where tracks hear different ones.
        heads (int): H, a divisor of C.
        feed_forward (int): F.
        window (int): largest distance in frames that the content attention reaches; 0 means all.
        residual (float): 0 for AdaIN alone, 1 to keep the residual stream beside it.
        eps (float): added to the variance over time in AdaIN.
        noise (Tensor, optional): (steps, R, T, M), fresh noise of each step, dtype of start; needed where the table's
            c_noise or k_noise is not zero.
        known (Tensor, optional): (R, T, M), clean motion of the masked frames, dtype of start.
        mask (Tensor, optional): (R, T), bool, frames that are known; needs known.
        threads (int): CPU threads to work with, the caller's included; the result does not depend on it.
        share (Tensor, optional): (R, T, M), 0..1, how far values of frames that are not flagged are known, as in
            `sampler_step`; needs known; dtype of start.

    Returns:
        Tensor: (R, T, M), dtype of start: the motion after the last step.

    Raises:
        ValueError, TypeError: for a wrong shape, value or device, or dtype.

    Source: as the operators that it is made of; tests hold it to them and to `emoface.diffusion`.
    """
    return OP(
        start, speech, queries, styles, film, table, guidance, matrices, vectors, contents, heads, feed_forward,
        window, residual, eps, noise, known, mask, threads, share,
    )  # fmt: skip
