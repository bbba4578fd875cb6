"""What is special to time_conv: products of bfloat16 beside float32 values."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from emoface.audio.convolution import TimeConv, multiply_in
from emoface.kernels import OPS, time_conv, use_backend
from emoface.kernels._runtime import native
from emoface.kernels.time_conv.cases import TimeConvCase

needs_native = pytest.mark.skipif(native.CPU is None, reason=f"no CPU module: {native.CPU_MISSING}")


@needs_native
@pytest.mark.parametrize("isa", native.CPU.isas() if native.CPU else [])
@pytest.mark.parametrize("channels, norm", [(40, True), (13, False), (128, False), (479, True)])
def test_only_products_are_rounded(isa: str, channels: int, norm: bool) -> None:
    case = TimeConvCase(3, 33, channels, 50, reach=2, dilation=2, gelu=True, norm=norm, residual=True)
    args = list(case.inputs())
    exact = time_conv(*args)
    args[1] = args[1].bfloat16()
    with use_backend("reference"):
        rounded = time_conv(*args)
    native.CPU.select(isa)
    try:
        with torch.inference_mode():
            rough = OPS["time_conv"].call(*args)
            alone = time_conv(args[0][1:2], *args[1:7], args[7][1:2])
    finally:
        native.CPU.select("auto")
    assert rough.dtype == torch.float32
    assert torch.equal(alone, rough[1:2]), "no row depends on those beside it"
    for other, most in ((exact, 1e-2), (rounded, 1e-2)):
        assert 1e-5 < (rough - other).norm() / other.norm() < most


def test_a_network_multiplies_in_what_it_was_told() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(TimeConv(8, 8, 3, padding=1), TimeConv(8, 4, 1)).requires_grad_(False)
    x = torch.randn(2, 9, 8)
    exact = network(x)
    multiply_in(network, torch.bfloat16)
    assert 0 < (network(x) - exact).norm() / exact.norm() < 1e-2
    multiply_in(network, torch.float32)
    assert torch.equal(network(x), exact)
