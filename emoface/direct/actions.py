"""What a face can be told to do: FACS action units, ARKit shapes and plain words, as targets of motion channels.

An action moves channels to weights; a side, where none is told and the muscle has two, is both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from emoface import checks
from emoface.face.layout import ARKIT_NAMES, JAW_OPEN_RADIANS, JAW_SIDE_RADIANS, MOTION_INDEX, MOTION_SIZE

SHAPES: tuple[str, ...] = (*ARKIT_NAMES, "tongueUp")
HEAD_TURNS: dict[str, tuple[str, float]] = {
    "headPitch": ("neck_pose_x", 1.0), "headYaw": ("neck_pose_y", 1.0), "headRoll": ("neck_pose_z", 1.0),
}  # fmt: skip
"""Turns of the head in degrees: chin down, face to the speaker's left, crown to the speaker's right."""
JAW_SHAPES: dict[str, tuple[str, float]] = {
    "jawOpen": ("jaw_pose_x", JAW_OPEN_RADIANS), "jawLeft": ("jaw_pose_y", JAW_SIDE_RADIANS),
    "jawRight": ("jaw_pose_y", -JAW_SIDE_RADIANS),
}  # fmt: skip
CUES = ("blink", "look", "nod", "shake", "laugh", "sigh", "breath")

# Number -> weight of each shape, at full intensity; a name that has two sides stands for both.
ACTION_UNITS: dict[int, dict[str, float]] = {
    1: {"browInnerUp": 1}, 2: {"browOuterUp": 1}, 4: {"browDown": 1}, 5: {"eyeWide": 1}, 6: {"cheekSquint": 1},
    7: {"eyeSquint": 1}, 9: {"noseSneer": 1}, 10: {"mouthUpperUp": 1}, 11: {"noseSneer": 0.4, "mouthUpperUp": 0.3},
    12: {"mouthSmile": 1}, 13: {"mouthSmile": 0.6, "cheekPuff": 0.3}, 14: {"mouthDimple": 1}, 15: {"mouthFrown": 1},
    16: {"mouthLowerDown": 1}, 17: {"mouthShrugLower": 1, "mouthShrugUpper": 0.3}, 18: {"mouthPucker": 1},
    19: {"tongueOut": 1}, 20: {"mouthStretch": 1}, 22: {"mouthFunnel": 1},
    23: {"mouthPress": 0.6, "mouthRollUpper": 0.2}, 24: {"mouthPress": 1},
    25: {"mouthLowerDown": 0.4, "mouthUpperUp": 0.15}, 26: {"jawOpen": 0.5}, 27: {"jawOpen": 1},
    28: {"mouthRollLower": 1, "mouthRollUpper": 1}, 29: {"jawForward": 1},
    32: {"mouthRollLower": 0.7, "mouthUpperUp": 0.2}, 33: {"cheekPuff": 0.7}, 34: {"cheekPuff": 1},
    41: {"eyeBlink": 0.35}, 42: {"eyeBlink": 0.65}, 43: {"eyeBlink": 1}, 44: {"eyeSquint": 1},
    46: {"eyeBlinkLeft": 1, "cheekSquintLeft": 0.4}, 51: {"headYaw": 20}, 52: {"headYaw": -20}, 53: {"headPitch": -15},
    54: {"headPitch": 15}, 55: {"headRoll": -15}, 56: {"headRoll": 15},
    61: {"eyeLookOutLeft": 0.6, "eyeLookInRight": 0.6}, 62: {"eyeLookInLeft": 0.6, "eyeLookOutRight": 0.6},
    63: {"eyeLookUp": 0.6}, 64: {"eyeLookDown": 0.6},
}  # fmt: skip
INTENSITIES = {"a": 0.2, "b": 0.4, "c": 0.6, "d": 0.8, "e": 1.0}
"""FACS's letters, from a trace to the maximum."""

