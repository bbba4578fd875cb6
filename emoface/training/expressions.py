"""Rule-made emotional expression: what the default checkpoint learns to do with a face besides speaking.

Each emotion is a small set of prototypes in the manner of EMFACS (which action units go with which emotion), written
as ARKit shapes at full strength. A clip holds mixtures of them that follow each other (``expression_course``), events
that come and go on stressed words and phrases (``facial_events``), and a moving head (``head_motion``); the brows lead,
and where an expression works against the lips, speech wins. Shapes are our own judgement, as no emotional motion of
people was to be had; how much, how often and how quickly they move is calibrated on captured faces. Figures measured
against these rules say how well the rules are obeyed, no more.
"""

from __future__ import annotations

import numpy as np

from emoface.binding.emotions import EMOTIONS
from emoface.binding.intensity import level_strength
from emoface.face.layout import (
    FPS,
    JAW_OPEN_RADIANS,
    LIP_GAP_MM,
    MOTION_INDEX,
    MOTION_SIZE,
    MOUTH,
    NECK,
    lip_gap,
)
from emoface.face.speech_marks import speech_marks

from .expression_course import course, draw_holds, flutter
from .facial_events import facial_events
from .head_motion import head_motion


def _shapes(**weights: float) -> np.ndarray:
    """A motion vector (56,) from shape weights; a name without a side sets left and right."""
    vector = np.zeros(MOTION_SIZE, np.float32)
    for name, weight in weights.items():
        if name == "jawOpen":
            vector[MOTION_INDEX["jaw_pose_x"]] = weight * JAW_OPEN_RADIANS
        elif name in MOTION_INDEX:
            vector[MOTION_INDEX[name]] = weight
        else:
            vector[MOTION_INDEX[name + "Left"]] = vector[MOTION_INDEX[name + "Right"]] = weight
    return vector


