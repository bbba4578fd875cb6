"""What is done around the sampler: how chance enters, and how its motion is smoothed, kept in range and closed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from emoface import checks
from emoface.audio.lip_net import GATED_PRESS, STYLES, apply_closure
from emoface.face.columns import places
from emoface.face.layout import (
    JAW_OPEN_RADIANS,
    JAW_SIDE_RADIANS,
    LIP_GAP_MM,
    MOTION_INDEX,
    MOTION_NAMES,
    MOTION_SIZE,
    MOUTH,
    NECK,
    UPPER,
    limit_turn,
)
from emoface.face.lips import PRESSED

from .following import ARTICULATING
from .samplers import SAMPLERS
from .schedule import TRAINING_STEPS

FILTER_REACH = 4.0
"""The smoothing filter ends after this many standard deviations."""
BLOCK, CHANNELS = 8192, 4
"""Frames and channels of a long recording that are finished at once."""
PARTING_MM = 3.0
PRESS = tuple(MOTION_INDEX[name] for name in ("mouthPressLeft", "mouthPressRight"))
PRESS_FRAMES, PRESS_FILTER = 3, 1.0
"""Frames over which lips stay as pressed as closing asks of any of them, and the deviation of the smoothing then."""
RESTING = tuple(i for i in MOUTH if abs(LIP_GAP_MM.get(MOTION_NAMES[i], 0.0)) < PARTING_MM)
"""Mouth shapes that neither part nor close the lips."""
HIGHEST = {
    "mouth_temperature": 10.0, "upper_temperature": 10.0, "head_temperature": 10.0,
    "upper_swing": 50.0, "head_swing": 50.0, "articulation": 10.0,
    "upper_character": 10.0, "head_character": 50.0, "head_turn": 10.0, "mouth_character": 10.0, "upper_filter": 50.0,
    "mouth_filter": 50.0, "rest_filter": 50.0, "closure": 1.0, "gestures": 10.0, "following": 1.0, "closing": 10.0,
    "upper_lip": 10.0, "press": 1.0, "accents": 10.0,
}  # fmt: skip
"""The highest value of each strength; the lowest is 0."""


@dataclass(frozen=True)
class Sampling:
    """How motion is sampled by default; stored in the checkpoint.

    Attributes:
        sampler: name in ``SAMPLERS``. steps: network calls per window. style: of the lips, a name in ``STYLES``.
        mouth_temperature: scale of the start noise on the mouth channels; sampling, not training, limits the lips.
        upper_temperature, head_temperature: the same on the upper face and on the head, whose events chance times; few
            steps give less of them than people show.
        upper_swing, head_swing: share of slow noise in the start noise there, out of which events grow.
        upper_character, head_character, mouth_character: scale of what is constant in the start noise over a take, on
            the upper face, on the head and on mouth shapes that do not part the lips.
        head_turn: scale of all this for the head's yaw and roll, which people do less than they nod.
        upper_filter, mouth_filter: standard deviation in frames of the smoothing of each region, 0 for none; the
            head's turns are smoothed like the upper face, the closure gate like the mouth. rest_filter: the mouth's
            where nobody speaks, so that it rests.
        closure: strength of the closure gate, 0..1. closing: added to the logits of closures, for voices of which too
            little is foreseen to be sure of one in time.
        articulation: scale of the jaw and of the lips' own shapes about rest; a network that predicts means moves them
            less than people do.
        following: share of the fast difference between heard and denoised articulation that is added, see
            :class:`~emoface.diffusion.following.Follower`.
        gestures: share of the voice's own small lip gestures that motion has at least, 0 for none.
        upper_lip: how much larger the fast motion of the raised upper lip is than the network's, see
            :class:`~emoface.diffusion.enlarging.Enlarger`. press: mouthPress, at least, of lips that the gate closes.
        accents: strength of what brows, wide eyes and a wrinkled nose bring with them, see
            :func:`~emoface.diffusion.accents.accentuate`; 0 for none.
    """

    sampler: str = "ddim"
    steps: int = 4
    mouth_temperature: float = 0.4
    upper_temperature: float = 1.0
    head_temperature: float = 1.0
    upper_swing: float = 0.0
    head_swing: float = 0.0
    upper_character: float = 1.65
    head_character: float = 1.0
    head_turn: float = 1.0
    mouth_character: float = 2.1
    upper_filter: float = 0.8
    mouth_filter: float = 0.49
    rest_filter: float = 1.2
    closure: float = 1.0
    articulation: float = 1.0
    gestures: float = 1.0
    following: float = 0.0
    closing: float = 0.0
    upper_lip: float = 1.0
    press: float = GATED_PRESS
    accents: float = 0.0
    style: str = "artist"

    def __post_init__(self) -> None:
        checks.choice("sampler", self.sampler, SAMPLERS)
        checks.choice("style", self.style, STYLES)
        checks.whole("steps", self.steps, 1, TRAINING_STEPS)
        for name, high in HIGHEST.items():
            object.__setattr__(self, name, checks.number(name, getattr(self, name), 0, high))

    def scales(self) -> tuple[Tensor, Tensor, Tensor]:
        """Scales of the start noise: temperature, character and swing, each (56,)."""
        temperature = torch.ones(MOTION_SIZE)
        temperature[list(MOUTH)] = self.mouth_temperature
        temperature[list(UPPER)], temperature[list(NECK)] = self.upper_temperature, self.head_temperature
        character = temperature.clone()
        character[list(UPPER)], character[list(NECK)] = self.upper_character, self.head_character
        character[list(RESTING)] = self.mouth_character
        swing = torch.zeros(MOTION_SIZE)
        swing[list(UPPER)], swing[list(NECK)] = self.upper_swing, self.head_swing
        for scale in (temperature, character, swing):
            scale[list(NECK[1:])] *= self.head_turn
        return temperature, character, swing


def liveliness(presence: Tensor) -> Tensor:
    """Scale of the start noise within a window: chance moves the mouth while somebody speaks; else it would mutter.

    Args:
        presence: (T,) of speech, 0..1.

    Returns:
        (T, 56).
    """
    scale = torch.ones(len(presence), MOTION_SIZE)
    scale[:, places(MOUTH, scale.device)] = presence[:, None]
    return scale


def finish(
    motion: Tensor, closure: Tensor, presence: Tensor, sampling: Sampling,
    smooth: Callable[[Tensor, float], Tensor] | None = None, closing: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Smooth motion, clip it to the anatomical range and close the lips where the voice says so.

    The gate closes and opens as smoothly as the mouth moves, and lips are pressed no shorter than lips are, though what
    is left to close by pressing comes and goes within a frame. A long recording on a CPU is filtered a few channels and
    closed a block of frames at a time, so that it takes little memory beside the result; the bits are the same.

    Args:
        motion: (B, T, 56) of a whole recording. closure: (T,) closure weight, 0..1. presence: (T,) of speech, 0..1.
        sampling: strengths of the filters and the gate. smooth: the filter, :func:`gaussian_filter` if None.
        closing: (T,) how far lips are brought to what the voice says, 0..1, None for wholly.

    Returns:
        (B, T, 56), a new tensor.
    """
    smooth = smooth or gaussian_filter
    motion, frames = motion.clone(), motion.shape[1]
    at_once = CHANNELS if frames > BLOCK and motion.device.type == "cpu" else MOTION_SIZE
    for upper in _groups(UPPER, at_once, motion.device):
        motion[..., upper] = smooth(motion[..., upper], sampling.upper_filter)
    neck = places(NECK, motion.device)
    motion[..., neck] = limit_turn(smooth(motion[..., neck], sampling.upper_filter))
    speech = smooth(presence[None, :, None], 1.0)  # (1, T, 1)
    for mouth in _groups(MOUTH, at_once, motion.device):
        resting = smooth(motion[..., mouth], sampling.rest_filter)
        speaking = smooth(motion[..., mouth], sampling.mouth_filter)
        motion[..., mouth] = torch.lerp(resting, speaking, speech)
    if sampling.articulation != 1:
        motion[..., places(ARTICULATING, motion.device)] *= sampling.articulation
    gate = smooth(closure.expand(motion.shape[0], -1)[..., None], sampling.mouth_filter)[..., 0]  # (B, T)
    jaw, press = MOTION_INDEX["jaw_pose_x"], places(PRESS, motion.device)
    pressed = motion[..., press].clamp(0, 1)  # (B, T, 2) before lips are closed
    for start in range(0, frames, BLOCK):
        block = motion[:, start : start + BLOCK]
        block[..., :jaw].clamp_(0, 1)
        block[..., jaw].clamp_(0, JAW_OPEN_RADIANS)
        block[..., jaw + 1 : jaw + 3].clamp_(-JAW_SIDE_RADIANS, JAW_SIDE_RADIANS)
        closed = apply_closure(block, gate[:, start : start + BLOCK], sampling.closure, sampling.press)
        block.copy_(closed if closing is None else block.lerp(closed, closing[start : start + BLOCK, None].to(block)))
    added = (motion[..., press] - pressed).transpose(1, 2)  # (B, 2, T)
    added = nn.functional.max_pool1d(added, PRESS_FRAMES, stride=1, padding=PRESS_FRAMES // 2).transpose(1, 2)
    held = torch.minimum(pressed + added, pressed.clamp(min=PRESSED))
    motion[..., press] = smooth(held, PRESS_FILTER).clamp(0, 1)
    return motion


@lru_cache(maxsize=16)
def _groups(channels: tuple[int, ...], at_once: int, device: torch.device) -> tuple[Tensor, ...]:
    """The channels' numbers, so many at a time; never one alone, for which a convolution sums in another order."""
    parts = max(len(channels) // at_once, 1)
    return tuple(places(tuple(part.tolist()), device) for part in np.array_split(channels, parts))


@lru_cache(maxsize=64)
def _gaussian(sigma: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The kernel of a Gaussian of ``sigma`` frames, (2 reach + 1,), whose sum is 1."""
    reach = math.ceil(FILTER_REACH * sigma)
    with torch.inference_mode(False), torch.no_grad():
        offsets = torch.arange(-reach, reach + 1, dtype=dtype, device=device)
        kernel = torch.exp(-0.5 * (offsets / sigma).square())
        return kernel / kernel.sum()


def gaussian_filter(curves: Tensor, sigma: float) -> Tensor:
    """Smooth curves (B, T, C) over time with a Gaussian of ``sigma`` frames, 0 for none; ends held."""
    if sigma <= 0:
        return curves
    kernel = _gaussian(sigma, curves.dtype, curves.device)
    reach = len(kernel) // 2
    batch, frames, channels = curves.shape
    rows = curves.transpose(1, 2).reshape(batch * channels, 1, frames)
    padded = torch.cat([rows[..., :1].expand(-1, -1, reach), rows, rows[..., -1:].expand(-1, -1, reach)], -1)
    return nn.functional.conv1d(padded, kernel[None, None]).view(batch, channels, frames).transpose(1, 2)


@lru_cache(maxsize=256)
def _smoother(frames: int, sigma: float, device: torch.device) -> Tensor:
    """:func:`gaussian_filter` of so many frames as a matrix (T, T)."""
    with torch.inference_mode(False), torch.no_grad():
        return gaussian_filter(torch.eye(frames, device=device)[None], sigma)[0]


def short_filter(curves: Tensor, sigma: float) -> Tensor:
    """:func:`gaussian_filter` of a few frames (B, T, C) as one product, up to rounding."""
    if sigma <= 0:
        return curves
    smoother = _smoother(curves.shape[1], sigma, curves.device)
    return torch.stack([smoother @ take for take in curves])  # in one product, a take's bits could depend on others