_AU = re.compile(
    r"(?:(?P<before>[lr])\s*)?au\s*0*(?P<number>\d{1,2})\s*(?P<letters>[a-e]?)\s*(?P<after>[lr]|left|right)?"
)

# Plain words: pattern -> shapes, in the order in which they are tried; a pattern is searched for in simplified words.
_SAYINGS: tuple[tuple[str, dict[str, float]], ...] = (
    (r"\b(wink)", {"eyeBlinkLeft": 1, "cheekSquintLeft": 0.5}),
    (r"roll (eye)", {"eyeLookUp": 0.9, "eyeBlink": 0.15}),
    (r"cross(ed)? eye", {"eyeLookInLeft": 0.8, "eyeLookInRight": 0.8}),
    (r"(close|shut)( \w+)? eye|eye( \w+)? (closed?|shut)", {"eyeBlink": 1}),
    (r"(open|widen|wide)( \w+)* eye|eye( \w+)* (wide|open)", {"eyeWide": 1}),
    (r"squint|narrow( \w+)? eye|eye( \w+)? narrow(ed)?|suspicious eye", {"eyeSquint": 1}),
    (r"(droop|heavy|sleepy|tired)\w*( \w+)? (eye|lid)|(eye|lid) droop", {"eyeBlink": 0.45}),
    (r"look up|eye up|gaze up", {"eyeLookUp": 0.6}),
    (r"look down|eye down|gaze down", {"eyeLookDown": 0.6}),
    (r"look (aside )?left|eye left|gaze left", {"eyeLookOutLeft": 0.6, "eyeLookInRight": 0.6}),
    (r"look (aside )?right|eye right|gaze right", {"eyeLookInLeft": 0.6, "eyeLookOutRight": 0.6}),
    (r"(worried|anxious|sad|pleading|concerned|sorry|puppy)( \w+)? brow", {"browInnerUp": 0.9, "browOuterUp": -1}),
    (r"(raise|lift|up)\w*( \w+)? inner brow|inner brow( \w+)? (raised?|up)", {"browInnerUp": 1}),
    (r"(raise|lift|up)\w*( \w+)? outer brow|outer brow( \w+)? (raised?|up)", {"browOuterUp": 1}),
    (r"(raise|lift|up|arch|cock)\w*( \w+)? brow|brow( \w+)? (raised?|up|high)|surprised brow",
     {"browOuterUp": 1, "browInnerUp": 1}),
    (r"(lower|furrow|knit|angry|crease|contract|draw|drop|stern)\w*( \w+)? brow|brow( \w+)? (down|low|together|knit)",
     {"browDown": 1}),
    (r"pull( \w+)* corner( \w+)* down|corner( \w+)* down|frown( \w+)? mouth|mouth frown|downturned mouth|sad mouth",
     {"mouthFrown": 1}),
    (r"\bfrown|scowl|glower", {"browDown": 1}),
    (r"smile( \w+)? without( \w+)? teeth|(closed|tight)( lip\w*)?( mouth\w*)? smile",
     {"mouthSmile": 0.8, "mouthPress": 0.25}),
    (r"smile( \w+)* with( \w+)? teeth|toothy smile|\bgrin|beam",
     {"mouthSmile": 1, "mouthUpperUp": 0.5, "mouthLowerDown": 0.25, "cheekSquint": 0.4}),
    (r"(forced|fake|polite|false|thin|strained|bitter) smile|smile( \w+)? forced",
     {"mouthSmile": 0.6, "mouthStretch": 0.3}),
    (r"(genuine|real|warm|true|happy|duchenne) smile", {"mouthSmile": 0.85, "cheekSquint": 0.7, "eyeSquint": 0.2}),
    (r"smirk|lopsided smile|half smile|crooked smile", {"mouthSmileLeft": 0.8, "mouthDimpleLeft": 0.4}),
    (r"\bsmil(e|es|ing)\b", {"mouthSmile": 0.8, "cheekSquint": 0.3}),
    (r"bit(e|ing)( \w+)* lip", {"mouthRollLower": 0.8, "mouthUpperUp": 0.25}),
    (r"\bpout|sulk", {"mouthShrugLower": 0.8, "mouthPucker": 0.5}),
    (r"pucker|purse|\bkiss|whistl", {"mouthPucker": 1}),
    (r"funnel|(round|o shaped?) (mouth|lip)|(mouth|lip) round", {"mouthFunnel": 1}),
    (r"press( \w+)? lip|lip press|tight(en|ened)?( \w+)? (lip|mouth)|clench( \w+)? mouth|(mouth|lip) tight",
     {"mouthPress": 1}),
    (r"(suck|roll|tuck)( \w+)? lip|lip (in|inward)", {"mouthRollLower": 0.9, "mouthRollUpper": 0.9}),
    (r"stretch( \w+)? (mouth|lip)|grimace|(mouth|lip) stretch|draw( \w+)? lip back", {"mouthStretch": 1}),
    (r"(show|bare)( \w+)? lower teeth|(lower|drop)( \w+)? lower lip|lower lip down", {"mouthLowerDown": 1}),
    (r"(show|bare)( \w+)? upper teeth|(raise|lift|curl)( \w+)? upper lip|upper lip up", {"mouthUpperUp": 1}),
    (r"(show|bare)( \w+)? teeth|snarl", {"mouthUpperUp": 0.8, "mouthLowerDown": 0.6, "noseSneer": 0.4}),
    (r"part( \w+)? lip|lip (ap)?part", {"mouthLowerDown": 0.4, "mouthUpperUp": 0.15, "jawOpen": 0.08}),
    (r"(open|drop|gape)\w*( \w+)? (mouth|jaw)|(mouth|jaw)( \w+)? (open|drop\w*)|\bgape|yawn", {"jawOpen": 0.8}),
    (r"(push|thrust|jut)( \w+)? (jaw|chin)|(jaw|chin) forward", {"jawForward": 1}),
    (r"jaw( \w+)? left", {"jawLeft": 1}),
    (r"jaw( \w+)? right", {"jawRight": 1}),
    (r"mouth( \w+)? left", {"mouthLeft": 0.8}),
    (r"mouth( \w+)? right", {"mouthRight": 0.8}),
    (r"(stick|poke|put|show)( \w+)? (out )?tongue|tongue out", {"tongueOut": 1, "jawOpen": 0.25}),
    (r"(puff|blow|inflate)( \w+)* cheek|cheek puff", {"cheekPuff": 1}),
    (r"(raise|lift|squint)( \w+)? cheek|cheek( \w+)? (up|raised?)", {"cheekSquint": 1}),
    (r"(wrinkle|scrunch|crinkle|flare)( \w+)? nos|\bsneer|nose( \w+)? wrinkled?", {"noseSneer": 1}),
    (r"dimple", {"mouthDimple": 1}),
    (r"(raise|lift)( \w+)? chin|chin (raised?|up)|doubtful mouth", {"mouthShrugLower": 0.9, "mouthShrugUpper": 0.3}),
    (r"(tilt|lean|cock)( \w+)? head( \w+)? left|head tilt\w* left", {"headRoll": -12}),
    (r"(tilt|lean|cock)( \w+)? head( \w+)? right|head tilt\w* right|(tilt|cock)( \w+)? head", {"headRoll": 12}),
    (r"(turn|rotate)( \w+)? head( \w+)? left|face left|head( \w+)? left", {"headYaw": 18}),
    (r"(turn|rotate)( \w+)? head( \w+)? right|face right|head( \w+)? right", {"headYaw": -18}),
    (r"(lower|drop|bow|hang)( \w+)? head|head down", {"headPitch": 12}),
    (r"(raise|lift)( \w+)? head|head up", {"headPitch": -10}),
)  # fmt: skip
_CUE_SAYINGS: tuple[tuple[str, str], ...] = (
    (r"\bblink", "blink"), (r"\bnod", "nod"), (r"(shake|shaking)( \w+)? head|head shake", "shake"),
    (r"\blaugh|chuckl|giggl", "laugh"),    (r"\bsigh", "sigh"), (r"(breath|inhale)", "breath"),
)  # fmt: skip
_IDLE = {
    "the", "a", "an", "your", "his", "her", "their", "my", "both", "to", "of", "on", "please", "give", "and", "side",
    "at", "is", "are", "with", "you", "him", "them", "in",
}  # fmt: skip
_KEPT_AFTER = {"smile", "smiling", "suck", "tuck", "roll", "lip"}  # words after which "with" and "in" mean something
_SINGULAR = {
    "brows": "brow", "eyes": "eye", "lips": "lip", "lids": "lid", "cheeks": "cheek", "corners": "corner",
    "nostrils": "nostril",
}  # fmt: skip
_AMOUNTS: tuple[tuple[str, float], ...] = (
    (r"\b(slight|slightly|bit|little|faint|faintly|subtle|subtly|barely)\b", 0.45), (r"\bhalf(way)?\b", 0.5),
    (r"\b(very|strong|strongly|fully|broad|broadly|completely|far)\b", 1.2),
)  # fmt: skip

