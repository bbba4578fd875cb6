"""The lip net: mouth curves and lip closure read directly off the voice.

A small dilated convolutional network on log-mels and, where there is a speech encoder, on its features. Its curves
serve as pseudo-labels when the denoiser is trained, and the denoiser may read them; its closure logit gates the
denoiser's output, so that p, b and m close the lips whatever the emotion does.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from emoface.audio.convolution import TimeConv
from emoface.audio.features import MEL_BINS, MEL_PER_FRAME, by_frame
from emoface.face.columns import places, values
from emoface.face.layout import (
    JAW_OPEN_RADIANS,
    JAW_SIDE_RADIANS,
    MOTION_INDEX,
    MOTION_NAMES,
    MOTION_SIZE,
    MOUTH,
)
from emoface.face.lips import close_lips, opening
from emoface.kernels import ln_qkv

ARTIST, RULE, PERSON = 0, 1, 2
STYLES = {"artist": ARTIST, "person": PERSON, "rule": RULE}
"""Styles of lips by name: measured curves that an artist cleaned, a filmed person's as they were tracked, and
rule-made ones.
"""

MOUTH_SCALE: tuple[float, ...] = tuple(
    {"jaw_pose_x": JAW_OPEN_RADIANS, "jaw_pose_y": JAW_SIDE_RADIANS, "jaw_pose_z": JAW_SIDE_RADIANS}.get(
        MOTION_NAMES[i], 1.0
    )
    for i in MOUTH
)
"""Per channel of ``MOUTH``, the motion units of a full movement: radians for the jaw, 1 for shapes."""

CLOSURE_LOW, CLOSURE_HIGH = 0.095, 0.29
"""Closure probability at which the gate begins, and at which it is full."""
GATED_PRESS = 0.2
"""mouthPress of a gated closure."""
FIRM = 0.4
"""Gate from which sneers give way wholly, where they part the lips."""


def _row(by_name: dict[str, float]) -> tuple[float, ...]:
    """56 values by channel name, 0 elsewhere."""
    return tuple(by_name.get(name, 0.0) for name in MOTION_NAMES)


_DAMPED = _row({
    "jaw_pose_x": 0.11, "mouthLowerDownLeft": 0.9, "mouthLowerDownRight": 0.9, "mouthUpperUpLeft": 0.9,
    "mouthUpperUpRight": 0.9, "mouthFunnel": 0.6,
})  # fmt: skip
_SMALL = ("mouthFunnel", "mouthPucker", "mouthRoll", "mouthLowerDown", "mouthUpperUp")  # beginnings of names
_GESTURES = tuple(place for place, i in enumerate(MOUTH) if MOTION_NAMES[i].startswith(_SMALL))  # within MOUTH
_GESTURING = tuple(MOUTH[place] for place in _GESTURES)
_PRESSED = _row({"mouthPressLeft": 1.0, "mouthPressRight": 1.0})


class ChannelNorm(nn.Module):
    """Weights of a norm of each frame over its channels: what a frame gives does not depend on how much is heard."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)