PROTOTYPES: dict[str, tuple[np.ndarray, ...]] = {
    "neutral": (_shapes(),),
    "happy": (
        _shapes(mouthSmile=0.88, cheekSquint=0.76, eyeSquint=0.34, mouthUpperUp=0.24, mouthDimple=0.22,
                browInnerUp=0.06, browOuterUp=0.1),
        _shapes(mouthSmile=0.8, cheekSquint=0.6, mouthUpperUp=0.34, mouthLowerDown=0.16, mouthStretch=0.12,
                mouthDimple=0.12, eyeSquint=0.22, browInnerUp=0.06, browOuterUp=0.12, jawOpen=0.03),
        _shapes(mouthSmile=0.88, cheekSquint=0.66, mouthDimple=0.36, mouthUpperUp=0.1, eyeSquint=0.28,
                browInnerUp=0.08, browOuterUp=0.08),
        _shapes(mouthSmile=0.78, cheekSquint=0.5, mouthUpperUp=0.24, mouthDimple=0.14, eyeSquint=0.1,
                browInnerUp=0.2, browOuterUp=0.24),
    ),
    "sad": (
        _shapes(browInnerUp=1.0, browDown=0.04, mouthFrown=0.72, mouthShrugLower=0.42, eyeLookDown=0.22,
                eyeBlink=0.32, eyeSquint=0.22, cheekSquint=0.16),
        _shapes(browInnerUp=0.92, mouthFrown=0.56, mouthShrugLower=0.66, mouthPucker=0.14, eyeLookDown=0.18,
                eyeBlink=0.32, eyeSquint=0.2, cheekSquint=0.12),
        _shapes(browInnerUp=1.0, browDown=0.06, mouthFrown=0.6, mouthStretch=0.2, mouthShrugLower=0.36,
                cheekSquint=0.34, eyeSquint=0.4, eyeBlink=0.24, eyeLookDown=0.12),
        _shapes(browInnerUp=0.86, mouthFrown=0.54, mouthShrugLower=0.28, eyeLookDown=0.3, eyeBlink=0.38, eyeSquint=0.18,
                cheekSquint=0.1),
    ),
    "surprised": (
        _shapes(browInnerUp=0.52, browOuterUp=1.0, eyeWide=0.96, jawOpen=0.18, mouthFunnel=0.36, mouthPucker=0.2),
        _shapes(browInnerUp=0.48, browOuterUp=0.94, eyeWide=0.9, jawOpen=0.14, mouthFunnel=0.46, mouthPucker=0.26),
        _shapes(browInnerUp=0.52, browOuterUp=1.0, eyeWide=0.86, jawOpen=0.12, mouthFunnel=0.36, mouthPucker=0.16),
        _shapes(browInnerUp=0.46, browOuterUp=0.92, eyeWide=0.9, jawOpen=0.14, mouthFunnel=0.4, mouthPucker=0.2),
    ),
    "fear": (
        _shapes(browInnerUp=1.0, browOuterUp=0.06, browDown=0.36, eyeWide=0.9, mouthStretch=0.74, mouthLowerDown=0.32,
                jawOpen=0.08),
        _shapes(browInnerUp=0.94, browOuterUp=0.12, browDown=0.3, eyeWide=0.8, mouthStretch=0.6, mouthFrown=0.24,
                mouthLowerDown=0.16, jawOpen=0.06),
        _shapes(browInnerUp=1.0, browDown=0.4, eyeWide=0.8, mouthStretch=0.64, mouthFrown=0.34,
                mouthLowerDown=0.36, noseSneer=0.06, jawOpen=0.1),
        _shapes(browInnerUp=1.0, browDown=0.34, eyeWide=0.72, mouthStretch=0.54, mouthLowerDown=0.2,
                mouthFrown=0.12, jawOpen=0.06),
    ),
    "disgusted": (
        _shapes(noseSneer=0.96, mouthUpperUp=0.4, browDown=0.2, eyeSquint=0.5, cheekSquint=0.44, mouthFrown=0.36,
                eyeBlink=0.16),
        _shapes(noseSneer=0.8, mouthShrugLower=0.6, mouthFrown=0.68, mouthUpperUp=0.16, eyeSquint=0.42, browDown=0.12,
                cheekSquint=0.3, eyeBlink=0.2),
        _shapes(noseSneer=0.92, eyeSquint=0.46, browDown=0.16, cheekSquint=0.4, mouthFrown=0.34, mouthUpperUp=0.3,
                eyeBlink=0.14)
        + _shapes(mouthUpperUpLeft=0.2, browOuterUpRight=0.12),
        _shapes(noseSneer=0.88, mouthUpperUp=0.34, mouthLowerDown=0.2, mouthStretch=0.2, mouthFrown=0.46,
                browDown=0.12, eyeSquint=0.46, eyeBlink=0.2, cheekSquint=0.34),
    ),
    "angry": (
        _shapes(browDown=1.06, eyeWide=0.14, eyeSquint=0.46, noseSneer=0.02, mouthPress=0.5, mouthRollLower=0.28,
                mouthRollUpper=0.12, mouthFrown=0.22, mouthShrugLower=0.16),
        _shapes(browDown=1.06, noseSneer=0.06, mouthLowerDown=0.16, mouthStretch=0.16, mouthRollLower=0.2,
                mouthPress=0.16, eyeSquint=0.5, cheekSquint=0.12),
        _shapes(browDown=1.06, eyeSquint=0.56, noseSneer=0.02, mouthFrown=0.3, mouthPress=0.4, mouthShrugLower=0.2,
                mouthRollLower=0.16),
        _shapes(browDown=1.06, eyeWide=0.22, eyeSquint=0.34, noseSneer=0.04, mouthLowerDown=0.14, mouthPress=0.2,
                mouthRollLower=0.16, mouthPucker=0.1, jawForward=0.16, jawOpen=0.02),
    ),
    "contempt": (
        _shapes(eyeSquint=0.26, eyeBlink=0.08)
        + _shapes(mouthSmileLeft=0.58, mouthDimpleLeft=0.6, noseSneerLeft=0.14, cheekSquintLeft=0.34)
        + _shapes(browOuterUpRight=0.36),
        _shapes(eyeSquint=0.28, mouthPress=0.14)
        + _shapes(mouthDimpleLeft=0.74, mouthSmileLeft=0.4, mouthLeft=0.18, browOuterUpRight=0.3, browDownLeft=0.2),
        _shapes(eyeSquint=0.32, browDown=0.14)
        + _shapes(mouthUpperUpLeft=0.22, noseSneerLeft=0.36, mouthSmileLeft=0.44, mouthDimpleLeft=0.46)
        + _shapes(cheekSquintLeft=0.3, browOuterUpRight=0.2),
        _shapes(mouthShrugLower=0.26, mouthFrownRight=0.2, eyeBlink=0.2, eyeLookDown=0.1, browOuterUp=0.14)
        + _shapes(mouthDimpleLeft=0.6, mouthSmileLeft=0.46, browOuterUpRight=0.18),
    ),
}  # fmt: skip
"""Full-strength shapes of each emotion's variants; contempt is on the speaker's left by convention."""

