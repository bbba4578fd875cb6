"""Start noise: its bands of time scale, the pose of a take, and noise that turns away from a known course."""

from __future__ import annotations

import torch

from emoface.diffusion.noise import AWAY, coloured, start_noise, turned_away, white

N = torch.randn(4, 100, 3, generator=torch.Generator().manual_seed(0))


def test_swing_scales_what_is_slow() -> None:
    assert coloured(N, None) is N
    swung = coloured(N, torch.tensor([0.0, 1.0, 2.0])) - N
    assert not swung[..., 0].any() and torch.allclose(swung[..., 1].std(), torch.tensor(1.0), atol=0.25)
    spectrum = torch.fft.rfft(swung[..., 2], dim=1).abs().square().mean(0)
    assert spectrum[20:].sum() < 0.04 * spectrum.sum()  # of 51 frequencies up to 12.5 Hz


def test_noise_turned_away_keeps_the_rest() -> None:
    known = torch.cumsum(torch.randn(1, 100, 3, generator=torch.Generator().manual_seed(2)), 1) / 5
    other = torch.zeros(100, 3)
    other[20:80, :2] = 1
    temperature, swing = torch.full((3,), 0.5), torch.tensor([0.0, 1.0, 1.0])
    start = start_noise(N, torch.zeros(4, 1, 3), temperature, temperature, swing)
    turned = turned_away(start, known, other, temperature, swing)
    same = other == 0
    assert torch.equal(turned[:, same], start[:, same])
    course = (other * (known - (other * known).sum(1, keepdim=True) / 60.0))[0]
    course = course / course.norm(dim=0).clamp(min=1e-6)
    along = (turned * course).sum(1)  # (4, 3)
    assert torch.allclose(along[0], along[1], atol=1e-4) and (along[:, :2] < 0).all()
    assert torch.allclose(along[:, 0], torch.full((4,), -AWAY * 0.5), atol=1e-3)
    still = turned_away(start, torch.zeros_like(known), other, temperature, swing)
    assert torch.allclose(still, start)


def test_noise_is_the_samples_own() -> None:
    first, later = white(3, 1, 7, 20, 5, 2)
    assert first.shape == (20, 5) and later.shape == (2, 20, 5)
    assert torch.equal(first, white(3, 1, 7, 20, 5)[0])
    assert not torch.equal(first, white(3, 2, 7, 20, 5)[0]) and not torch.equal(first, white(4, 1, 7, 20, 5)[0])
