"""prepare_schedule in Triton: the linear maps; features and SiLU of a few rows are PyTorch's."""

import torch
from torch import Tensor
from torch.nn.functional import silu

from .._contract.op import Backend
from .._runtime.native import dense
from .._triton import device
from .._triton.linear import KINDS, linear_rows, specialisations

if device.triton is not None:
    from .._triton.linear import linear_kernel  # noqa: F401  (named in AOT)


def _run(times, first_weight, first_bias, second_weight, second_bias, film_weight, film_bias) -> Tensor:
    half = first_weight.shape[1] // 2
    rates = 1e4 ** (torch.arange(half, device=times.device) / -half)
    angles = 1000 * dense(times).float()[:, None] * rates  # (N, half)
    features = torch.cat([angles.sin(), angles.cos()], -1).to(times.dtype)  # (N, 2 half)
    hidden = silu(linear_rows(features, first_weight, first_bias))  # (N, C)
    embedded = silu(linear_rows(hidden, second_weight, second_bias))  # (N, C)
    tables = linear_rows(embedded, film_weight.flatten(0, 1), film_bias.flatten())  # (N, L 6 C)
    blocks, width = film_bias.shape
    return tables.unflatten(-1, (blocks, 3, 2, width // 6))


AOT = list(specialisations(kinds=KINDS))
BUDGET = 160, 64 * 1024  # registers of a thread, bytes of shared memory of a block
BACKEND = Backend("triton", _run, ("cuda", "cpu"), device.why_not)
