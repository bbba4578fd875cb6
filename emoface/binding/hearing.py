"""What is heard in a voice, and the face that goes with it when nobody told an emotion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emoface.binding.emotions import DEFAULT_LEVEL, EMOTIONS

CALM = 0.25
"""Arousal of a neutral voice, and of silence, on the scale 0..1."""


@dataclass(frozen=True)
class Manner:
    """When a voice may give a face an emotion.

    Attributes:
        calm, full: arousal at which the voice does not carry the emotion yet, and carries it wholly; ``full`` below
            ``calm`` for an emotion of weary voices.
        doubt, sure: lead over every other emotion up to which the face stays close to calm, and from which it is
            as strong as it gets.
    """

    calm: float
    full: float
    doubt: float
    sure: float


MANNERS = {
    "happy": Manner(0.3, 0.65, 0.2, 0.5),
    "angry": Manner(0.35, 0.7, 0.1, 0.35),
    "sad": Manner(0.5, 0.2, 0.15, 0.4),
    "fear": Manner(0.4, 0.8, 0.6, 0.9),
    "disgusted": Manner(0.25, 0.5, 0.6, 0.9),
}
"""The emotions that a voice may give a face. Surprise and contempt are none of them: no voice ever taught them, and a
loud voice would look startled. The numbers were chosen so that of acted German and English voices, each heard by a
network that knew neither the speaker nor the room, nineteen angry ones in twenty look angry or calm."""

FAINT = 0.4
"""Level at which an emotion shows, at most, while another one is nearly as likely."""


@dataclass(frozen=True)
class Heard:
    """What is heard in a voice.

    Attributes:
        arousal: 0 (weary) to 1 (shouting). shares: probability of each emotion; they add up to 1.
    """

    arousal: float
    shares: Mapping[str, float]

    def blend(self, other: Heard, share: float) -> Heard:
        """``(1 - share)`` of this and ``share`` of another."""
        names = dict.fromkeys([*self.shares, *other.shares])
        pairs = {name: (self.shares.get(name, 0.0), other.shares.get(name, 0.0)) for name in names}
        shares = {name: (1 - share) * mine + share * theirs for name, (mine, theirs) in pairs.items()}
        return Heard((1 - share) * self.arousal + share * other.arousal, shares)

    def named(self) -> tuple[str, float]:
        """The likeliest emotion, and its level 1..3 by the arousal, for who asks what a voice expresses.

        Fear and disgust are named only if they are likelier than all others together; surprise and contempt never.
        """
        usual = {name: share for name, share in self.shares.items() if name == "neutral" or name in MANNERS}
        for name in ("fear", "disgusted"):
            if usual.get(name, 0.0) <= 0.5:
                usual.pop(name, None)
        name = max(usual, key=lambda name: usual[name])
        if name == "neutral":
            return name, 0.0
        return name, 1 + 2 * self._carried(MANNERS[name])

    def shown(self) -> tuple[str, float]:
        """The emotion and level 0..2 of a face to go with the voice, for whom nobody told one.

        The likeliest emotion shows as far as the voice's arousal carries it, faintly where it is in doubt:
        ``level = carried(arousal) ramp(p_first - p_second)``. Everything else is neutral. The level changes
        continuously with what is heard, grows with the lead and with the arousal (falls with it for sadness).
        """
        first, second = sorted(self.shares, key=lambda name: -self.shares[name])[:2]
        if first not in MANNERS:
            return "neutral", 0.0
        manner, lead = MANNERS[first], self.shares[first] - self.shares[second]
        faint = FAINT * min(lead / manner.doubt, 1.0)
        level = faint + (DEFAULT_LEVEL - FAINT) * _ramp(lead, manner.doubt, manner.sure)
        return first, self._carried(manner) * level

    def _carried(self, manner: Manner) -> float:
        return _ramp(self.arousal, manner.calm, manner.full)


SILENCE = Heard(CALM, {name: float(name == "neutral") for name in EMOTIONS})
"""What is heard where nobody speaks."""


def _ramp(value: float, zero: float, one: float) -> float:
    """0 at ``zero``, 1 at ``one`` (which may lie below), linear in between."""
    return min(max((value - zero) / (one - zero), 0.0), 1.0)
