"""Eyes that stay readable where more of an emotion is asked for than it has: held lids go on closing only so far."""

from __future__ import annotations

import torch
from torch import Tensor

from .columns import places, values
from .layout import MOTION_INDEX

CLOSING: dict[str, float] = {
    "eyeBlink": 1.06, "eyeSquint": 0.49, "cheekSquint": 0.23, "eyeLookDown": 0.12, "eyeWide": -0.53,
}  # fmt: skip
"""Share of the open head's aperture by which a unit of each shape brings the lids together, both lids added up."""
SHUT, LOOKING_DOWN = 0.6, 0.2
"""How far intensity closes lids by ``CLOSING``, and how far it lowers eyes: the pupil's middle is between lids."""
EASY = 0.7
"""Share of the room up to which all that is added is kept."""
_GIVING = ("eyeBlink", "eyeSquint")  # what is held back
_SIDES = ("Left", "Right")
_SHAPES = tuple(CLOSING)
_ALL = tuple(tuple(MOTION_INDEX[name + side] for name in _SHAPES) for side in _SIDES)
_GIVE = tuple(MOTION_INDEX[name + side] for name in _GIVING for side in _SIDES)
_DOWN = tuple(MOTION_INDEX["eyeLookDown" + side] for side in _SIDES)


def spare_eyes(motion: Tensor, strength: Tensor) -> Tensor:
    """Motion of an emotion made stronger, whose lids and gaze do not follow to the end.

    With x the motion and i > 1 the strength, ``x / i`` is what the emotion has by itself and the rest is added; of what
    is added to ``eyeBlink`` and ``eyeSquint``, and to ``eyeLookDown``, the share that there is room for is kept.
    Nothing changes where i is at most 1, or where there is room enough.

    Args:
        motion: (B, T, C), of which the first C channels of a motion. strength: (T, 1) or (T, C), on the CPU.

    Returns:
        (B, T, C); ``motion`` itself where no strength is above 1.
    """
    if not bool((strength > 1).any()):
        return motion
    strength = strength.to(motion.device, non_blocking=True)
    plain = motion / strength.clamp(min=1)
    added = motion - plain
    shut = torch.stack([_closing(plain, side) for side in _ALL]).amax(0)  # (B, T)
    more = torch.stack([_closing(added, side) for side in _ALL]).amax(0)
    down = places(_DOWN, motion.device)
    kept = torch.ones_like(motion)
    kept[..., places(_GIVE, motion.device)] = _share(more, SHUT - shut)[..., None]
    kept[..., down] = _share(added[..., down].amax(-1), LOOKING_DOWN - plain[..., down].amax(-1))[..., None]
    return torch.where((strength > 1) & (kept < 1), plain + kept * added, motion)


def _closing(motion: Tensor, side: tuple[int, ...]) -> Tensor:
    """(B, T) how far the lids of a side are brought together."""
    rates = values(tuple(CLOSING.values()), motion.dtype, motion.device)
    return (motion[..., places(side, motion.device)] * rates).sum(-1)


def _share(added: Tensor, room: Tensor) -> Tensor:
    """How much of what is added is kept: all of little, and never more than there is room for."""
    ratio = added.clamp(min=0) / room.clamp(min=1e-6)
    held = EASY + (1 - EASY) * torch.tanh((ratio - EASY) / (1 - EASY))
    return torch.where(ratio > EASY, held / ratio.clamp(min=EASY), 1.0)