SPEECH_GAIN = {"angry": 1.15, "surprised": 1.12, "happy": 1.05, "fear": 0.95, "sad": 0.82, "contempt": 0.87}
"""How much larger or smaller articulation gets at level 3; emotions left out leave it."""


def _places(*beginnings: str) -> list[int]:
    """Indices of the channels whose names begin so."""
    return [index for name, index in MOTION_INDEX.items() if name.startswith(beginnings)]


_JAW = MOTION_INDEX["jaw_pose_x"]
_OPENERS = _places("mouthUpperUp", "mouthLowerDown", "mouthFunnel", "mouthShrugUpper")
_PRESSES = _places("mouthPress", "mouthRoll", "mouthShrugLower")
_SPREADS = _places("mouthSmile", "mouthStretch", "mouthDimple")
_ROUNDING = _places("mouthFunnel", "mouthPucker")
_SNEERS = _places("noseSneer")
_THRUSTS = [_JAW, MOTION_INDEX["jawForward"]]
_SOFT = _places("brow", "eyeSquint", "eyeWide", "cheekSquint", "noseSneer")
_REGIONS = (_places("brow"), _places("eye"), _places("cheek", "nose"), list(MOUTH))
_LAGS = (0.0, 0.2, 0.7, 1.0)  # when each region follows, in shares of the clip's lag
KNEE = 0.72
"""Weight of an upper shape from which on it nears 1 ever more slowly."""
_WIDE_MM = 8.0  # an opening in speech at which no lip is pressed any more
_TIGHT_MM = 0.8  # by which closed lips are drawn together beyond meeting


def prototype(emotion: str, level: float) -> np.ndarray:
    """Mean displacement (56,) of an emotion at a level, before speech and without the course over time."""
    return np.mean(PROTOTYPES[emotion], axis=0) * level_strength(level)


