"""Layer norm followed by the projection to queries, keys and values (or keys and values alone)."""

from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from .._triton.later import triton_backend
from . import native, reference
from .cases import CASES


def _check(x: Tensor, gain: Tensor, bias: Tensor, weight: Tensor, weight_bias: Tensor, eps: float) -> None:
    channels = check.first("ln_qkv", "x", x, "BTC")[2]
    width = check.first("ln_qkv", "weight", weight, "NC")[0]
    check.like("ln_qkv", "gain", gain, "(C,)", (channels,), x)
    check.like("ln_qkv", "bias", bias, "(C,)", (channels,), x)
    check.like("ln_qkv", "weight", weight, "(N, C)", (width, channels), x)
    check.like("ln_qkv", "weight_bias", weight_bias, "(N,)", (width,), x)
    check.magnitude("ln_qkv", "eps", eps)


OP = KernelOp(
    "ln_qkv",
    "(Tensor x, Tensor gain, Tensor bias, Tensor weight, Tensor weight_bias, float eps) -> Tensor",
    reference=reference.ln_qkv,
    fake=lambda x, gain, bias, weight, weight_bias, eps: x.new_empty((*x.shape[:2], weight.shape[0])),
    check=_check,
    cases=CASES,
    backends=[native.CUDA_BACKEND, triton_backend("ln_qkv"), native.CPU_BACKEND],
)


def ln_qkv(x: Tensor, gain: Tensor, bias: Tensor, weight: Tensor, weight_bias: Tensor, eps: float = 1e-5) -> Tensor:
    """LayerNorm(x) W^T + b, with N = 3C for self-attention and N = 2C for the keys and values of motion.

    Args:
        x (Tensor): (B, T, C), float32, bfloat16, float16 or float64, any strides.
        gain (Tensor): (C,), layer norm gain, dtype of x.
        bias (Tensor): (C,), layer norm bias, dtype of x.
        weight (Tensor): (N, C), dtype of x.
        weight_bias (Tensor): (N,), dtype of x.
        eps (float): added to the variance.

    Returns:
        Tensor: (B, T, N), dtype of x.

    Raises:
        ValueError, TypeError: for a wrong shape or device, or dtype.
    """
    return OP(x, gain, bias, weight, weight_bias, eps)