_SHARE = re.compile(r"\b(\d{1,3})\s*%")


class UnknownAction(ValueError):
    """Words, a unit or a shape that name nothing."""


@dataclass(frozen=True)
class Action:
    """What some words, a unit or a shape mean.

    Attributes:
        name: as it was asked for.
        weights: channel of ``MOTION_NAMES`` -> its value at full strength, radians for jaw and neck.
        cue: one of ``CUES`` where the words name something that happens rather than a pose.
        count: how often it happens.
    """

    name: str
    weights: Mapping[str, float]
    cue: str = ""
    count: int = 1

    def target(self) -> np.ndarray:
        """The values as a motion vector (56,), 0 where nothing is asked."""
        row = np.zeros(MOTION_SIZE, np.float32)
        for channel, weight in self.weights.items():
            row[MOTION_INDEX[channel]] = weight
        return row


def channels(shapes: Mapping[str, float], side: str = "") -> dict[str, float]:
    """Motion channels of ARKit shapes and turns of the head.

    Args:
        shapes: name -> weight, 0..1, or degrees for ``HEAD_TURNS``; a name without its side stands for both.
        side: ``"Left"`` or ``"Right"`` to keep to one; shapes of the other side change to it.

    Raises:
        ValueError: an unknown shape; the message names the nearest.
    """
    found: dict[str, float] = {}
    for name, weight in shapes.items():
        if name in HEAD_TURNS:
            channel, scale = HEAD_TURNS[name]
            found[channel] = found.get(channel, 0.0) + float(np.radians(weight)) * scale
            continue
        for one in _sided(name, side):
            channel, scale = JAW_SHAPES.get(one, (one, 1.0))
            found[channel] = found.get(channel, 0.0) + weight * scale
    return found


