"""One update of a diffusion sampler as plain PyTorch."""

import torch
from torch import Tensor


def sampler_step(
    prediction: Tensor, guidance: Tensor, x: Tensor, x0_prev: Tensor, coefficients: Tensor,
    noise: Tensor | None = None, known: Tensor | None = None, mask: Tensor | None = None,
    quantile: float = 0.0, limit_low: float = 1.0, limit_high: float = 10.0, share: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Guide a prediction and make one affine step: ``c_x x + c_0 x0 + c_prev x0_prev + c_noise noise``.

    Args: prediction (N, B, T, C) of 1 to 3 branches; guidance (2,) or (2, T, C); x, x0_prev, noise, known, share
    (B, T, C); coefficients (6,); mask (B, T). Returns the next x and x0, each (B, T, C).
    Arguments are checked by :func:`emoface.kernels.sampler_step`.
    """
    g_audio, g_emotion = guidance if guidance.dim() == 1 else guidance.to(x.dtype)  # each () or (T, C)
    c_x, c_0, c_prev, c_noise, k_known, k_noise = coefficients
    branches = len(prediction)
    if branches == 1:
        x0 = prediction[0].clone()  # (B, T, C)
    elif branches == 2:
        audio, full = prediction
        x0 = audio + g_emotion * (full - audio)
    else:
        null, audio, full = prediction
        x0 = null + g_audio * (audio - null) + g_emotion * (full - audio)
    if quantile > 0 and x0.numel():
        wide = x0.double() if x0.dtype == torch.float64 else x0.float()
        limit = torch.quantile(wide.abs().flatten(1), quantile, dim=1).clamp(limit_low, limit_high)  # (B,)
        limit = limit.to(x0.dtype)[:, None, None]
        x0 = x0.clamp(-limit, limit)
    if share is not None and known is not None:
        x0 = (1 - share) * x0 + share * known
    x_next = c_x * x + c_0 * x0 + c_prev * x0_prev
    if noise is not None:
        x_next = x_next + c_noise * noise
    if mask is not None:
        frozen = k_known * known if noise is None else k_known * known + k_noise * noise
        x_next = torch.where(mask[:, :, None], frozen, x_next)
    return x_next, x0
