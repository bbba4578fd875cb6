"""The denoiser under torch.compile, torch.export and autocast: one graph, the same motion."""

from __future__ import annotations

import pytest
import torch

from emoface.diffusion.denoiser import Denoiser, DenoiserConfig

CONFIG = DenoiserConfig(motion=7, emotion=8, content=12, channels=32, heads=2, blocks=2, feed_forward=48)


@pytest.fixture
def denoiser():
    torch.manual_seed(3)
    made = Denoiser(CONFIG).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return made.requires_grad_(False)


@pytest.fixture
def inputs():
    generator = torch.Generator().manual_seed(4)

    def draw(*shape):
        return torch.randn(shape, generator=generator)

    style, known = torch.tensor([0, 1]), torch.zeros(2, 9, dtype=torch.bool)
    return draw(2, 9, 7), torch.tensor([0.3, 0.9]), draw(2, 9, 12), draw(2, 8), style, known


def test_compiles_to_one_graph(denoiser, inputs):
    compiled = torch.compile(denoiser, fullgraph=True, backend="aot_eager", dynamic=False)
    torch.testing.assert_close(compiled(*inputs), denoiser(*inputs), rtol=1e-5, atol=1e-5)


def test_is_exported_and_loaded_again(denoiser, inputs, tmp_path):
    torch.export.save(torch.export.export(denoiser, inputs), tmp_path / "denoiser.pt2")
    loaded = torch.export.load(tmp_path / "denoiser.pt2").module()
    torch.testing.assert_close(loaded(*inputs), denoiser(*inputs), rtol=1e-5, atol=1e-5)


def test_autocast_rounds_products_alone(denoiser, inputs):
    exact = denoiser(*inputs)
    with torch.autocast("cpu", torch.bfloat16):
        rough = denoiser(*inputs).float()
    error = float((rough - exact).norm() / exact.norm())
    assert 1e-5 < error < 3e-2
