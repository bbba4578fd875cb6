"""Things that happen on a face for a moment: a brow goes up, the eyes narrow, a corner of the lips is drawn.

An event swells, holds and fades within about 0.3 to 2.5 s, faster up than down. Half of them fall on stressed
syllables, some on the beginnings and ends of phrases, the rest anywhere. How often each kind comes with each emotion
is calibrated on the rates at which brows and lids of captured people move; which kinds go with which emotion is our own
judgement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from emoface.face.layout import FPS, MOTION_INDEX, MOTION_NAMES, MOTION_SIZE
from emoface.face.speech_marks import QUIET, SpeechMark

ON_STRESS, ON_PHRASE = 0.5, 0.15
"""Shares of the events that fall on a stressed syllable, and on the beginning or end of a phrase."""
EARLY = 0.06
"""Seconds by which an event's apex is ahead of the stressed syllable's, on average: the face leads the voice."""
ONE_SIDED = 0.08
"""Share of the events that show mainly on one side."""
SIDES = tuple((MOTION_INDEX[n], MOTION_INDEX[n[:-4] + "Right"]) for n in MOTION_NAMES if n.endswith("Left"))


@dataclass(frozen=True)
class EventKind:
    """One kind of event.

    Attributes:
        shapes: weight by shape name at size 1; a name without a side sets left and right.
        attack, hold, release: range of each in seconds.
        silent: only where nobody speaks.
    """

    shapes: Mapping[str, float]
    attack: tuple[float, float] = (0.22, 0.45)
    hold: tuple[float, float] = (0.05, 0.8)
    release: tuple[float, float] = (0.3, 0.9)
    silent: bool = False


KINDS: dict[str, EventKind] = {
    "raise": EventKind({"browInnerUp": 0.5, "browOuterUp": 0.46, "eyeWide": 0.14}),
    "flash": EventKind({"browInnerUp": 0.42, "browOuterUp": 0.5, "eyeWide": 0.2},
                       (0.17, 0.24), (0.0, 0.2), (0.24, 0.4)),
    "one brow": EventKind({"browOuterUpRight": 0.6, "browInnerUp": 0.14, "browDownLeft": 0.12}),
    "knit": EventKind({"browInnerUp": 0.3, "browDown": 0.44, "eyeSquint": 0.14}),
    "lower": EventKind({"browDown": 0.62, "eyeSquint": 0.24, "noseSneer": 0.08}),
    "relax": EventKind({"browDown": -0.5, "browInnerUp": -0.22, "eyeSquint": -0.26, "noseSneer": -0.24},
                       (0.25, 0.6), (0.1, 0.9), (0.35, 0.9)),
    "squint": EventKind({"eyeSquint": 0.55, "cheekSquint": 0.2, "browDown": 0.1, "eyeWide": -0.3}),
    "widen": EventKind({"eyeWide": 0.55, "browInnerUp": 0.16, "browOuterUp": 0.14, "eyeSquint": -0.25,
                        "eyeBlink": -0.1}, (0.18, 0.32), (0.0, 0.7)),
    "wrinkle": EventKind({"noseSneer": 0.55, "mouthUpperUp": 0.08, "browDown": 0.16, "cheekSquint": 0.14}),
    "cheeks": EventKind({"cheekSquint": 0.5, "mouthSmile": 0.3, "eyeSquint": 0.22}),
    "smile": EventKind({"mouthSmile": 0.34, "mouthDimple": 0.12, "cheekSquint": 0.16, "mouthFrown": -0.2}),
    "smirk": EventKind({"mouthDimpleLeft": 0.36, "mouthSmileLeft": 0.26, "cheekSquintLeft": 0.24}),
    "frown": EventKind({"mouthFrown": 0.34, "mouthShrugLower": 0.22}),
    "stretch": EventKind({"mouthStretch": 0.36, "mouthLowerDown": 0.06}, (0.2, 0.35)),
    "press": EventKind({"mouthPress": 0.4, "mouthRollLower": 0.14, "mouthRollUpper": 0.1}, silent=True),
    "sink": EventKind({"eyeBlink": 0.2, "eyeLookDown": 0.16, "browInnerUp": 0.08}, (0.3, 0.6), (0.3, 1.2), (0.4, 0.9)),
}  # fmt: skip

RATES: dict[str, dict[str, float]] = {
    "neutral": {"raise": 4, "squint": 4, "lower": 2, "smile": 2, "press": 4, "flash": 1},
    "happy": {"cheeks": 12, "raise": 6, "squint": 7, "flash": 4, "smile": 4},
    "sad": {"knit": 4, "squint": 9, "lower": 1, "relax": 2, "raise": 2, "frown": 6, "sink": 6, "press": 4},
    "surprised": {"raise": 9, "widen": 10, "flash": 5, "squint": 2},
    "fear": {"knit": 8, "widen": 9, "stretch": 6, "squint": 3, "lower": 1, "relax": 2, "raise": 2},
    "disgusted": {"wrinkle": 12, "lower": 2, "squint": 8, "relax": 3, "one brow": 3},
    "angry": {"lower": 11, "squint": 8, "wrinkle": 1, "widen": 3, "relax": 4, "press": 5},
    "contempt": {"smirk": 8, "one brow": 6, "squint": 7, "sink": 3, "raise": 2},
}
"""Events a minute of each kind by emotion, at full strength."""


def _vector(kind: EventKind) -> np.ndarray:
    """The kind's shapes as a motion vector."""
    vector = np.zeros(MOTION_SIZE)
    for name, weight in kind.shapes.items():
        for place in (name, name + "Left", name + "Right"):
            if place in MOTION_INDEX:
                vector[MOTION_INDEX[place]] = weight
    return vector


