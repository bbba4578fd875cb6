"""The cosine schedule and the samplers' coefficient tables."""

import math
from itertools import pairwise

import pytest
import torch

from emoface.diffusion.samplers import COEFFICIENTS, SAMPLERS, ddim_table, dpm_solver_table, sample
from emoface.diffusion.schedule import TRAINING_STEPS, add_noise, alpha_bar, sampling_times, training_times

ONE_BRANCH = torch.tensor([1.0, 1.0])


def test_alpha_bar_falls_from_one_to_almost_zero():
    share = alpha_bar(torch.linspace(0, 1, 101, dtype=torch.float64))
    assert share[0] == 1 and share[-1] <= 1e-4
    assert (share.diff() <= 0).all()


def test_noise_keeps_unit_variance():
    torch.manual_seed(0)
    clean, noise = torch.randn(8, 500, 20), torch.randn(8, 500, 20)
    for time in (0.1, 0.5, 0.9):
        assert abs(float(add_noise(clean, noise, torch.full((8,), time)).var()) - 1) < 0.02


def test_training_times_lie_on_the_grid_and_favour_noise():
    times = training_times(20_000, 0.7, torch.Generator().manual_seed(0))
    assert times.min() >= 1 / TRAINING_STEPS and times.max() <= 1
    steps = times * TRAINING_STEPS
    assert torch.allclose(steps, steps.round(), atol=1e-4)
    assert abs(float(times.mean()) - 1 / 1.7) < 0.02  # mean of u^0.7


@pytest.mark.parametrize("name", sorted(SAMPLERS))
@pytest.mark.parametrize("steps", [1, 2, 4, 10, 50])
def test_a_perfect_network_gives_back_the_motion(name, steps):
    """With x0 predicted exactly, any sampler must end on x0, whatever the noise."""
    truth = torch.randn(2, 7, 5, dtype=torch.float64)
    start = torch.randn(2, 7, 5, dtype=torch.float64)
    fresh = torch.randn(steps, 2, 7, 5, dtype=torch.float64)
    motion = sample(lambda x, step: truth[None], start, SAMPLERS[name](steps), ONE_BRANCH, noise=fresh)
    assert torch.allclose(motion, truth, atol=1e-9)


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_marginals_are_kept(name):
    """For a known x0 each step must land on sqrt(a') x0 + sqrt(1 - a') noise, of the first noise and what was added."""
    steps = 6
    share = alpha_bar(sampling_times(steps))
    mean, first, added = share[0].sqrt(), (1 - share[0]).sqrt(), 0.0  # factors of x0 and noise, variance of the rest
    for i, (c_x, c_0, c_prev, c_noise, *_) in enumerate(SAMPLERS[name](steps)):
        mean, first, added = c_x * mean + c_0 + c_prev, c_x * first, c_x**2 * added + c_noise**2
        after = torch.tensor(1.0) if i == steps - 1 else share[i + 1]
        assert torch.allclose(mean, after.sqrt().double(), atol=1e-9)
        assert torch.allclose((first**2 + added).sqrt(), (1 - after).clamp(min=0).sqrt().double(), atol=1e-9)


