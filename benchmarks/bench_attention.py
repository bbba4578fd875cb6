"""Attention with distance bias at the paper's width, beside PyTorch's scaled dot-product attention and FlexAttention.

    pytest benchmarks/bench_attention.py
"""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from timing import against, process_time, target

from emoface.kernels import OPS
from emoface.kernels._runtime import native

pytestmark = pytest.mark.skipif(native.CPU is None, reason=f"no CPU module: {native.CPU_MISSING}")
BATCH, HEADS, WIDTH = 2, 8, 64
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
MUST = {"float32": ("2x", "2.5x"), "bfloat16": ("4x", "5x")}
ERROR = {"float32": 1e-5, "bfloat16": 2e-2}


def heads_of(tensor: torch.Tensor) -> torch.Tensor:
    """(B, T, H D) -> (B, H, T, D)."""
    return tensor.unflatten(-1, (HEADS, WIDTH)).transpose(1, 2)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("frames, window", [(100, 0), (250, 0), (250, 12)])
def test_attention(benchmark, frames, window, precision):
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    torch.set_num_threads(1)
    torch.manual_seed(0)
    dtype = PRECISIONS[precision]
    query = torch.randn(BATCH, frames, HEADS * WIDTH).to(dtype)
    kv = torch.randn(BATCH, frames, 2 * HEADS * WIDTH).to(dtype)
    slopes = (0.5 ** torch.arange(1, HEADS + 1)).to(dtype)
    q, k, v = map(heads_of, (query, *kv.chunk(2, -1)))
    frame = torch.arange(frames)
    distance = (frame[:, None] - frame).abs()
    bias = -slopes[:, None, None] * distance.to(dtype)
    if window:
        bias = bias.masked_fill(distance > window, float("-inf"))

    def near(batch, head, i, j):
        return (i - j).abs() <= (window or frames)

    def biased(score, batch, head, i, j):
        return score - slopes[head] * (i - j).abs()

    mask = create_block_mask(near, None, None, frames, frames, device="cpu") if window else None
    with torch.no_grad():
        others = {"sdpa": lambda: F.scaled_dot_product_attention(q, k, v, attn_mask=bias[None])}
        try:
            flex = torch.compile(flex_attention)
            flex(q, k, v, score_mod=biased, block_mask=mask)
            others["flex"] = lambda: flex(q, k, v, score_mod=biased, block_mask=mask)
        except Exception as error:  # no compiler, or a size that it has no code for
            print("FlexAttention does not run here:", str(error).splitlines()[0])
        exact = F.scaled_dot_product_attention(q.double(), k.double(), v.double(), attn_mask=bias[None].double())
        attention = OPS["content_attention"].call
        args = query, kv, HEADS, slopes, window, None
        off = (heads_of(attention(*args)) - exact).norm() / exact.norm()
        assert off < ERROR[precision], "a wrong kernel has no speed"
        own, best = against(benchmark, lambda: attention(*args), others, rounds=100, clock=process_time)
    must, stretch = MUST[precision] if (frames, window) == (100, 0) else ("", "")
    name = f"attention, {BATCH} x {HEADS} x {frames} x {WIDTH}, window {window or 'all'}, {precision}"
    target(benchmark, f"{name}: over SDPA", best["sdpa"] / own, must, stretch)
    if "flex" in best:
        target(benchmark, f"{name}: over FlexAttention", best["flex"] / own, "", "")