_VECTORS = {name: _vector(kind) for name, kind in KINDS.items()}


def ease(x: np.ndarray) -> np.ndarray:
    """Smooth step from 0 to 1 over 0..1 that starts and ends without a jerk."""
    x = np.clip(x, 0, 1)
    return x * x * x * (10 - 15 * x + 6 * x * x)


def swells(seconds: np.ndarray, apex: np.ndarray, attack: np.ndarray, hold: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """Curves (T, E) that rise to 1 at ``apex``, hold and fall again; all times (E,) in seconds."""
    after = seconds[:, None] - apex
    return ease(1 + after / attack) * (1 - ease((after - hold) / rest))


def facial_events(
    frames: int, emotion: str, strength: float, rng: np.random.Generator, marks: Sequence[SpeechMark],
    loudness: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """What happens on a face over a clip, beside the expression that it holds.

    Args:
        frames: T at 25 fps. emotion: one of ``EMOTIONS``. strength: 0..1 of the emotion. rng: of all that is drawn.
        marks: stresses and phrases of the voice. loudness: (T,) relative loudness.

    Returns:
        (T, C) weights to add, below 0 where an event takes from the expression.
    """
    seconds = (np.arange(frames) + 0.5) / FPS
    length = frames / FPS
    stresses, phrases = ([mark for mark in marks if (mark.kind == "stress") == stressed] for stressed in (True, False))
    times: list[tuple[float, float, float, float]] = []
    what: list[np.ndarray] = []
    for source, share in ((emotion, strength), ("neutral", 1 - strength)):
        for name, rate in RATES[source].items():
            kind = KINDS[name]
            size = 0.3 + 0.3 * strength if source == emotion and emotion != "neutral" else 0.26
            for _ in range(rng.poisson(rate * share * (length + 1.5) / 60)):
                draw = rng.random()
                apex = rng.uniform(-1, length + 0.5)
                if draw < ON_STRESS and stresses:
                    apex = _taken(stresses, rng) - EARLY + 0.05 * rng.standard_normal()
                elif draw < ON_STRESS + ON_PHRASE and phrases:
                    apex = _taken(phrases, rng) + rng.uniform(-0.1, 0.3)
                attack, hold, release = (rng.uniform(*span) for span in (kind.attack, kind.hold, kind.release))
                if kind.silent and _speaking(loudness, apex - attack, apex + hold + release):
                    continue
                times.append((apex, attack, hold, release))
                what.append(_VECTORS[name] * size * np.exp(0.28 * rng.standard_normal()) * _lopsided(rng))
    if not times:
        return np.zeros((frames, MOTION_SIZE))
    return swells(seconds, *np.array(times).T) @ np.stack(what)


def _taken(marks: list[SpeechMark], rng: np.random.Generator) -> float:
    """Seconds of a mark, larger ones sooner, which is taken from the list: two events at once would make a jerk."""
    sizes = np.array([mark.size for mark in marks])
    return (marks.pop(int(rng.choice(len(marks), p=sizes / sizes.sum()))).frame + 0.5) / FPS


def _speaking(loudness: np.ndarray, start: float, stop: float) -> bool:
    """Whether somebody speaks between two times in seconds."""
    return bool((loudness[max(round(start * FPS), 0) : max(round(stop * FPS), 0)] > QUIET).any())


def _lopsided(rng: np.random.Generator) -> np.ndarray:
    """Gain of each channel of one event, that differs a little between the sides, and sometimes much."""
    gains = np.ones(MOTION_SIZE)
    tilt = 0.12 * rng.standard_normal()
    if rng.random() < ONE_SIDED:
        tilt = rng.choice([-0.5, 0.5])
    left, right = _LEFT_RIGHT
    gains[left], gains[right] = np.exp(tilt), np.exp(-tilt)
    return gains


_LEFT_RIGHT = tuple(list(side) for side in zip(*SIDES))
