"""First half of the feed-forward: layer norm, linear map, exact GELU."""

from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from .._triton.later import triton_backend
from . import native, reference
from .cases import CASES


def _check(x: Tensor, gain: Tensor, bias: Tensor, weight: Tensor, weight_bias: Tensor, eps: float) -> None:
    channels = check.first("ff_gelu", "x", x, "BTC")[2]
    width = check.first("ff_gelu", "weight", weight, "FC")[0]
    check.like("ff_gelu", "gain", gain, "(C,)", (channels,), x)
    check.like("ff_gelu", "bias", bias, "(C,)", (channels,), x)
    check.like("ff_gelu", "weight", weight, "(F, C)", (width, channels), x)
    check.like("ff_gelu", "weight_bias", weight_bias, "(F,)", (width,), x)
    check.magnitude("ff_gelu", "eps", eps)


OP = KernelOp(
    "ff_gelu",
    "(Tensor x, Tensor gain, Tensor bias, Tensor weight, Tensor weight_bias, float eps) -> Tensor",
    reference=reference.ff_gelu,
    fake=lambda x, gain, bias, weight, weight_bias, eps: x.new_empty((*x.shape[:2], weight.shape[0])),
    check=_check,
    cases=CASES,
    backends=[native.CUDA_BACKEND, triton_backend("ff_gelu"), native.CPU_BACKEND],
)


def ff_gelu(x: Tensor, gain: Tensor, bias: Tensor, weight: Tensor, weight_bias: Tensor, eps: float = 1e-5) -> Tensor:
    """GELU(LayerNorm(x) W^T + b), GELU(u) = u Phi(u) with the exact Gaussian distribution function.

    Args:
        x (Tensor): (B, T, C), float32, bfloat16, float16 or float64, any strides.
        gain (Tensor): (C,), layer norm gain, dtype of x.
        bias (Tensor): (C,), layer norm bias, dtype of x.
        weight (Tensor): (F, C), dtype of x.
        weight_bias (Tensor): (F,), dtype of x.
        eps (float): added to the variance.

    Returns:
        Tensor: (B, T, F), dtype of x.

    Raises:
        ValueError, TypeError: for a wrong shape or device, or dtype.
    """
    return OP(x, gain, bias, weight, weight_bias, eps)