def _sided(name: str, side: str) -> list[str]:
    """The ARKit names that a name with or without its side stands for."""
    fixed = name in ("mouthLeft", "mouthRight", "jawLeft", "jawRight") or name.startswith("eyeLook")
    for one in ("Left", "Right"):
        if name.endswith(one) and not fixed and side and name in SHAPES:
            return [name[: -len(one)] + side]
    if name in SHAPES:
        return [name]
    if f"{name}Left" in SHAPES:
        return [name + side] if side and not fixed else [f"{name}Left", f"{name}Right"]
    raise UnknownAction(f"there is no shape {name!r:.60}; {checks.nearest(name, known_names())}")


def known_names() -> Iterable[str]:
    """The names of single shapes and of those that have two sides, for messages."""
    both = {name.removesuffix("Left") for name in SHAPES if name.endswith("Left")} - {"mouth", "jaw"}
    return [*SHAPES, *sorted(both), *HEAD_TURNS, *(f"AU{number}" for number in ACTION_UNITS)]


def find_action(words: str) -> Action:
    """The action of a FACS unit (``AU4``, ``AU12L``, ``AU1C``), an ARKit name (``browDown``) or plain words.

    Raises:
        TypeError: no text. UnknownAction: a ValueError: it names nothing; the message names the nearest.
    """
    words = checks.text("action", words).strip()
    if words in SHAPES or words in HEAD_TURNS or f"{words}Left" in SHAPES:
        amount = 15.0 if words in HEAD_TURNS else 1.0
        return Action(words, channels({words: amount}))
    unit = _AU.fullmatch(words.lower())
    if unit is not None:
        return _unit(words, unit)
    found = _said(words)
    if found is None:
        raise UnknownAction(f"there is no action {words!r:.80}; {_nearest(words)}")
    return found


