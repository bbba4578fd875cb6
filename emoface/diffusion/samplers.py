"""Samplers as coefficient tables of one affine update: DDIM and DPM-Solver++(2M).

Every step is ``x <- c_x x + c_0 x0 + c_prev x0_prev + c_noise noise`` with x0 the network's prediction of the clean
motion and x0_prev that of the step before; known frames are set to ``k_known known + k_noise noise``.

Notation: a = alpha_bar(t), a' = alpha_bar(t') at the next time; alpha = sqrt(a), sigma = sqrt(1 - a),
lambda = log(alpha / sigma), h = lambda' - lambda.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

from emoface.kernels import sampler_step

from .schedule import alpha_bar, sampling_times

COEFFICIENTS = ("c_x", "c_0", "c_prev", "c_noise", "k_known", "k_noise")

Sampler = Callable[[int], Tensor]
"""From a number of steps to its table (steps, 6), columns ``COEFFICIENTS``."""

SAMPLERS: dict[str, Sampler] = {}
"""Every sampler by name."""

SamplerType = TypeVar("SamplerType", bound=Sampler)


def register_sampler(name: str) -> Callable[[SamplerType], SamplerType]:
    """Enter a table of coefficients among ``SAMPLERS``; all that a further sampler needs."""

    def register(sampler: SamplerType) -> SamplerType:
        SAMPLERS[name] = sampler
        return sampler

    return register


@register_sampler("ddim")
def ddim_table(steps: int, eta: float = 0.0) -> Tensor:
    """Coefficients of DDIM (Song et al. 2021, equation 12) for a network that predicts x0.

    ``x' = sqrt(a') x0 + sqrt(1 - a' - s^2) (x - sqrt(a) x0) / sqrt(1 - a) + s noise`` with
    ``s = eta sqrt((1 - a') / (1 - a)) sqrt(1 - a / a')``.

    Args:
        steps: number of network calls. eta: 0 deterministic .. 1 ancestral.

    Returns:
        (steps, 6) float64, columns ``COEFFICIENTS``; known frames are written clean.
    """
    share = alpha_bar(sampling_times(steps))
    share[-1] = 1.0
    now, after = share[:-1], share[1:]
    sigma = eta * ((1 - after) / (1 - now)).sqrt() * (1 - now / after).clamp(min=0).sqrt()
    c_x = (1 - after - sigma.square()).clamp(min=0).sqrt() / (1 - now).sqrt()
    c_0 = after.sqrt() - now.sqrt() * c_x
    return _table(c_x, c_0, torch.zeros_like(c_x), sigma)


@register_sampler("dpm++2m")
def dpm_solver_table(steps: int) -> Tensor:
    """Coefficients of DPM-Solver++(2M) (Lu et al. 2022, algorithm 2) in its data-prediction form.

    ``x' = (sigma' / sigma) x - alpha' (e^-h - 1) D`` with ``D = (1 + 1 / 2r) x0 - (1 / 2r) x0_prev``,
    r = h_before / h. The first step and the last, which ends at sigma' = 0, are first order (D = x0).

    Args:
        steps: number of network calls.

    Returns:
        (steps, 6) float64, columns ``COEFFICIENTS``.
    """
    share = alpha_bar(sampling_times(steps))
    alpha, sigma = share.sqrt(), (1 - share).sqrt()
    sigma[-1], alpha[-1] = 0.0, 1.0
    c_x, c_0, c_prev = (torch.zeros(steps, dtype=torch.float64) for _ in range(3))
    before = None
    for i in range(steps):
        c_x[i] = sigma[i + 1] / sigma[i]
        if i == steps - 1:
            c_0[i] = 1.0
            continue
        h = torch.log(alpha[i + 1] / sigma[i + 1]) - torch.log(alpha[i] / sigma[i])
        gain = -alpha[i + 1] * torch.expm1(-h)
        half = 0.0 if before is None else h / (2 * before)
        c_0[i] = gain * (1 + half)
        c_prev[i] = -gain * half
        before = h
    return _table(c_x, c_0, c_prev, torch.zeros_like(c_x))


def _table(c_x: Tensor, c_0: Tensor, c_prev: Tensor, c_noise: Tensor) -> Tensor:
    ones, zeros = torch.ones_like(c_x), torch.zeros_like(c_x)
    return torch.stack([c_x, c_0, c_prev, c_noise, ones, zeros], 1)


def needs_noise(table: Tensor) -> bool:
    """Whether a table (steps, 6) asks for fresh noise on the way: c_noise or k_noise is not zero in some step."""
    return bool(table[:, [COEFFICIENTS.index(name) for name in ("c_noise", "k_noise")]].any())


def sample(
    predict: Callable[[Tensor, int], Tensor],
    start: Tensor,
    table: Tensor,
    guidance: Tensor,
    noise: Tensor | None = None,
    known: Tensor | None = None,
    mask: Tensor | None = None,
    quantile: float = 0.0,
    limits: tuple[float, float] = (1.0, 4.0),
    share: Tensor | None = None,
) -> Tensor:
    """Run a sampler from noise to motion.

    Args:
        predict: ``predict(x, step) -> (N, B, T, motion)`` predictions of x0 by the N guidance branches.
        start: (B, T, motion) initial noise.
        table: (steps, 6) coefficients, from ``SAMPLERS``.
        guidance: (2,) weights (g_a, g_e), or (2, T, motion).
        noise: (steps, B, T, motion) fresh noise of each step, needed if the table asks for some (:func:`needs_noise`).
        known: (B, T, motion) motion to keep where ``mask`` (B, T) is true, or None.
        quantile: dynamic threshold quantile, 0 to switch it off; ``limits`` bound the threshold.
        share: (B, T, motion) how far ``known`` is kept where the mask does not hold, 0..1, or None.

    Returns:
        (B, T, motion).

    Raises:
        ValueError: the table asks for noise, and there is none.
    """
    if noise is None and table.device.type == "cpu" and needs_noise(table):
        raise ValueError("sample: noise must be given for a table whose c_noise or k_noise is not zero, got None")
    coefficients = table.to(start)
    x = start if known is None or mask is None else torch.where(mask[..., None], known, start)
    x0_prev = torch.zeros_like(x)
    for step in range(table.shape[0]):
        prediction = predict(x, step)
        extra = None if noise is None else noise[step]
        x, x0_prev = sampler_step(
            prediction, guidance, x, x0_prev, coefficients[step], extra, known, mask, quantile, *limits, share
        )
    return x
