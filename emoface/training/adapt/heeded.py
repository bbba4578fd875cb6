"""What a training reads of a person's clips: features of the voice, motion, and what the checkpoint adds to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from emoface.audio.features import SAMPLE_RATE, log_mel
from emoface.audio.hearing import Heard
from emoface.audio.normalize import normalize_clip
from emoface.binding.emotions import EMOTIONS
from emoface.emotion import embed
from emoface.face.layout import NECK
from emoface.face.manner_statistics import NOT_MANNER
from emoface.pipeline import Pipeline

from .clips import PersonClip

PLAIN: dict[str, Any] = {"blink": False, "gaze": False}
"""Options of takes without what chance times."""


@dataclass(eq=False)
class Heeded:
    """A clip as the training reads it.

    Attributes:
        mel: (2 T, 64). speech: (2 T, W) or None. target: (T, 56). known: (T, 56) 0 or 1.
        expression: (T, 56) what the checkpoint adds to the neutral motion for an emotion. emotion: (Z,) that emotion.
        content: (T, F), which follows from the lip net. heard: what the checkpoint hears, where that is wanted.
    """

    mel: Tensor
    speech: Tensor | None
    target: Tensor
    known: Tensor
    expression: Tensor
    emotion: Tensor
    content: Tensor | None = None
    heard: Heard | None = None


def heed(
    pipeline: Pipeline, clips: Sequence[PersonClip], rng: np.random.Generator,
    tell: Callable[[str, float], None] = lambda what, share: None,
) -> list[Heeded]:  # fmt: skip
    """What the training reads of clips; what nobody captured, blinks, gaze and the head are the checkpoint's own.

    Args:
        pipeline: the checkpoint. clips: of a person. rng: draws the emotion of each. tell: called with what is done.
    """
    heeded = []
    encoder = pipeline.hearing.encoder
    for number, clip in enumerate(clips):
        tell("listen", number / len(clips))
        frames = len(clip.motion)
        asked = (EMOTIONS[int(rng.integers(len(EMOTIONS)))], int(rng.integers(1, 4)))
        own, moved = (
            as_long(pipeline.animate(clip.samples, sample_rate=SAMPLE_RATE, emotion=emotion, **PLAIN).motion, frames)
            for emotion in ("neutral", asked)
        )
        known = np.isfinite(clip.motion)
        known[:, [*NECK, *NOT_MANNER]] = False
        filled = np.where(known, clip.motion, own)
        with torch.no_grad():
            mel = normalize_clip(log_mel(torch.from_numpy(np.ascontiguousarray(clip.samples)), frames))
            speech = None if encoder is None else encoder(mel[None])[0]
            z = embed(asked, pipeline.emotion)
        target, weight, expression = (torch.from_numpy(part).float() for part in (filled, known, moved - own))
        heeded.append(Heeded(mel, speech, target, weight, expression, z))
    return heeded


def as_long(motion: np.ndarray, frames: int) -> np.ndarray:
    """Motion cut, or its last frame held, to so many frames."""
    return np.concatenate([motion, np.repeat(motion[-1:], max(frames - len(motion), 0), 0)])[:frames]


def stacked(parts: Sequence[Tensor]) -> Tensor:
    """Parts (t, n) of up to T frames as (B, T, n), zeros behind the shorter ones."""
    longest = max(len(part) for part in parts)
    return torch.stack([F.pad(part, (0, 0, 0, longest - len(part))) for part in parts])