def _unit(words: str, unit: re.Match[str]) -> Action:
    number, side = int(unit["number"]), (unit["before"] or unit["after"] or "")[:1]
    if number == 45:
        return Action(words, {}, "blink")
    if number not in ACTION_UNITS:
        units = ", ".join(str(n) for n in sorted(ACTION_UNITS, key=lambda n: (abs(n - number), n))[:3])
        raise UnknownAction(f"there is no action {words!r:.80}; the nearest units are {units}")
    scale = INTENSITIES[unit["letters"]] if unit["letters"] else 1.0
    weights = channels(ACTION_UNITS[number], {"l": "Left", "r": "Right"}.get(side, ""))
    return Action(words, {channel: scale * weight for channel, weight in weights.items()})


def _said(words: str) -> Action | None:
    text = _simple(words)
    for pattern, cue in _CUE_SAYINGS:
        if re.search(pattern, text):
            count = 2 if re.search(r"twice|double|two", text) else 3 if re.search(r"thrice|three", text) else 1
            numbered = re.search(r"\d+", words)
            return Action(words, {}, cue, int(numbered[0]) if numbered else count)
    shapes = next((shapes for pattern, shapes in _SAYINGS if re.search(pattern, text)), None)
    if shapes is None:
        return None
    sides = re.findall(r"\b(left|right)\b", text)
    side = sides[0].capitalize() if len(set(sides)) == 1 else ""
    amount = next((by for sign, by in _AMOUNTS if re.search(sign, text)), 1.0)
    share = _SHARE.search(words)
    if share:
        amount = min(int(share[1]) / 100, 1.0)
    elif re.search(r"\d", words):
        return None  # a number that is neither a share nor a count would be passed over in silence
    if side and "browInnerUp" in shapes and "browOuterUp" in shapes:
        shapes = {name: by for name, by in shapes.items() if name != "browInnerUp"}  # which has no sides
    weights = channels({name: by for name, by in shapes.items() if by > 0 or name in HEAD_TURNS}, side)
    limit = {"jaw_pose_x": JAW_OPEN_RADIANS}
    return Action(words, {
        channel: min(amount * weight, limit.get(channel, 1.0)) if weight > 0 else amount * weight
        for channel, weight in weights.items()
    })  # fmt: skip


def _simple(words: str) -> str:
    """Lower case, singular, without idle words."""
    kept: list[str] = []
    for word in re.findall(r"[a-z]+", words.lower().replace("eyebrow", "brow").replace("eyelid", "lid")):
        if word in _IDLE and not (word in ("with", "in") and kept and kept[-1] in _KEPT_AFTER):
            continue
        kept.append(_SINGULAR.get(word, word))
    return " ".join(kept)


def _nearest(words: str) -> str:
    examples = "'AU4', 'browDownLeft' or 'raise the left eyebrow'"
    near = checks.nearest(words, known_names())
    return near if near.startswith("did") else f"it may be a unit, a shape or plain words such as {examples}"
