"""Shapes that stand in for ARKit's on avatars without them: vowels, whole emotions and shapes without sides.

Each follows a weighted sum of ARKit weights, clipped to 0..1. It is coarse: a mouth of five vowels opens, closes,
rounds and spreads in time, and no more.
"""

from __future__ import annotations

from dataclasses import dataclass

from emoface.face.layout import ARKIT_NAMES

from .names import name_keys


@dataclass(frozen=True)
class StandIn:
    """A shape that is used where an avatar lacks the ARKit shapes it stands for.

    Attributes:
        name: of VRM 1 where VRM has it.
        keys: forms of the names it goes by, see :func:`emoface.face.rigs.names.name_keys`.
        follows: ARKit name -> gain.
        unless: ARKit shapes and stand-ins further up; if the avatar has one of them, this one stays at rest.
    """

    name: str
    keys: tuple[str, ...]
    follows: dict[str, float]
    unless: tuple[str, ...]

    def find(self, names: list[str]) -> tuple[int, ...]:
        """Index of the name that fits best, as a tuple; empty if none does. One letter must be the whole name."""
        fits = [
            (leading, index)
            for index, name in enumerate(names)
            for leading, key in enumerate(name_keys(name))
            if key in self.keys and (len(key) > 1 or leading == 0)
        ]
        return (min(fits)[1],) if fits else ()


def _both(base: str, gain: float = 1.0) -> dict[str, float]:
    """The mean of a left and a right shape."""
    return {base + "Left": gain / 2, base + "Right": gain / 2}


SIDED = tuple(n[:-4] for n in ARKIT_NAMES if n.endswith("Left") and n not in ("jawLeft", "mouthLeft"))
VOWELS = ("aa", "ih", "ou", "ee", "oh")
"""Whole mouths: scaled down together where they add up to more than 1."""

STAND_INS: tuple[StandIn, ...] = (
    *(
        StandIn(f"eyeBlink{side}", (f"blink{side.lower()}", f"eyeclose{side.lower()}"), {f"eyeBlink{side}": 1.0},
                (f"eyeBlink{side}",))
        for side in ("Left", "Right")
    ),
    StandIn("blink", ("blink", "eyesclosed", "eyeclose", "まばたき"), _both("eyeBlink"),
            ("eyeBlinkLeft", "eyeBlinkRight")),
    *(StandIn(base, (base.lower(),), _both(base), (base + "Left", base + "Right", "blink")) for base in SIDED),
    StandIn("aa", ("a", "aa", "mtha", "moutha", "visemeaa", "あ"),
            {"jawOpen": 1.4, "mouthClose": -1.4, "mouthFunnel": -0.6, "mouthPucker": -0.6}, ("jawOpen",)),
    StandIn("ih", ("i", "ih", "mthi", "mouthi", "visemei", "い"),
            _both("mouthStretch", 0.8) | _both("mouthDimple", 0.5), ("jawOpen",)),
    StandIn("ou", ("u", "ou", "mthu", "mouthu", "visemeu", "う"), {"mouthPucker": 1.0}, ("jawOpen", "mouthPucker")),
    StandIn("ee", ("e", "ee", "mthe", "mouthe", "visemee", "え"),
            _both("mouthLowerDown", 0.6) | _both("mouthUpperUp", 0.4), ("jawOpen",)),
    StandIn("oh", ("o", "oh", "mtho", "moutho", "visemeo", "お"), {"mouthFunnel": 1.0}, ("jawOpen", "mouthFunnel")),
    StandIn("mouthOpen", ("mouthopen",), {"jawOpen": 1.0, "mouthClose": -1.0}, ("jawOpen", "aa")),
    StandIn("relaxed", ("relaxed", "allfun", "fun"), _both("mouthSmile", 0.9),
            ("mouthSmileLeft", "mouthSmileRight", "mouthSmile")),
    StandIn("happy", ("happy", "alljoy", "joy"), _both("cheekSquint", 0.6),
            ("mouthSmileLeft", "mouthSmileRight", "mouthSmile")),
    StandIn("angry", ("angry", "allangry"), _both("browDown", 0.8) | _both("noseSneer", 0.2),
            ("browDownLeft", "browDownRight", "browDown")),
    StandIn("sad", ("sad", "allsorrow", "sorrow"), _both("mouthFrown", 0.8) | {"browInnerUp": 0.3},
            ("mouthFrownLeft", "mouthFrownRight", "mouthFrown")),
    StandIn("surprised", ("surprised", "allsurprised"), _both("eyeWide", 0.5) | _both("browOuterUp", 0.5),
            ("browOuterUpLeft", "browOuterUpRight", "browOuterUp")),
    *(
        StandIn(f"look{way}", (f"look{way.lower()}", f"eyeslook{way.lower()}"), _both(f"eyeLook{way}"),
                (f"eyeLook{way}Left", f"eyeLook{way}Right", f"eyeLook{way}"))
        for way in ("Up", "Down")
    ),
    *(
        StandIn(f"look{way}", (f"look{way.lower()}", f"eyeslook{way.lower()}"),
                {f"eyeLookOut{way}": 0.5, f"eyeLookIn{other}": 0.5}, (f"eyeLookOut{way}", f"eyeLookIn{other}"))
        for way, other in (("Left", "Right"), ("Right", "Left"))
    ),
)  # fmt: skip
