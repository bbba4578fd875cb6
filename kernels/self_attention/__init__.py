"""Self-attention of motion frames with a linear distance bias per head."""

from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from .._runtime.heads import refusals
from .._triton.later import triton_backend
from . import native, reference
from .cases import CASES


def _check(qkv: Tensor, heads: int, slopes: Tensor, lengths: Tensor | None) -> None:
    batch, _, width = check.first("self_attention", "qkv", qkv, "BTN")
    if width % 3:
        raise ValueError(f"self_attention: qkv must be (B, T, 3C), got {tuple(qkv.shape)}")
    check.heads_of("self_attention", width // 3, heads)
    check.like("self_attention", "slopes", slopes, "(H,)", (heads,), qkv)
    if lengths is not None:
        check.typed("self_attention", "lengths", lengths, "(B,)", (batch,), check.INTS, qkv.device)


OP = KernelOp(
    "self_attention",
    "(Tensor qkv, int heads, Tensor slopes, Tensor? lengths) -> Tensor",
    reference=reference.self_attention,
    fake=lambda qkv, heads, slopes, lengths: qkv.new_empty((*qkv.shape[:2], qkv.shape[2] // 3)),
    check=_check,
    cases=CASES,
    backends=[native.CUDA_BACKEND, triton_backend("self_attention", trains=True), native.CPU_BACKEND],
    shape_class=lambda *args: refusals(*native.heads_of(*args)),
)


def self_attention(qkv: Tensor, heads: int, slopes: Tensor, lengths: Tensor | None = None) -> Tensor:
    """softmax(q k^T / sqrt(D) - slope_h |i - j|) v over keys j < lengths.

    Args:
        qkv (Tensor): (B, T, 3C): queries, keys, values side by side, each split into heads of D = C / H;
            float32, bfloat16, float16 or float64, any strides.
        heads (int): H, a divisor of C.
        slopes (Tensor): (H,), distance penalty per frame, dtype of qkv.
        lengths (Tensor, optional): (B,), int32 or int64, valid frames, at least 1; keys beyond are masked.

    Returns:
        Tensor: (B, T, C), dtype of qkv.

    Raises:
        ValueError, TypeError: for a wrong shape or device, or dtype.

    Source: Vaswani et al. (2017), equation 1; the bias is ALiBi's (Press et al. 2022), made symmetric.
    """
    return OP(qkv, heads, slopes, lengths)
