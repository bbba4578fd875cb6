"""The motion modality: the fixed anchor of the emotion space, to which all other modalities are bound."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from emoface.binding.modality import Modality, as_tensor, register_modality
from emoface.face.layout import FACE_NAMES, FACE_SIZE, MOTION_SIZE

_LIFE = tuple(i for i, name in enumerate(FACE_NAMES) if name.startswith(("eyeBlink", "eyeLook", "tongue")))
"""Channels that say nothing of an emotion: blinks and gaze are added at inference, the tongue is speech."""

SHORTEST = 12  # frames of the shortest motion that the encoder is trained on


class _Block(nn.Module):
    """``x + W gelu(conv(LN(x)))``: a dilated convolution over time, channels normalised per frame."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.conv = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        h = self.norm(x) * mask  # (B, T, C)
        h = self.conv(h.transpose(1, 2)).transpose(1, 2)
        return x + self.out(F.gelu(h))


@register_modality("motion")
class Motion(Modality):
    """Facial motion of any length -> z: a small dilated convolutional network over time, no adapter.

    Blink, gaze and tongue channels are ignored by construction. Frames outside the mask are kept at zero
    through every layer, so a padded batch gives what each clip gives alone. The encoder sees the face alone: all other
    modalities are bound to its fixed weights, so its input stays the first layout, and it does not see the head.

    Args:
        width: Z. channels: width of the hidden layers. dilations: one residual block each. size: channels of
            motion that are seen, the first of each vector.
    """

    mean: Tensor
    scale: Tensor
    heard: Tensor

    def __init__(
        self,
        width: int,
        channels: int = 128,
        dilations: tuple[int, ...] | list[int] = (1, 2, 4, 8),
        size: int = FACE_SIZE,
    ) -> None:
        super().__init__(width)
        self.channels, self.dilations, self.size = channels, tuple(dilations), size
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))
        heard = torch.ones(size)
        if size == FACE_SIZE:
            heard[list(_LIFE)] = 0
        self.register_buffer("heard", heard, persistent=False)
        self.enter = nn.Conv1d(size, channels, 5, padding=2)
        self.blocks = nn.ModuleList(_Block(channels, dilation) for dilation in self.dilations)
        self.norm = nn.LayerNorm(channels)
        self.leave = nn.Linear(channels, width)

    def config(self) -> dict[str, Any]:
        """The constructor's arguments, from which a checkpoint builds the modality again."""
        return {"channels": self.channels, "dilations": list(self.dilations), "size": self.size}

    def set_statistics(self, motion: Tensor) -> None:
        """Take mean and scale of each channel from example motion (N, 56); the scale has a floor."""
        motion = motion[:, : self.size]
        self.mean.copy_(motion.mean(0))
        self.scale.copy_(motion.std(0).clamp(min=0.02))

    def normalize(self, motion: Tensor) -> Tensor:
        """``(motion - mean) / scale`` of the channels seen, ignored ones at zero; (B, T, 56) -> (B, T, size)."""
        return (motion[..., : self.size] - self.mean) / self.scale * self.heard

    def prepare(self, value: Any) -> tuple[Tensor, ...]:
        """Validate a motion clip.

        Args:
            value: (T, 56) array or tensor, T >= 1, channels in the order of ``MOTION_NAMES``, 25 fps; or (T, size).

        Returns:
            motion (1, T, size) float32, mask (1, T) bool; a clip shorter than 12 frames is slowed down to at least 12.

        Raises:
            TypeError: no array of numbers. ValueError: another shape, no frames, NaN or infinite values.
        """
        motion = as_tensor(value, "motion").to(self.device)
        if motion.ndim != 2 or motion.shape[1] not in (self.size, MOTION_SIZE) or motion.shape[0] == 0:
            raise ValueError(f"motion must have shape (T, {MOTION_SIZE}) with T >= 1, got {tuple(motion.shape)}")
        motion = motion[:, : self.size]
        motion = motion.repeat_interleave(-(-SHORTEST // len(motion)), 0)  # very short clips are held
        return motion[None], torch.ones(1, len(motion), dtype=torch.bool, device=motion.device)

    def features(self, motion: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Frame features.

        Args:
            motion: (B, T, 56), or what is seen of it. mask: (B, T) bool, true at real frames; None for all.

        Returns:
            (B, T, Z), the mask.
        """
        return self.encode_normalized(self.normalize(motion), mask), mask

    def encode_normalized(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Frame features (B, T, Z) of motion that :meth:`normalize` has normalised."""
        keep = x.new_ones(()) if mask is None else mask[..., None].to(x.dtype)  # (B, T, 1)
        h = self.enter((x * keep).transpose(1, 2)).transpose(1, 2)  # (B, T, C)
        for block in self.blocks:
            h = block(h, keep)
        return self.leave(self.norm(h))
