"""Shapes that stand in for ARKit's on avatars without them: vowels, whole emotions and shapes without sides.

Each follows a weighted sum of ARKit weights, clipped to 0..1. It is coarse: a mouth of five vowels opens, closes,
rounds and spreads in time, and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .names import SIDED


@dataclass(frozen=True)
class StandIn:
    """A shape that is used where an avatar lacks the ARKit shapes it stands for.

    Attributes:
        name: of VRM 1 where VRM has it; what it goes by stands in ``spellings.tsv``.
        follows: ARKit name -> gain.
        unless: ARKit shapes and stand-ins further up; if the avatar has one of them, this one stays at rest.
    """

    name: str
    follows: dict[str, float]
    unless: tuple[str, ...]


def _both(base: str, gain: float = 1.0) -> dict[str, float]:
    """The mean of a left and a right shape."""
    return {base + "Left": gain / 2, base + "Right": gain / 2}


VOWELS = ("aa", "ih", "ou", "ee", "oh")
"""Whole mouths: scaled down together where they add up to more than 1."""

STAND_INS: tuple[StandIn, ...] = (
    StandIn("blink", _both("eyeBlink"), ("eyeBlinkLeft", "eyeBlinkRight")),
    *(StandIn(base, _both(base), (base + "Left", base + "Right", "blink")) for base in SIDED),
    StandIn("aa", {"jawOpen": 1.4, "mouthClose": -1.4, "mouthFunnel": -0.6, "mouthPucker": -0.6}, ("jawOpen",)),
    StandIn("ih", _both("mouthStretch", 0.8) | _both("mouthDimple", 0.5), ("jawOpen",)),
    StandIn("ou", {"mouthPucker": 1.0}, ("jawOpen", "mouthPucker")),
    StandIn("ee", _both("mouthLowerDown", 0.6) | _both("mouthUpperUp", 0.4), ("jawOpen",)),
    StandIn("oh", {"mouthFunnel": 1.0}, ("jawOpen", "mouthFunnel")),
    StandIn("mouthOpen", {"jawOpen": 1.0, "mouthClose": -1.0}, ("jawOpen", "aa")),
    StandIn("relaxed", _both("mouthSmile", 0.9), ("mouthSmileLeft", "mouthSmileRight", "mouthSmile")),
    StandIn("happy", _both("cheekSquint", 0.6), ("mouthSmileLeft", "mouthSmileRight", "mouthSmile")),
    StandIn("angry", _both("browDown", 0.8) | _both("noseSneer", 0.2), ("browDownLeft", "browDownRight", "browDown")),
    StandIn("sad", _both("mouthFrown", 0.8) | {"browInnerUp": 0.3},
            ("mouthFrownLeft", "mouthFrownRight", "mouthFrown")),
    StandIn("surprised", _both("eyeWide", 0.5) | _both("browOuterUp", 0.5),
            ("browOuterUpLeft", "browOuterUpRight", "browOuterUp")),
    *(
        StandIn(f"look{way}", _both(f"eyeLook{way}"), (f"eyeLook{way}Left", f"eyeLook{way}Right", f"eyeLook{way}"))
        for way in ("Up", "Down")
    ),
    *(
        StandIn(f"look{way}", {f"eyeLookOut{way}": 0.5, f"eyeLookIn{other}": 0.5},
                (f"eyeLookOut{way}", f"eyeLookIn{other}"))
        for way, other in (("Left", "Right"), ("Right", "Left"))
    ),
)  # fmt: skip


def mixed(shapes: Sequence[str], follows: np.ndarray, arkit: np.ndarray) -> np.ndarray:
    """Weights (T, N) float32, 0..1, of shapes that follow (52, N) ARKit weights (T, 52) by these gains."""
    weights = (np.asarray(arkit, np.float32) @ follows).clip(0, 1)
    vowels = [place for place, name in enumerate(shapes) if name in VOWELS]
    weights[:, vowels] /= np.maximum(weights[:, vowels].sum(1, keepdims=True), 1)
    return weights
