"""FiLM tables of a schedule as plain PyTorch."""

import torch
import torch.nn.functional as F
from torch import Tensor


def prepare_schedule(
    times: Tensor, first_weight: Tensor, first_bias: Tensor, second_weight: Tensor, second_bias: Tensor,
    film_weight: Tensor, film_bias: Tensor,
) -> Tensor:  # fmt: skip
    """FiLM tables of all steps and blocks from sinusoidal features of the diffusion time and a small network.

    Args: times (N,) in 0..1; weights and biases. Returns (N, L, 3, 2, C). Arguments are checked by
    :func:`emoface.kernels.prepare_schedule`.
    """
    half = first_weight.shape[1] // 2
    rates = 1e4 ** (torch.arange(half, dtype=times.dtype, device=times.device) / -half)
    angles = 1000 * times[:, None] * rates  # (N, half)
    features = torch.cat([angles.sin(), angles.cos()], -1)  # (N, 2 half)
    hidden = F.silu(F.linear(features, first_weight, first_bias))  # (N, C)
    embedded = F.silu(F.linear(hidden, second_weight, second_bias))  # (N, C)
    blocks, width = film_bias.shape
    tables = F.linear(embedded, film_weight.flatten(0, 1), film_bias.flatten())  # (N, L 6 C)
    return tables.unflatten(-1, (blocks, 3, 2, width // 6))