def test_gaussian_data_is_sampled_with_its_deviation():
    """For N(0, s^2) data the best network is known; many steps must give back s, DPM-Solver sooner than DDIM."""
    deviation, errors = 0.3, {}
    start = torch.randn(1, 4000, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for name, steps in (("ddim", 8), ("dpm++2m", 8), ("ddim", 200)):
        shares = alpha_bar(sampling_times(steps))[:-1]

        def predict(x, step, shares=shares):
            a = shares[step]
            return (a.sqrt() * deviation**2 / (a * deviation**2 + 1 - a) * x)[None]

        found = sample(predict, start, SAMPLERS[name](steps), ONE_BRANCH).std()
        errors[name, steps] = abs(float(found / start.std()) - deviation)
    assert errors["ddim", 200] < 0.01
    assert errors["dpm++2m", 8] < errors["ddim", 8]


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_ddim_by_its_formula(eta: float) -> None:
    share = [*alpha_bar(sampling_times(6)).tolist()[:-1], 1.0]
    for (now, after), row in zip(pairwise(share), ddim_table(6, eta).tolist()):
        noise = eta * math.sqrt((1 - after) / (1 - now) * (1 - now / after))
        c_x = math.sqrt(1 - after - noise**2) / math.sqrt(1 - now)
        assert row == pytest.approx([c_x, math.sqrt(after) - math.sqrt(now) * c_x, 0, noise, 1, 0], abs=1e-12)


def test_dpm_solver_by_its_formula():
    share = alpha_bar(sampling_times(6)).tolist()
    steps, lengths = list(pairwise(share)), []
    for (now, after), row in zip(steps[:-1], dpm_solver_table(6).tolist()):
        lengths.append((math.log(after / (1 - after)) - math.log(now / (1 - now))) / 2)
        gain = math.sqrt(after) * (1 - math.exp(-lengths[-1]))
        half = 0.0 if len(lengths) == 1 else lengths[-1] / (2 * lengths[-2])
        c_x = math.sqrt(1 - after) / math.sqrt(1 - now)
        assert row == pytest.approx([c_x, gain * (1 + half), -gain * half, 0, 1, 0], abs=1e-12)


def test_the_threshold_is_off_unless_asked_for_and_at_most_four():
    start, guidance = torch.zeros(1, 6, 3), torch.tensor([1.0, 1.0])

    def predict(x, step):
        return torch.full((1, *x.shape), 9.0)

    free = sample(predict, start, ddim_table(1), guidance)
    limited = sample(predict, start, ddim_table(1), guidance, quantile=0.9)
    assert free.unique().tolist() == [9.0]
    told = sample(predict, start, ddim_table(1), guidance, quantile=0.9, limits=(1.0, 4.0))
    other = sample(predict, start, ddim_table(1), guidance, quantile=0.9, limits=(1.0, 5.0))
    assert torch.equal(limited, told) and not torch.equal(limited, other)


def test_ancestral_ddim_adds_noise_between_but_not_at_the_end():
    table = ddim_table(10, eta=1.0)
    noise = table[:, COEFFICIENTS.index("c_noise")]
    assert (noise[1:-1] > 0).all() and noise[-1] == 0
    assert torch.equal(ddim_table(10)[:, 3], torch.zeros(10, dtype=torch.float64))


def test_noise_that_a_table_asks_for_is_given_or_refused_before_work():
    start, table = torch.randn(1, 6, 3), ddim_table(4, eta=1.0)
    with pytest.raises(ValueError, match="sample: noise must be given for a table whose c_noise or k_noise"):
        sample(lambda x, step: pytest.fail("work was done"), start, table, ONE_BRANCH)
    noise = torch.randn(4, 1, 6, 3)
    still, moved = (sample(lambda x, step: 0 * x[None], start, table, ONE_BRANCH, noise=n) for n in (0 * noise, noise))
    expected, left = torch.zeros_like(start), 1.0
    for step in reversed(range(4)):
        expected = expected + left * table[step, 3].float() * noise[step]
        left *= float(table[step, 0])
    torch.testing.assert_close(moved - still, expected, atol=1e-5, rtol=1e-5)


def test_first_and_last_dpm_steps_are_first_order():
    column = dpm_solver_table(5)[:, COEFFICIENTS.index("c_prev")]
    assert column[0] == 0 and column[-1] == 0 and (column[1:-1] != 0).all()


def test_known_frames_stay_exactly():
    known, mask = torch.randn(1, 6, 3), torch.zeros(1, 6, dtype=torch.bool)
    mask[:, :2] = True
    seen = []

    def predict(x, step):
        seen.append(x[:, :2].clone())
        return torch.zeros(1, 1, 6, 3)

    motion = sample(predict, torch.randn(1, 6, 3), ddim_table(4), ONE_BRANCH, None, known, mask)
    assert torch.equal(motion[:, :2], known[:, :2])
    assert all(torch.equal(x, known[:, :2]) for x in seen)
