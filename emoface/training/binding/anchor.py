"""Training of the motion encoder, and its embeddings as anchors of the other modalities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emoface.binding.contrastive import ContrastiveLoss, soft_positives
from emoface.binding.emotions import LEVELS
from emoface.binding.intensity import MOVING
from emoface.binding.modalities.motion import Motion
from emoface.training import run

from .config import BindingConfig
from .optimize import cosine_rate, take_step
from .windows import Windows


def train_motion(motion: Motion, windows: Windows, config: BindingConfig, rng: np.random.Generator) -> float:
    """Train the anchor: contrast of two crops, masked reconstruction, (emotion, level) classes and
    intensities.

    ``L = KL(soft positives || softmax(z1 z2^T / 0.07)) + 0.5 CE + 5 |W z - I|^2 + w |decode(frames) -
    motion|^2``.

    Args:
        motion: the encoder, trained in place. windows: what to learn from. config: settings. rng: of the
            crops.

    Returns:
        Mean loss over the last tenth.
    """
    motion.set_statistics(windows.motion.flatten(0, 1)[::7].float())
    contrast = ContrastiveLoss(config.temperature, learnt=False)
    classify = nn.Linear(config.width, 1 + len(MOVING) * len(LEVELS))
    grade = nn.Linear(config.width, len(MOVING))
    decode = nn.Linear(config.width, motion.size)
    parameters = [p for part in (motion, classify, grade, decode) for p in part.parameters()]
    optimizer = torch.optim.AdamW(parameters, config.motion_rate, weight_decay=0.01)
    schedule = cosine_rate(optimizer, config.motion_steps)
    classes, losses = windows.classes(), []
    motion.train()
    for _ in run.progress(range(config.motion_steps), "motion encoder", config.motion_steps):
        rows = torch.from_numpy(rng.integers(0, len(classes), config.motion_batch))
        loss = torch.zeros(())
        z = []
        for _crop in range(2):
            x = _crop_windows(windows.motion[rows], config.shortest, rng)
            x = motion.normalize(x + 0.01 * float(rng.random()) * torch.randn(x.shape))  # (B, L, 53)
            hidden = _spans(x.shape[:2], rng)  # (B, L)
            frames = motion.encode_normalized(x * ~hidden[..., None], None)  # (B, L, Z)
            wrong = ((decode(frames) - x) * motion.heard).clamp(-3, 3).square().mean(-1)
            loss = loss + config.masked * (wrong * (1 + 2 * hidden)).mean()
            z.append(F.normalize(frames.amax(1), dim=-1))
        positives = soft_positives(windows.intensity[rows], config.kernel)
        loss = loss + contrast(z[0], z[1], positives)
        both, wanted = torch.cat(z), classes[rows].repeat(2)
        known = wanted >= 0
        if known.any():
            loss = loss + 0.5 * F.cross_entropy(10 * classify(both[known]), wanted[known])
        loss = loss + 5 * F.mse_loss(grade(both), windows.intensity[rows].repeat(2, 1)) * len(MOVING)
        losses.append(take_step(loss, parameters, optimizer, schedule))
    motion.eval().requires_grad_(False)
    return float(np.mean(losses[-max(len(losses) // 10, 1) :]))


def _crop_windows(motion: Tensor, shortest: int, rng: np.random.Generator) -> Tensor:
    """One length for the batch, a start for each row: (B, T, 53) float16 -> (B, L, 53) float32."""
    total = motion.shape[1]
    length = int(rng.integers(min(shortest, total), total + 1))
    starts = torch.from_numpy(rng.integers(0, total - length + 1, len(motion)))
    index = starts[:, None] + torch.arange(length)  # (B, L)
    return motion[torch.arange(len(motion))[:, None], index].float()


def _spans(shape: Sequence[int], rng: np.random.Generator) -> Tensor:
    """(B, L) bool, true in one stretch of up to 30 % of each of half of the rows."""
    batch, length = shape
    size = rng.integers(0, max(int(0.3 * length), 1) + 1, (batch, 1)) * (rng.random((batch, 1)) < 0.5)
    start = rng.integers(0, length, (batch, 1))
    place = np.arange(length)[None]
    return torch.from_numpy((place >= start) & (place < start + size))


@torch.no_grad()
def embed_windows(
    motion: Motion, windows: Tensor, shortest: int | None = None, rng: np.random.Generator | None = None
) -> Tensor:
    """z (N, Z) of windows (N, T, 53): whole, or with ``rng`` of crops of at least ``shortest`` frames."""
    blocks = [
        motion(block.float() if rng is None else _crop_windows(block, shortest or 1, rng))
        for block in windows.split(128)
    ]
    return torch.cat(blocks)


class Anchors:
    """Motion embeddings and the intensities they express, to which other modalities are bound.

    Args:
        motion: the frozen encoder. windows: motion windows; each is embedded whole and twice in part.
        shortest: shortest part. kernel: width, in strength, of the mean in :meth:`mean`. rng: of the parts.
    """

    def __init__(
        self, motion: Motion, windows: Windows, shortest: int, kernel: float, rng: np.random.Generator
    ) -> None:
        with torch.no_grad():
            views = [embed_windows(motion, windows.motion)]
            views += [embed_windows(motion, windows.motion, max(shortest, 25), rng) for _ in range(2)]
        self.z = torch.stack(views, 1)  # (N, 3, Z)
        self.intensity, self.kernel = windows.intensity, kernel

    def mean(self, intensity: Tensor) -> Tensor:
        """Mean motion z around intensities (B, 7): ``normalize(sum_j exp(-|I - I_j|^2 / 2k^2) z_j)``."""
        distance = torch.cdist(intensity, self.intensity).square()  # (B, N)
        weights = torch.softmax(distance / (-2 * self.kernel**2), 1)
        return F.normalize(weights @ self.z.mean(1), dim=1)

    def draw(self, intensity: Tensor, rng: np.random.Generator) -> Tensor:
        """The z of some motion near each of the intensities (B, 7); (B, Z)."""
        distance = torch.cdist(intensity, self.intensity).square()
        weights = torch.softmax(distance / (-2 * (self.kernel / 2) ** 2), 1)
        noise = torch.from_numpy(rng.gumbel(size=weights.shape).astype(np.float32))
        rows = (weights.clamp(min=1e-30).log() + noise).argmax(1)
        return self.z[rows, torch.from_numpy(rng.integers(0, self.z.shape[1], len(rows)))]