def express(
    frames: int,
    emotion: str,
    level: float,
    rng: np.random.Generator,
    loudness: np.ndarray,
    lips: np.ndarray,
    closure: np.ndarray,
    head: np.ndarray | None = None,
) -> np.ndarray:
    """Rule-made motion of a face that speaks or listens with an emotion; no blinks and no gaze, which come later.

    Args:
        frames: T at 25 fps.
        emotion: one of ``EMOTIONS``.
        level: 0..3.
        rng: source of the variation.
        loudness: (T,) relative loudness, 0..1.2.
        lips: (T, C) motion of speech alone.
        closure: (T,) how closed the lips must be, 0..1; what the emotion opens is shut there.
        head: (T, 3) captured rotation of the head about its mean, radians; the emotion's posture is added. None: the
            head moves by rule.

    Returns:
        (T, C) float32 motion, C = ``MOTION_SIZE``.

    Raises:
        ValueError: ``emotion`` is not one of the eight.
    """
    if emotion not in EMOTIONS:
        raise ValueError(f"emotion must be one of {EMOTIONS}, got {emotion!r}")
    strength = level_strength(level)
    marks = speech_marks(loudness, FPS)
    carried = course(frames, rng, loudness)  # (T,)
    lag = rng.uniform(-0.04, 0.14)  # s; the brows mostly move before the mouth
    holds = draw_holds(np.stack(PROTOTYPES[emotion]), frames / FPS, _REGIONS, rng, marks)
    holds.shapes[:, _JAW] = holds.shapes[:, _JAW].mean()  # a jaw that comes and goes by itself would look like speech
    seconds = (np.arange(frames) + 0.5) / FPS
    motion = np.zeros((frames, MOTION_SIZE))
    for region, share in zip(_REGIONS, _LAGS, strict=True):
        late = seconds - share * lag - 0.04 * rng.standard_normal()
        gain = strength * np.interp(late, seconds, carried) * flutter(frames, rng)  # (T,)
        motion[:, region] = gain[:, None] * holds.course(late, region)
    motion += facial_events(frames, emotion, strength, rng, marks, loudness)
    _settle(motion)

    speech = lips * (1 + (SPEECH_GAIN.get(emotion, 1.0) - 1) * strength)  # (T, C)
    _yield_to_speech(motion, speech, np.clip(closure, 0, 1))
    spread = np.clip(motion[:, _SPREADS].mean(-1), 0, 1)
    speech[:, _ROUNDING] *= (1 - 0.45 * spread)[:, None]
    motion = _meet(motion + speech, np.clip(closure, 0, 1))
    motion[:, :_JAW] = motion[:, :_JAW].clip(0, 1)
    motion[:, _JAW] = motion[:, _JAW].clip(0, JAW_OPEN_RADIANS)
    motion[:, NECK] = head_motion(frames, emotion, strength, int(rng.integers(2**32)), loudness, head)
    return motion.astype(np.float32)


def _settle(motion: np.ndarray) -> None:
    """Near full strength of the upper face softly in motion (T, C), in place, so that no event ends in a flat top."""
    upper = motion[:, _SOFT].clip(0)
    motion[:, _SOFT] = np.where(upper < KNEE, upper, KNEE + (1 - KNEE) * np.tanh((upper - KNEE) / (1 - KNEE)))


def _yield_to_speech(motion: np.ndarray, speech: np.ndarray, closure: np.ndarray) -> None:
    """Weaken the parts of an expression (T, 56) that work against what the lips say, in place.

    Rounding narrows a smile, an open mouth is not pressed, closed lips are not raised or drawn apart.
    """
    rounded = np.clip(speech[:, _ROUNDING].sum(-1), 0, 1)
    opened = np.clip(lip_gap(speech) / _WIDE_MM, 0, 1)
    motion[:, _SPREADS] *= ((1 - 0.4 * rounded) * (1 - 0.15 * closure))[:, None]
    motion[:, _PRESSES] *= (1 - 0.9 * opened)[:, None]
    motion[:, _OPENERS] *= (1 - closure)[:, None]
    motion[:, _SNEERS] *= (1 - 0.6 * closure)[:, None]
    motion[:, _THRUSTS] *= (1 - 0.8 * closure)[:, None]


def _meet(motion: np.ndarray, closure: np.ndarray) -> np.ndarray:
    """Motion (T, 56) in which mouthClose takes up what still parts lips that must be closed, and more."""
    parted = lip_gap(motion) + _TIGHT_MM  # (T,)
    motion[:, MOTION_INDEX["mouthClose"]] += closure * parted / -LIP_GAP_MM["mouthClose"]
    return motion
