"""Content attention: queries from speech, keys and values from motion, aligned by frame distance."""

from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from .._runtime.heads import refusals
from .._triton.later import triton_backend
from . import native, reference
from .cases import CASES


def _check(
    query: Tensor, kv: Tensor, heads: int, slopes: Tensor, window: int, lengths: Tensor | None
) -> None:
    batch, _, channels = check.first("content_attention", "query", query, "BSC")
    motion = check.first("content_attention", "kv", kv, "BTN")[1]
    check.like("content_attention", "kv", kv, "(B, T, 2C)", (batch, motion, 2 * channels), query)
    check.heads_of("content_attention", channels, heads)
    check.like("content_attention", "slopes", slopes, "(H,)", (heads,), query)
    check.whole("content_attention", "window", window, 0)
    if lengths is not None:
        check.typed("content_attention", "lengths", lengths, "(B,)", (batch,), check.INTS, query.device)


OP = KernelOp(
    "content_attention",
    "(Tensor query, Tensor kv, int heads, Tensor slopes, int window, Tensor? lengths) -> Tensor",
    reference=reference.content_attention,
    fake=lambda query, kv, heads, slopes, window, lengths: query.new_empty(query.shape),
    check=_check,
    cases=CASES,
    backends=[native.CUDA_BACKEND, triton_backend("content_attention", trains=True), native.CPU_BACKEND],
    shape_class=lambda *args: refusals(*native.heads_of(*args)),
)


def content_attention(
    query: Tensor, kv: Tensor, heads: int, slopes: Tensor, window: int = 0, lengths: Tensor | None = None
) -> Tensor:
    """softmax(q k^T / sqrt(D) - slope_h |i - j|) v over keys j < lengths with |i - j| <= window.

    A query with no admissible key gives zeros.

    Args:
        query (Tensor): (B, S, C), projected speech features, prepared once per clip; float32, bfloat16,
            float16 or float64, any strides.
        kv (Tensor): (B, T, 2C), keys and values of motion side by side, dtype of query.
        heads (int): H, a divisor of C.
        slopes (Tensor): (H,), distance penalty per frame, dtype of query.
        window (int): largest distance |i - j| in frames that is attended to; 0 means all.
        lengths (Tensor, optional): (B,), int32 or int64, valid motion frames; keys beyond are masked.

    Returns:
        Tensor: (B, S, C), dtype of query: row i belongs to speech frame i.

    Raises:
        ValueError, TypeError: for a wrong shape, value or device, or dtype.
    """
    return OP(query, kv, heads, slopes, window, lengths)