class DilatedBlock(nn.Module):
    """Residual block: norm, GELU, dilated convolution, GELU, pointwise convolution."""

    def __init__(self, width: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = ChannelNorm(width)
        self.wide = TimeConv(width, width, kernel, padding=kernel // 2 * dilation, dilation=dilation)
        self.point = TimeConv(width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, T, C) to features of the same shape."""
        hidden = self.wide(x, gelu=True, norm=self.norm.norm)  # (B, T, C)
        return self.point(self.dropout(hidden) if self.training else hidden, residual=x)


class LipNet(nn.Module):
    """Mouth curves and closure logit from normalised log-mels.

    Args:
        width: channels. blocks: residual blocks, dilations 1, 2, 4 in turn. kernel: odd. styles: number of
            styles.
        dropout: while training. speech: width W of the speech encoder's features, 0 to read log-mels alone.
    """

    scale: Tensor

    def __init__(
        self, width: int = 128, blocks: int = 6, kernel: int = 5, styles: int = 2, dropout: float = 0.1,
        speech: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        if kernel % 2 == 0 or kernel < 1:
            raise ValueError(f"kernel must be odd and positive, got {kernel}")
        self.speech = speech
        self.stem = TimeConv(MEL_PER_FRAME * (MEL_BINS + speech), width, kernel, padding=kernel // 2)
        self.style = nn.Embedding(styles, width)
        dilations = [2 ** (i % 3) for i in range(blocks)]
        self.blocks = nn.ModuleList(DilatedBlock(width, kernel, d, dropout) for d in dilations)
        self.norm = ChannelNorm(width)
        self.head = TimeConv(width, len(MOUTH) + 1, 1)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("scale", torch.tensor(MOUTH_SCALE), persistent=False)
        self.reach = kernel // 2 * (1 + sum(dilations))
        """Motion frames to each side on which a frame's output depends."""

    def forward(self, mel: Tensor, style: Tensor, speech: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Read mouth curves off the voice.

        Args:
            mel: (B, 2 T, 64) log-mels normalised as by ``emoface.audio.normalize``.
            style: (B,) int64, ``ARTIST``, ``RULE`` or ``PERSON``.
            speech: (B, 2 T, W) features of the speech encoder, for a net that was made with them.

        Returns:
            Curves (B, T, len(MOUTH)) in motion units, unclipped, and closure logits (B, T).

        Raises:
            ValueError: ``mel`` or ``speech`` has another shape.
        """
        if mel.ndim != 3 or mel.shape[2] != MEL_BINS or mel.shape[1] % MEL_PER_FRAME:
            raise ValueError(f"mel must have shape (B, 2 T, {MEL_BINS}), got {tuple(mel.shape)}")
        if (0 if speech is None else speech.shape[-1]) != self.speech:
            found = None if speech is None else tuple(speech.shape)
            raise ValueError(f"speech must have {self.speech or 'no'} features, got {found}")
        heard = mel if speech is None else torch.cat([mel, speech], -1)  # (B, 2 T, 64 + W)
        x = by_frame(heard)  # (B, T, 2 (64 + W))
        x = self.stem(self.dropout(x)) + self.style(style)[:, None]  # (B, T, C)
        for block in self.blocks:
            x = block(x)
        norm, head = self.norm.norm, self.head
        out = ln_qkv(x, norm.weight, norm.bias, head.weight[:, :, 0], head.bias, norm.eps)  # (B, T, len(MOUTH) + 1)
        return out[..., :-1] * self.scale, out[..., -1]


def closure_weight(logit: Tensor) -> Tensor:
    """How firmly the lips must be closed, 0..1: the closure probability, stretched from 0.095..0.29 to 0..1."""
    return ((logit.sigmoid() - CLOSURE_LOW) / (CLOSURE_HIGH - CLOSURE_LOW)).clamp(0, 1)


def mouth_motion(curves: Tensor) -> Tensor:
    """Put mouth curves into a motion array whose other channels are zero, clipped to the valid range.

    Args:
        curves: (..., len(MOUTH)) in motion units.

    Returns:
        (..., 56).
    """
    motion = curves.new_zeros(*curves.shape[:-1], MOTION_SIZE)
    motion[..., list(MOUTH)] = curves
    first = MOTION_INDEX["jaw_pose_x"]
    expression, opening, side, neck = motion.split([first, 1, 2, MOTION_SIZE - first - 3], -1)
    side = side.clamp(-JAW_SIDE_RADIANS, JAW_SIDE_RADIANS)
    return torch.cat([expression.clamp(0, 1), opening.clamp(0, JAW_OPEN_RADIANS), side, neck], -1)


def add_gestures(motion: Tensor, curves: Tensor, strength: float = 1.0) -> Tensor:
    """Let small gestures of the lips be no smaller than the voice tells: rounding, rolling, and lips off the teeth.

    ``max(motion, strength x curves)`` on those shapes. The denoiser alone makes them half as large as measured ones.
    What emotion adds to the same shapes stays.

    Args:
        motion: (..., T, 56). curves: (T, len(MOUTH)) of a :class:`LipNet`. strength: 0 leaves the motion as it is.

    Returns:
        (..., T, 56), a new tensor.

    Raises:
        ValueError: ``strength`` is negative or the shapes do not fit.
    """
    if not strength >= 0:
        raise ValueError(f"strength must be at least 0, got {strength}")
    if curves.shape != (motion.shape[-2], len(MOUTH)):
        raise ValueError(f"curves must have shape {(motion.shape[-2], len(MOUTH))}, got {tuple(curves.shape)}")
    moved = motion.clone()
    if strength > 0:
        heard, at = places(_GESTURES, motion.device), places(_GESTURING, motion.device)
        moved[..., at] = torch.maximum(moved[..., at], strength * curves[:, heard])
    return moved


def apply_closure(motion: Tensor, weight: Tensor, strength: float = 1.0, pressed: float = GATED_PRESS) -> Tensor:
    """Close the lips where they must be closed: the gate.

    With g = strength x weight, lower and upper lip are scaled by 1 - 0.9 g, the funnel by 1 - 0.6 g, the jaw by
    1 - 0.11 g, as people close their lips without shutting the jaw. mouthPress rises to at least ``pressed`` g, and
    :func:`emoface.face.lips.close_lips` takes up the share g of the opening that is left. Sneers give way last.

    Args:
        motion: (..., T, 56).
        weight: (..., T) 0..1, from :func:`closure_weight`.
        strength: 0 closes nothing, 1 closes the lips wholly.
        pressed: mouthPress, at least, of lips that are wholly closed.

    Returns:
        (..., T, 56), a new tensor; mouthClose is at most jawOpen, whatever the weight.

    Raises:
        ValueError: ``strength`` is outside 0..1 or the shapes do not fit.
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must be in 0..1, got {strength}")
    if motion.shape[:-1] != weight.shape:
        raise ValueError(f"weight must have shape {tuple(motion.shape[:-1])}, got {tuple(weight.shape)}")
    gate = strength * weight  # (..., T)
    damped, press = (values(one, motion.dtype, motion.device) for one in (_DAMPED, _PRESSED))
    closed = motion * (1 - gate[..., None] * damped)
    closed = torch.where(press > 0, torch.maximum(closed, pressed * gate[..., None] * press), closed)
    return close_lips(closed, (1 - gate) * opening(closed).clamp(min=0), (gate / FIRM).clamp(max=1))
