"""Classifier-free guidance: which branches the network runs, and how their predictions become one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Guidance:
    """Incremental guidance ``f(null) + g_a (f(a) - f(null)) + g_e (f(a, z) - f(a))`` (DiffPoseTalk, section 4.3).

    A branch whose weight cancels is not run: with ``audio = emotion = 1`` only f(a, z) is.

    Attributes:
        emotion: g_e. audio: g_a.
        parts: (T, motion) g_e of each frame and channel of a window, in place of ``emotion``; None for one number.
    """

    emotion: float = 1.0
    audio: float = 1.0
    parts: Tensor | None = None

    @property
    def branches(self) -> tuple[tuple[bool, bool], ...]:
        """(audio dropped, emotion dropped) of each branch, in the order of the sampler step."""
        if self.audio != 1:
            return ((True, True), (False, True), (False, False))
        if self.emotion != 1 or self.parts is not None:
            return ((False, True), (False, False))
        return ((False, False),)

    def weights(self, like: Tensor) -> Tensor:
        """(g_a, g_e) as a float32 tensor (2,) or (2, T, motion) on the device of ``like``."""
        if self.parts is not None:
            parts = self.parts.float()
            return torch.stack([torch.full_like(parts, self.audio), parts]).to(like.device, non_blocking=True)
        return torch.tensor([self.audio, self.emotion], dtype=torch.float32).to(like.device, non_blocking=True)


def stack_conditions(
    guidance: Guidance, content: Tensor, emotion: Tensor, null_content: Tensor, null_emotion: Tensor
) -> tuple[Tensor, Tensor]:
    """Conditions of all branches as one batch, branch-major.

    Args:
        guidance: which branches to run, N of them.
        content: (B, T, F) content features. emotion: (B, Z). null_content: (F,). null_emotion: (Z,).

    Returns:
        content (N * B, T, F) and emotion (N * B, Z).
    """
    contents = [null_content.expand_as(content) if audio else content for audio, _ in guidance.branches]
    emotions = [null_emotion.expand_as(emotion) if dropped else emotion for _, dropped in guidance.branches]
    return torch.cat(contents), torch.cat(emotions)
