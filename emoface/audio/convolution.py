"""A convolution over time, computed by the operator `time_conv`."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from emoface.kernels import time_conv


class TimeConv(nn.Conv1d):
    """The parameters of a convolution with a bias; :meth:`forward` takes and gives (B, T, C), not (B, C, T).

    Attributes:
        narrow: the weights in bfloat16, where products are of those, see :func:`multiply_in`.
    """

    bias: Tensor
    narrow: Tensor | None = None

    def forward(
        self, x: Tensor, gelu: bool = False, norm: nn.LayerNorm | None = None, residual: Tensor | None = None
    ) -> Tensor:
        """Convolve.

        Args:
            x: (B, T, C). gelu: exact GELU after the convolution. norm: layer norm and GELU before it.
            residual: (B, T, N), added at last.

        Returns:
            (B, T, N).
        """
        weight = self.weight if self.narrow is None else self.narrow
        if norm is None:
            return time_conv(x, weight, self.bias, self.dilation[0], gelu, residual=residual)
        return time_conv(x, weight, self.bias, self.dilation[0], gelu, norm.weight, norm.bias, residual, norm.eps)


def multiply_in(network: nn.Module, products: torch.dtype) -> None:
    """Let the convolutions of a network, whose weights do not change any more, multiply in bfloat16 if that is asked.

    Args:
        network: it. products: bfloat16, or any other for float32.
    """
    for part in network.modules():
        if isinstance(part, TimeConv):
            part.narrow = part.weight.detach().bfloat16() if products == torch.bfloat16 else None
