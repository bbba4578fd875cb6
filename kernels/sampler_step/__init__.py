"""One update of a diffusion sampler: guidance, dynamic threshold, affine step, noise, in-painting."""

from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from .._triton.later import triton_backend
from . import native, reference
from .cases import CASES


def _check(
    prediction: Tensor, guidance: Tensor, x: Tensor, x0_prev: Tensor, coefficients: Tensor,
    noise: Tensor | None, known: Tensor | None, mask: Tensor | None,
    quantile: float, limit_low: float, limit_high: float, share: Tensor | None,
) -> None:  # fmt: skip
    op = "sampler_step"
    branches, *sizes = check.first(op, "prediction", prediction, "NBTC")
    if not 1 <= branches <= 3:
        raise ValueError(f"{op}: prediction must have N = 1, 2 or 3 branches, got {branches}")
    shape, device = tuple(sizes), prediction.device
    numbers = (check.FLOATS[0], check.FLOATS[3], prediction.dtype)
    check.weights(op, guidance, shape[1:], numbers, device)
    check.like(op, "x", x, "(B, T, C)", shape, prediction)
    check.like(op, "x0_prev", x0_prev, "(B, T, C)", shape, prediction)
    check.typed(op, "coefficients", coefficients, "(6,)", (6,), numbers, device)
    if noise is not None:
        check.like(op, "noise", noise, "(B, T, C)", shape, prediction)
    check.noise_given(op, coefficients, noise)
    if known is not None:
        check.like(op, "known", known, "(B, T, C)", shape, prediction)
    if mask is not None:
        check.typed(op, "mask", mask, "(B, T)", shape[:2], check.BOOL, device)
        if known is None:
            raise ValueError(f"{op}: known must be given with mask, got None")
    check.share(op, share, known, "(B, T, C)", shape, prediction)
    for name, value in (("quantile", quantile), ("limit_low", limit_low), ("limit_high", limit_high)):
        check.number(op, name, value)
    if not 0 <= quantile <= 1:
        raise ValueError(f"{op}: quantile must be 0 (off) to 1, got {quantile}")
    if not 0 <= limit_low <= limit_high:
        raise ValueError(f"{op}: limits must be 0 <= limit_low <= limit_high, got {limit_low} and {limit_high}")


OP = KernelOp(
    "sampler_step",
    "(Tensor prediction, Tensor guidance, Tensor x, Tensor x0_prev, Tensor coefficients, Tensor? noise, "
    "Tensor? known, Tensor? mask, float quantile, float limit_low, float limit_high, Tensor? share) "
    "-> (Tensor, Tensor)",
    reference=reference.sampler_step,
    fake=lambda prediction, guidance, x, *_: (x.new_empty(x.shape), x.new_empty(x.shape)),
    check=_check,
    cases=CASES,
    backends=[native.CUDA_BACKEND, triton_backend("sampler_step"), native.CPU_BACKEND],
)


def sampler_step(
    prediction: Tensor, guidance: Tensor, x: Tensor, x0_prev: Tensor, coefficients: Tensor,
    noise: Tensor | None = None, known: Tensor | None = None, mask: Tensor | None = None,
    quantile: float = 0.0, limit_low: float = 1.0, limit_high: float = 10.0, share: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Combine the branches to x0 and step: x_next = c_x x + c_0 x0 + c_prev x0_prev + c_noise noise.

    With p the branches in the order null, audio, audio + emotion:
        N = 3: x0 = p0 + g_a (p1 - p0) + g_e (p2 - p1)
        N = 2: x0 = p0 + g_e (p1 - p0)           branches audio, audio + emotion
        N = 1: x0 = p0                           branch audio + emotion
    With quantile > 0, s = clamp(quantile of |x0| over T and C, limit_low, limit_high) per sample and x0 is
    clamped to [-s, s]. With share, x0 = (1 - share) x0 + share known: parts of the motion are in-painted, the known
    ones exactly, and follow the sampler's own noise on the way. Where mask holds,
    x_next = k_known known + k_noise noise instead.

    Args:
        prediction (Tensor): (N, B, T, C), N in 1, 2, 3; float32, bfloat16, float16 or float64, any strides.
        guidance (Tensor): (2,) = (g_a, g_e), or (2, T, C) for weights of each frame and channel; float32, float64
            or the dtype of prediction.
        x (Tensor): (B, T, C), the noisy motion, dtype of prediction.
        x0_prev (Tensor): (B, T, C), x0 of the step before, dtype of prediction.
        coefficients (Tensor): (6,) = (c_x, c_0, c_prev, c_noise, k_known, k_noise), dtypes as guidance.
        noise (Tensor, optional): (B, T, C), dtype of prediction; needed where c_noise or k_noise is not zero.
        known (Tensor, optional): (B, T, C), clean motion of the masked frames, dtype of prediction.
        mask (Tensor, optional): (B, T), bool, frames that are known; needs known.
        quantile (float): 0 (off) to 1.
        limit_low (float): least threshold.
        limit_high (float): greatest threshold, at least limit_low.
        share (Tensor, optional): (B, T, C), 0..1, how far each value is known, dtype of prediction; needs known.

    Returns:
        tuple[Tensor, Tensor]: x_next and x0, both (B, T, C), dtype of prediction.

    Raises:
        ValueError, TypeError: for a wrong shape, value or device, or dtype.

    Source: incremental guidance as in DiffPoseTalk (Sun et al. 2024); dynamic threshold of Imagen (Saharia
    et al. 2022); the affine form covers DDIM (Song et al. 2021, equation 12) and DPM-Solver++(2M) (Lu et al.
    2022, algorithm 2); in-painting of RePaint (Lugmayr et al. 2022, equation 8).
    """
    return OP(
        prediction, guidance, x, x0_prev, coefficients, noise, known, mask, quantile, limit_low, limit_high, share
    )
