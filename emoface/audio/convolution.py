"""A convolution over time, computed by the operator `time_conv`."""

from __future__ import annotations

from torch import Tensor, nn

from emoface.kernels import time_conv


class TimeConv(nn.Conv1d):
    """The parameters of a convolution with a bias; :meth:`forward` takes and gives (B, T, C), not (B, C, T)."""

    bias: Tensor

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
        if norm is None:
            return time_conv(x, self.weight, self.bias, self.dilation[0], gelu, residual=residual)
        return time_conv(
            x, self.weight, self.bias, self.dilation[0], gelu, norm.weight, norm.bias, residual, norm.eps
        )
