"""How the protocol names and orders shapes and emotions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from emoface.binding.emotions import canonical_emotion
from emoface.face.layout import ARKIT_INDEX

_EYE = ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")
_SIDED = ("Smile", "Frown", "Dimple", "Stretch")
NAMES = (
    *(f"Eye{move}{side}" for side in ("Left", "Right") for move in _EYE),
    "JawForward", "JawLeft", "JawRight", "JawOpen",
    "MouthClose", "MouthFunnel", "MouthPucker", "MouthLeft", "MouthRight",
    *(f"Mouth{move}{side}" for move in _SIDED for side in ("Left", "Right")),
    "MouthRollLower", "MouthRollUpper", "MouthShrugLower", "MouthShrugUpper",
    *(f"Mouth{move}{side}" for move in ("Press", "LowerDown", "UpperUp") for side in ("Left", "Right")),
    "BrowDownLeft", "BrowDownRight", "BrowInnerUp", "BrowOuterUpLeft", "BrowOuterUpRight",
    "CheekPuff", "CheekSquintLeft", "CheekSquintRight", "NoseSneerLeft", "NoseSneerRight", "TongueOut",
)  # fmt: skip
"""The 52 shapes in the order of the protocol."""
PLACES = [ARKIT_INDEX[name[0].lower() + name[1:]] for name in NAMES]
"""Where each of them is in ``ARKIT_NAMES``."""

NEAREST = {"cheekiness": "happy", "outofbreath": "neutral", "pain": "disgusted"}
"""The emotions of the protocol that are no names of ours, and what stands for them."""


def mixture(emotion: Mapping[str, float]) -> dict[str, float]:
    """Our mixture of the protocol's emotions, 0..1 each; what they leave is neutral.

    Raises:
        ValueError: an unknown name, or a weight that is not in 0..1.
    """
    weights: dict[str, float] = {}
    for name, weight in emotion.items():
        if not 0 <= weight <= 1:
            raise ValueError(f"emotion {name!r:.60} must weigh 0..1, got {weight}")
        label = canonical_emotion(NEAREST.get(name, name))
        weights[label] = weights.get(label, 0.0) + weight
    total = sum(weights.values())
    shares = {label: weight / max(total, 1.0) for label, weight in weights.items() if weight > 0}
    if total < 1:
        shares["neutral"] = shares.get("neutral", 0.0) + 1 - total
    return shares


def adjusted(parameters: Any) -> Callable[[np.ndarray], np.ndarray]:
    """What applies the multipliers and offsets that a client asked for to weights (n, 52), held to 0..1.

    Raises:
        ValueError: an unknown shape, or a number that is not finite.
    """
    gain, offset = np.ones(len(NAMES), np.float32), np.zeros(len(NAMES), np.float32)
    for values, asked in ((gain, parameters.bs_weight_multipliers), (offset, parameters.bs_weight_offsets)):
        for name, value in asked.items():
            if name not in NAMES or not math.isfinite(value):
                raise ValueError(f"blendshape_params has {name!r:.60}: {value}; shapes are {', '.join(NAMES)}")
            values[NAMES.index(name)] = value
    return lambda weights: (weights * gain + offset).clip(0, 1)
