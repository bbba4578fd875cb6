"""The denoiser, its guidance and the window loop, with small random networks."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from emoface.audio.encoder import ContentConfig, ContentEncoder
from emoface.diffusion.denoiser import Denoiser, DenoiserConfig
from emoface.diffusion.guidance import Guidance, stack_conditions
from emoface.diffusion.samplers import SAMPLERS, ddim_table
from emoface.diffusion.windows import LEAD_IN, SHORTEST, Track, Window, WindowSampler, plan_windows

SMALL = DenoiserConfig(emotion=8, content=16, channels=16, heads=2, blocks=2, feed_forward=32, window=40, context=8)


def network(config=SMALL, seed=0):
    torch.manual_seed(seed)
    denoiser = Denoiser(config).eval()
    with torch.no_grad():
        for parameter in denoiser.parameters():  # away from the identity that training starts from
            parameter.add_(0.05 * torch.randn_like(parameter))
    return denoiser


def inputs(config=SMALL, batch=3, frames=20):
    generator = torch.Generator().manual_seed(1)

    def draw(*shape):
        return torch.randn(*shape, generator=generator)

    return draw(batch, frames, config.motion), torch.rand(batch), draw(batch, frames, config.content), draw(
        batch, config.emotion
    )


def test_forward_is_the_prepared_step():
    denoiser = network()
    x, times, content, z = inputs()
    style = torch.tensor([0, 1, 0])
    whole = denoiser(x, times, content, z, style)
    clip, film = denoiser.prepare_clip(content, z, style), denoiser.prepare_schedule(times)
    assert whole.shape == x.shape
    assert torch.equal(whole, denoiser.denoise(x, film, clip))
    alone = denoiser(x[1:2], times[1:2], content[1:2], z[1:2], style[1:2])
    assert torch.allclose(whole[1:2], alone, atol=1e-5)


@pytest.mark.parametrize("what", ["content", "emotion", "style", "time", "known"])
def test_every_condition_matters(what):
    denoiser = network()
    x, times, content, z = inputs()
    style, known = torch.zeros(3, dtype=torch.int64), torch.zeros(3, 20, dtype=torch.bool)
    before = denoiser(x, times, content, z, style, known)
    if what == "content":
        content = content + 1
    elif what == "emotion":
        z = -z
    elif what == "style":
        style = style + 1
    elif what == "time":
        times = 1 - times
    else:
        known = ~known
    assert (denoiser(x, times, content, z, style, known) - before).abs().max() > 1e-3


def test_a_new_block_adds_no_film_and_no_adain():
    """Residual FiLMs and the AdaIN branch start at zero, so emotion and time do nothing before training."""
    torch.manual_seed(0)
    denoiser = Denoiser(SMALL)
    x, times, content, z = inputs()
    style = torch.zeros(3, dtype=torch.int64)
    before = denoiser(x, times, content, z, style)
    assert torch.allclose(before, denoiser(x, 1 - times, content, -z, style), atol=1e-5)


def test_every_parameter_is_trained():
    denoiser = network()
    x, times, content, z = inputs()
    content = torch.cat([content[:2], denoiser.null_content.expand(1, 20, -1)])
    z = torch.cat([z[:2], denoiser.null_emotion[None]])
    denoiser(x, times, content, z, torch.tensor([0, 1, 1])).square().mean().backward()
    silent = [name for name, p in denoiser.named_parameters() if p.grad is None or not p.grad.any()]
    # the bias of the key projection drops out of a softmax, so its third stays at zero gradient; no whole tensor may
    assert silent == []


def test_adain_alone_forgets_the_mean_over_the_window():
    """Why the residual is kept: without it, a constant offset of the stream vanishes."""
    pure = network(DenoiserConfig(**{**SMALL.__dict__, "adain_residual": 0.0}))
    kept = network()
    x, times, content, z = inputs()
    style = torch.zeros(3, dtype=torch.int64)
    changes = {}
    for name, denoiser in (("pure", pure), ("kept", kept)):
        with torch.no_grad():
            near = denoiser(x, times, content, z, style)
            far = denoiser(x, times, content + 3, z, style)
        changes[name] = float((far - near).mean(1).abs().mean())
    assert changes["kept"] > changes["pure"]


def test_channels_must_divide_by_heads():
    with pytest.raises(ValueError, match="divisible by heads, got 18 and 4"):
        Denoiser(DenoiserConfig(channels=18, heads=4))


def test_content_encoder_brings_mels_to_motion_rate():
    encoder = ContentEncoder(ContentConfig(channels=16))
    assert encoder(torch.randn(2, 40, 64)).shape == (2, 20, 16)
    hubert = ContentEncoder(ContentConfig(kind="hubert", features=768, channels=16))
    assert hubert(torch.randn(2, 20, 768)).shape == (2, 20, 16)
    with pytest.raises(ValueError, match="'heard' or 'hubert', got 'x'"):
        ContentEncoder(ContentConfig(kind="x"))


def test_guidance_runs_only_the_branches_it_needs():
    assert Guidance().branches == ((False, False),)
    assert Guidance(emotion=2).branches == ((False, True), (False, False))
    assert Guidance(emotion=2, audio=1.5).branches == ((True, True), (False, True), (False, False))
    content, z = torch.ones(2, 5, 3), torch.ones(2, 4)
    contents, emotions = stack_conditions(Guidance(2, 1.5), content, z, torch.zeros(3), torch.zeros(4))
    assert contents.shape == (6, 5, 3) and emotions.shape == (6, 4)
    assert contents[:2].sum() == 0 and contents[2:].eq(1).all()
    assert emotions[:4].sum() == 0 and emotions[4:].eq(1).all()


@given(st.integers(1, 1000), st.integers(40, 120), st.integers(1, 20), st.integers(0, 8))
def test_windows_tile_the_recording(frames, window, context, lookahead):
    windows = list(plan_windows(frames, window, context, lookahead))
    assert windows[0].keep_from == 0 and windows[-1].keep_to == frames
    for number, now in enumerate(windows):
        assert now.index == number
        assert -LEAD_IN <= now.start <= now.keep_from < now.keep_to <= now.stop
        assert SHORTEST <= now.stop - now.start <= max(window, SHORTEST)
        if number:
            assert now.keep_from == windows[number - 1].keep_to
            assert now.keep_from - now.start == min(context, now.keep_from + LEAD_IN)


def sampler(seed=3, num_samples=1, guidance=None, steps=2):
    return WindowSampler(
        network(), "ddim", steps, guidance or Guidance(), 0, seed, num_samples, torch.ones(SMALL.motion)
    )


def run(frames=70, tracks=None, **settings):
    content = torch.randn(200, SMALL.content, generator=torch.Generator().manual_seed(5))
    loop, pieces = sampler(**settings), []
    for window in plan_windows(frames, SMALL.window, SMALL.context, SMALL.lookahead):
        size = window.stop - window.start
        chosen = tracks(size) if tracks else [Track("a", torch.ones(SMALL.emotion), torch.ones(size))]
        pieces.append(loop.run(window, content[LEAD_IN + window.start : LEAD_IN + window.stop], chosen))
    return torch.cat(pieces, 1)


def test_loop_is_deterministic_and_seeded():
    with torch.inference_mode():
        first = run()
        assert first.shape == (1, 70, SMALL.motion)
        assert torch.equal(first, run())
        assert not torch.allclose(first, run(seed=4))


def test_samples_are_independent_and_the_first_is_the_single_one():
    with torch.inference_mode():
        three, one = run(num_samples=3), run()
    assert torch.allclose(three[:1], one, atol=1e-5)
    assert (three[1] - three[2]).abs().max() > 1e-2


def test_start_noise_is_white_and_its_mean_belongs_to_the_take():
    loop = sampler(num_samples=400)
    first, second = (loop.noise(Window(0, 40, 0, 40, index))[0] for index in (0, 1))
    assert abs(float(first.var()) - 1) < 0.03 and abs(float(first[:, 0].var()) - 1) < 0.1
    assert abs(float((first[:, 3] * first[:, 30]).mean())) < 0.05
    assert torch.allclose(first.mean(1), second.mean(1), atol=1e-5) and not torch.allclose(first, second)
    loop.character = loop.character * 3
    still = loop.noise(Window(0, 40, 0, 40, 0), torch.zeros(40, SMALL.motion))[0]
    assert torch.allclose(still, 3 * first.mean(1, keepdim=True).expand_as(still), atol=1e-5)


def test_a_sampler_that_asks_for_noise_gets_it_in_both_loops(monkeypatch):
    monkeypatch.setitem(SAMPLERS, "ancestral", lambda steps: ddim_table(steps, eta=1.0))
    window, content = Window(0, 40, 0, 40, 0), torch.zeros(40, SMALL.content)
    tracks = [Track("a", torch.ones(8), torch.ones(40)), Track("b", -torch.ones(8), torch.zeros(40))]

    def end(seed=3, samples=2, fused=True):
        denoiser = network()
        denoiser.fused = fused
        half = torch.full((SMALL.motion,), 0.5)
        loop = WindowSampler(denoiser, "ancestral", 3, Guidance(2.0), 0, seed, samples, half)
        quiet = WindowSampler(denoiser, "ddim", 3, Guidance(2.0), 0, seed, samples, half)
        (start, noise), (same, none) = loop.noise(window), quiet.noise(window)
        assert torch.equal(start, same) and none is None
        assert noise.shape == (3, samples, 40, SMALL.motion) and abs(float(noise.std()) - 0.5) < 0.02
        return loop.run(window, content, tracks)

    with torch.inference_mode():
        whole = end()
        torch.testing.assert_close(whole, end(fused=False), atol=1e-4, rtol=1e-4)
        assert torch.equal(whole, end()) and torch.allclose(whole[:1], end(samples=1), atol=1e-5)
        assert (whole - end(seed=4)).abs().max() > 1e-2


def test_a_guided_network_reads_the_strength_in_one_branch():
    guided = network(DenoiserConfig(**{**SMALL.__dict__, "guided": True}))

    def end(strength):
        loop = WindowSampler(guided, "ddim", 2, Guidance(strength), 0, 3, 1, torch.ones(SMALL.motion))
        assert loop.guidance.branches == ((False, False),)
        window = Window(0, 40, 0, 40, 0)
        return loop.run(window, torch.zeros(40, SMALL.content), [Track("a", torch.ones(8), torch.ones(40))])

    with torch.inference_mode():
        weak, plain, strong = end(0.5), end(1.0), end(3.0)
        guided.strength.weight.zero_()
        assert torch.equal(end(3.0), plain)
    assert (weak - plain).abs().max() > 1e-3 and (strong - plain).abs().max() > 1e-3


def test_a_shorter_recording_begins_like_a_longer_one():
    """Windows never look at later audio: what is kept of a full window does not change when more follows."""
    with torch.inference_mode():
        kept = SMALL.window - SMALL.lookahead - LEAD_IN
        assert torch.equal(run(frames=70)[:, :kept], run(frames=150)[:, :kept])


def test_tracks_combine_linearly():
    def two(share):
        def tracks(size):
            weights = torch.full((size,), share)
            return [
                Track("a", torch.ones(SMALL.emotion), weights),
                Track("b", -torch.ones(SMALL.emotion), 1 - weights),
            ]

        return tracks

    with torch.inference_mode():
        none, half, full = (run(tracks=two(share)) for share in (0.0, 0.5, 1.0))
    assert torch.allclose(half, (none + full) / 2, atol=1e-5)
    assert (none - full).abs().max() > 1e-2


def test_guidance_one_equals_no_guidance():
    with torch.inference_mode():
        plain, near = run(), run(guidance=Guidance(emotion=1.0 + 1e-6))
    assert torch.allclose(plain, near, atol=1e-3)
