"""One optimiser step and the learning rate's course, shared by the parts of the stage."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn


def cosine_rate(optimizer: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LRScheduler:
    """A learning rate that warms up for at most 30 steps and then falls to 2 % along a cosine."""
    warm = max(min(30, steps // 10), 1)
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: min((n + 1) / warm, 0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * min(n / steps, 1))))
    )


def take_step(
    loss: Tensor,
    parameters: list[nn.Parameter],
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> float:
    """Back-propagate, clip the gradients' norm at 1, step, and return the loss."""
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    schedule.step()
    return float(loss.detach())
