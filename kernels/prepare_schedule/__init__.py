"""What a sampling schedule contributes to every clip: the FiLM scales and shifts of all blocks and steps."""

from torch import Tensor

from .._contract import check
from .._contract.op import KernelOp
from .._triton.later import triton_backend
from . import native, reference
from .cases import CASES


def _fake(times: Tensor, *rest: Tensor) -> Tensor:
    blocks, width = rest[5].shape
    return times.new_empty((times.shape[0], blocks, 3, 2, width // 6))


def _check(
    times: Tensor, first_weight: Tensor, first_bias: Tensor, second_weight: Tensor, second_bias: Tensor,
    film_weight: Tensor, film_bias: Tensor,
) -> None:  # fmt: skip
    op = "prepare_schedule"
    check.first(op, "times", times, "N")
    channels, features = check.first(op, "first_weight", first_weight, "CF")
    blocks = check.first(op, "film_bias", film_bias, "LC")[0]
    if features % 2:
        raise ValueError(f"{op}: first_weight must be (C, 2 half), got {tuple(first_weight.shape)}")
    check.linear(op, "first", first_weight, first_bias, "(C, 2 half)", (channels, features), times)
    check.linear(op, "second", second_weight, second_bias, "(C, C)", (channels, channels), times)
    check.linear(op, "film", film_weight, film_bias, "(L, 6C, C)", (blocks, 6 * channels, channels), times)


OP = KernelOp(
    "prepare_schedule",
    "(Tensor times, Tensor first_weight, Tensor first_bias, Tensor second_weight, Tensor second_bias, "
    "Tensor film_weight, Tensor film_bias) -> Tensor",
    reference=reference.prepare_schedule,
    fake=_fake,
    check=_check,
    cases=CASES,
    backends=[triton_backend("prepare_schedule"), native.CPU_BACKEND],
)


def prepare_schedule(
    times: Tensor, first_weight: Tensor, first_bias: Tensor, second_weight: Tensor, second_bias: Tensor,
    film_weight: Tensor, film_bias: Tensor,
) -> Tensor:  # fmt: skip
    """FiLM tables of diffusion times t::

        features = [sin(1000 t r_i), cos(1000 t r_i)],    r_i = 10000^(-i / half)
        embedded = SiLU(SiLU(features W_first^T + b) W_second^T + b)
        film_l = embedded W_film,l^T + b_l                 (l = 1..L, the blocks)

    Args:
        times (Tensor): (N,), 0..1, float32, bfloat16, float16 or float64, any stride.
        first_weight, first_bias (Tensor): (C, 2 half), (C,), dtype of times.
        second_weight, second_bias (Tensor): (C, C), (C,), dtype of times.
        film_weight, film_bias (Tensor): (L, 6C, C), (L, 6C), dtype of times.

    Returns:
        Tensor: (N, L, 3, 2, C), dtype of times: scale and shift of the three FiLMs of each block.

    Raises:
        ValueError, TypeError: for a wrong shape or device, or dtype.

    Source: sinusoidal features as in Vaswani et al. (2017); FiLM as Perez et al. (2018).
    """
    return OP(times, first_weight, first_bias, second_weight, second_bias, film_weight, film_bias)
