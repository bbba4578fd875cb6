"""Windows joined: which frames each hands to the next, and that the network is given them clean."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from emoface.diffusion import windows as module
from emoface.diffusion.denoiser import ADAIN_EPS, Block, Denoiser, DenoiserConfig
from emoface.diffusion.guidance import Guidance
from emoface.diffusion.noise import start_noise
from emoface.diffusion.windows import LEAD_IN, SHORTEST, Track, Window, WindowSampler, plan_windows
from emoface.kernels import OPS

CONFIG = DenoiserConfig(
    motion=6, emotion=8, content=5, channels=16, heads=2, blocks=1, feed_forward=16, window=40, context=8, lookahead=4
)
FRAMES = 100


def network(fused: bool = True) -> Denoiser:
    torch.manual_seed(0)
    made = Denoiser(CONFIG).eval().requires_grad_(False)
    for parameter in made.parameters():
        parameter.add_(0.2 * torch.randn_like(parameter))
    made.fused = fused
    return made


def sampler(denoiser: Denoiser, samples: int = 1, **options: Any) -> WindowSampler:
    return WindowSampler(denoiser, "ddim", 2, Guidance(), 0, 3, samples, torch.ones(CONFIG.motion), **options)


def plan() -> list[Window]:
    return list(plan_windows(FRAMES, CONFIG.window, CONFIG.context, CONFIG.lookahead))


def track(key: str, window: Window, share: float = 1.0, sign: float = 1.0) -> Track:
    return Track(key, sign * torch.ones(CONFIG.emotion), torch.full((window.stop - window.start,), share))


def content(window: Window) -> Tensor:
    heard = torch.randn(FRAMES + 80, CONFIG.content, generator=torch.Generator().manual_seed(5))
    return heard[LEAD_IN + window.start : LEAD_IN + window.stop]


@pytest.fixture(params=["in one call", "step by step"])
def watched(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Denoiser, list[Any]]:
    """A network, and what the trajectory of each window was told of known motion: (known, mask, result)."""
    seen: list[Any] = []
    fused = request.param == "in one call"
    if fused and not OPS["denoise_loop"].accelerates(torch.zeros(1, 1, 1)):
        pytest.skip("denoise_loop has no back end here")
    name, known_at = ("denoise_loop", -4) if fused else ("sample", 5)
    plain = getattr(module, name)

    def watch(*args: Any, **named: Any) -> Tensor:
        result = plain(*args, **named)
        seen.append((args[known_at], args[known_at + 1], result))
        return result

    monkeypatch.setattr(module, name, watch)
    return network(fused), seen


def test_each_window_is_given_the_last_frames_of_the_one_before(watched: tuple[Denoiser, list[Any]]) -> None:
    denoiser, seen = watched
    loop, kept = sampler(denoiser, samples=2), torch.empty(2, 0, CONFIG.motion)
    with torch.inference_mode():
        for window in plan():
            piece = loop.run(window, content(window), [track("a", window)])
            known, mask, motion = seen[-1]
            if window.index == 0:
                assert not mask.any()
            else:
                carried = window.keep_from - window.start
                assert carried == CONFIG.context
                assert mask[:, :carried].all() and not mask[:, carried:].any()
                assert torch.equal(known[:, :carried], kept[:, -carried:])
                assert torch.equal(motion[:, :carried], kept[:, -carried:]), "known frames stay as they are"
            assert torch.equal(piece, motion[:, window.keep_from - window.start : window.keep_to - window.start])
            kept = torch.cat([kept, piece], 1)
            assert [motion.shape[1] for motion in loop.context.values()] == [CONFIG.context], "and no more are kept"
    assert kept.shape == (2, FRAMES, CONFIG.motion) and len(seen) > 2


def test_a_track_that_begins_takes_its_context_from_the_first(watched: tuple[Denoiser, list[Any]]) -> None:
    denoiser, seen = watched
    first, second, third, *_ = plan()
    loop = sampler(denoiser)
    with torch.inference_mode():
        loop.run(first, content(first), [track("a", first)])
        loop.run(second, content(second), [track("a", second, 0.5), track("b", second, 0.5, -1.0)])
        loop.run(third, content(third), [track("b", third, 0.5, -1.0), track("a", third, 0.5)])
    (_, _, alone), (known, _, both), (swapped, _, _) = seen
    end = first.keep_to - first.start
    assert torch.equal(known[0, :8], alone[0, end - 8 : end]) and torch.equal(known[1], known[0])
    end = second.keep_to - second.start
    assert torch.equal(swapped[0, :8], both[1, end - 8 : end]) and torch.equal(swapped[1, :8], both[0, end - 8 : end])


def test_motion_depends_on_what_was_carried() -> None:
    first, second, *_ = plan()
    loop = sampler(network())
    with torch.inference_mode():
        loop.run(first, content(first), [track("a", first)])
        carried = loop.run(second, content(second), [track("a", second)])
        forgetful = sampler(network()).run(second, content(second), [track("a", second)])
    assert (carried - forgetful).abs().max() > 1e-3


@pytest.mark.parametrize("emotion, audio", [(1.0, 1.0), (2.0, 1.0), (1.5, 1.3)])
def test_one_call_and_single_steps_agree(emotion: float, audio: float) -> None:
    """On the carried context, the guidance's branches and AdaIN's eps too."""
    motions = []
    with torch.inference_mode():
        for fused in (True, False):
            loop = WindowSampler(
                network(fused), "dpm++2m", 3, Guidance(emotion, audio), 1, 3, 2, torch.ones(CONFIG.motion)
            )
            pieces = [
                loop.run(window, content(window), [track("a", window, 0.75), track("b", window, 0.25, -1.0)])
                for window in plan()
            ]
            motions.append(torch.cat(pieces, 1))
    torch.testing.assert_close(*motions, rtol=1e-4, atol=1e-4)


def test_adain_halves_the_variance_of_a_channel_that_moves_by_a_tenth() -> None:
    """``v / (v + eps)``, eps = 0.01: checkpoints were trained with it, and with less of it still faces tremble."""
    assert ADAIN_EPS == 0.01
    block = Block(CONFIG)
    with torch.no_grad():
        for parameter in block.narrow.parameters():
            parameter.zero_()
    moving = torch.tensor([0.1, -0.1]).repeat(10)[None, :, None].expand(1, 20, 16)  # variance 0.01
    nothing, same = torch.zeros(1, 16), torch.zeros(1, 2, 16)
    styled = block.express(torch.zeros(1, 20, 16), moving, (nothing, nothing), same)
    styled = styled - CONFIG.adain_residual * moving
    assert styled.var(1, unbiased=False).mean().item() == pytest.approx(0.5, rel=1e-4)


@pytest.mark.parametrize("window, context, lookahead", [(40, 8, 4), (64, 8, 4), (40, 12, 0), (33, 24, 8)])
def test_plans_frame_by_frame(window: int, context: int, lookahead: int) -> None:
    done = 0
    for number, now in enumerate(plan_windows(137, window, context, lookahead)):
        start = max(done - context, -LEAD_IN)
        keep_to = min(start + window - lookahead, 137)
        assert (now.index, now.start, now.keep_from, now.keep_to) == (number, start, done, keep_to)
        assert now.stop == max(min(keep_to + lookahead, 137), start + SHORTEST)
        done = keep_to
    assert done == 137


@pytest.mark.parametrize("window, context, lookahead", [(12, 8, 4), (10, 2, 2), (20, 20, 0)])
def test_windows_that_keep_nothing(window: int, context: int, lookahead: int) -> None:
    with pytest.raises(ValueError, match=f"got window {window}, context {context}, lookahead {lookahead}"):
        next(plan_windows(10, window, context, lookahead))
    assert next(plan_windows(10, window + 1, context, lookahead)).keep_to > 0


def test_swing_adds_slow_noise() -> None:
    """Slow noise of unit variance times the swing; none leaves the bits."""
    drawn = torch.randn(64, 400, 2, generator=torch.Generator().manual_seed(0))
    one, none = torch.ones(2), torch.zeros(64, 1, 2)
    plain = start_noise(drawn, none, one, one)
    swung = start_noise(drawn, none, one, one, torch.tensor([0.0, 2.0]))
    assert torch.equal(swung[..., 0], plain[..., 0])
    slow = (swung - plain)[..., 1]
    assert float(slow.std()) == pytest.approx(2.0, rel=0.05)
    assert float(slow.diff(dim=1).std()) < 0.4 * float(slow.std())


def test_start_noise_by_hand() -> None:
    drawn = torch.tensor([[[1.0], [3.0], [2.0], [6.0]]])  # mean 3
    started = start_noise(drawn, torch.tensor([[[4.0]]]), torch.tensor([0.5]), torch.tensor([3.0]))
    torch.testing.assert_close(started, torch.tensor([[[-1.0], [0.0], [-0.5], [1.5]]]) + 4 * 3 / 2)


def test_noise_belongs_to_seed_sample_and_window() -> None:
    def drawn(seed: int, samples: int, index: int) -> Tensor:
        loop = WindowSampler(network(), "ddim", 2, Guidance(), 0, seed, samples, torch.ones(CONFIG.motion))
        return loop.noise(Window(0, 40, 0, 36, index))[0]

    three = drawn(3, 3, 0)
    assert torch.equal(three[:1], drawn(3, 1, 0))
    different = [*three, drawn(4, 1, 0)[0], drawn(3, 1, 1)[0], drawn(3, 1, 2)[0]]
    for number, one in enumerate(different):
        for other in different[:number]:
            assert (one - other).abs().max() > 0.1
    scaled = sampler(network(), character=torch.zeros(CONFIG.motion)).noise(Window(0, 40, 0, 36, 0))[0]
    assert scaled.mean(1).abs().max() < 1e-6


def test_noise_comes_from_generators_of_stated_seeds() -> None:
    """So that a seed gives the same take in every version."""
    seed, samples, frames = 15_000_000, 2, 40
    loop = WindowSampler(network(), "ddim", 2, Guidance(), 0, seed, samples, torch.ones(CONFIG.motion))

    def drawn(number: int, index: int, count: int) -> Tensor:
        place = (seed * 1_000_003 + number) * 1_000_003 + index
        return torch.randn(count, CONFIG.motion, generator=torch.Generator().manual_seed(place % 2**63))

    expected = start_noise(
        torch.stack([drawn(number, 2, frames) for number in range(samples)]),
        torch.stack([drawn(number, -4, 1) for number in range(samples)]),
        torch.ones(CONFIG.motion), torch.ones(CONFIG.motion),
    )  # fmt: skip
    assert torch.equal(loop.noise(Window(0, frames, 0, 36, 2))[0], expected)
