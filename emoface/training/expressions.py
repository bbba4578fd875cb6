"""Rule-made emotional expression: what the default checkpoint learns to do with a face besides speaking.

Each emotion is a small set of prototypes in the manner of EMFACS (which action units go with which emotion), written
as ARKit shapes at full strength. A clip draws mostly one of them, its own gains and asymmetry, an onset/apex/offset
course in which the brows lead, and a coupling to the voice's loudness, stress and phrases; where an expression works
against the lips, speech wins. All numbers are our own judgement; no captured emotional motion is involved, and figures
measured against these rules say how well the rules are obeyed, no more.
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
    MOTION_NAMES,
    MOTION_SIZE,
    MOUTH,
    lip_gap,
)


def _shapes(**weights: float) -> np.ndarray:
    """A motion vector (53,) from shape weights; a name without a side sets left and right."""
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
        _shapes(mouthSmile=0.82, cheekSquint=0.8, eyeSquint=0.4, mouthUpperUp=0.16, mouthDimple=0.1,
                browInnerUp=0.16, browOuterUp=0.14),
        _shapes(mouthSmile=0.7, cheekSquint=0.6, mouthUpperUp=0.26, mouthLowerDown=0.16, mouthStretch=0.12,
                eyeSquint=0.24, browInnerUp=0.14, browOuterUp=0.16, jawOpen=0.03),
        _shapes(mouthSmile=0.8, cheekSquint=0.66, mouthDimple=0.34, mouthPress=0.1, eyeSquint=0.3,
                browInnerUp=0.18, browOuterUp=0.1),
        _shapes(mouthSmile=0.68, cheekSquint=0.5, mouthUpperUp=0.16, eyeSquint=0.1, browInnerUp=0.4,
                browOuterUp=0.34),
    ),
    "sad": (
        _shapes(browInnerUp=0.92, browDown=0.16, mouthFrown=0.72, mouthShrugLower=0.36, eyeLookDown=0.2,
                eyeBlink=0.18),
        _shapes(browInnerUp=0.8, browDown=0.1, mouthFrown=0.56, mouthShrugLower=0.62, mouthPucker=0.1,
                mouthRollLower=0.06, eyeLookDown=0.14, eyeBlink=0.14),
        _shapes(browInnerUp=0.88, browDown=0.26, mouthFrown=0.6, mouthStretch=0.3, mouthShrugLower=0.3,
                cheekSquint=0.3, eyeSquint=0.36, noseSneer=0.08),
        _shapes(browInnerUp=0.66, mouthFrown=0.54, mouthShrugLower=0.2, eyeLookDown=0.3, eyeBlink=0.28),
    ),
    "surprised": (
        _shapes(browInnerUp=1.0, browOuterUp=0.8, eyeWide=0.8, jawOpen=0.18),
        _shapes(browInnerUp=0.88, browOuterUp=0.7, eyeWide=0.66, jawOpen=0.12, mouthFunnel=0.14),
        _shapes(browInnerUp=0.96, browOuterUp=0.9, eyeWide=0.56, jawOpen=0.06),
        _shapes(browInnerUp=0.86, browOuterUp=0.7, eyeWide=0.66, jawOpen=0.12, mouthSmile=0.2, mouthStretch=0.08),
    ),
    "fear": (
        _shapes(browInnerUp=0.86, browOuterUp=0.3, browDown=0.3, eyeWide=0.86, mouthStretch=0.78, mouthLowerDown=0.18,
                jawOpen=0.05),
        _shapes(browInnerUp=0.8, browOuterUp=0.36, browDown=0.2, eyeWide=0.72, mouthStretch=0.6, mouthPress=0.16,
                mouthFrown=0.2),
        _shapes(browInnerUp=0.9, browOuterUp=0.24, browDown=0.34, eyeWide=0.72, mouthStretch=0.66, mouthFrown=0.3,
                mouthLowerDown=0.26, noseSneer=0.08, jawOpen=0.07),
        _shapes(browInnerUp=0.94, browDown=0.26, eyeWide=0.6, eyeSquint=0.14, mouthStretch=0.5, mouthRollLower=0.2,
                mouthShrugLower=0.16),
    ),
    "disgusted": (
        _shapes(noseSneer=0.88, mouthUpperUp=0.24, browDown=0.44, eyeSquint=0.5, cheekSquint=0.4, mouthFrown=0.24),
        _shapes(noseSneer=0.66, mouthShrugLower=0.6, mouthFrown=0.56, mouthUpperUp=0.08, eyeSquint=0.42, browDown=0.34,
                cheekSquint=0.24),
        _shapes(noseSneer=0.8, eyeSquint=0.46, browDown=0.4, cheekSquint=0.34, mouthFrown=0.2)
        + _shapes(mouthUpperUpLeft=0.4, mouthUpperUpRight=0.1, browOuterUpRight=0.16),
        _shapes(noseSneer=0.7, mouthUpperUp=0.16, mouthLowerDown=0.22, mouthStretch=0.3, mouthFrown=0.36,
                browDown=0.3, eyeSquint=0.46, eyeBlink=0.1, cheekSquint=0.26),
    ),
    "angry": (
        _shapes(browDown=1.0, eyeWide=0.3, eyeSquint=0.34, noseSneer=0.12, mouthPress=0.5, mouthRollLower=0.16,
                mouthRollUpper=0.12, mouthFrown=0.22, mouthShrugLower=0.2),
        _shapes(browDown=0.94, noseSneer=0.46, mouthUpperUp=0.18, mouthLowerDown=0.3, mouthStretch=0.26,
                eyeSquint=0.42, cheekSquint=0.2),
        _shapes(browDown=0.88, eyeSquint=0.5, noseSneer=0.14, mouthFrown=0.44, mouthPress=0.34, mouthShrugLower=0.34),
        _shapes(browDown=0.92, eyeWide=0.42, noseSneer=0.36, mouthUpperUp=0.14, mouthLowerDown=0.34, mouthFunnel=0.1,
                jawForward=0.14, jawOpen=0.03),
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

ACCENTS: dict[str, np.ndarray] = {
    "neutral": _shapes(browInnerUp=0.5, browOuterUp=0.45),
    "happy": _shapes(browInnerUp=0.3, browOuterUp=0.5, cheekSquint=0.3),
    "sad": _shapes(browInnerUp=0.6, browDown=0.12),
    "surprised": _shapes(browInnerUp=0.4, browOuterUp=0.4, eyeWide=0.3),
    "fear": _shapes(browInnerUp=0.4, eyeWide=0.3),
    "disgusted": _shapes(noseSneer=0.3, browDown=0.2, browOuterUp=0.2),
    "angry": _shapes(browDown=0.3, noseSneer=0.3, browOuterUp=0.15),
    "contempt": _shapes(browInnerUp=0.2) + _shapes(browOuterUpRight=0.5),
}
"""What a stressed syllable adds to each emotion, per unit of accent."""

SPEECH_GAIN = {"angry": 1.15, "surprised": 1.12, "happy": 1.05, "fear": 0.95, "sad": 0.82, "contempt": 0.87}
"""How much larger or smaller articulation gets at level 3; emotions left out leave it."""


def _places(*beginnings: str) -> list[int]:
    """Indices of the channels whose names begin so."""
    return [index for name, index in MOTION_INDEX.items() if name.startswith(beginnings)]


_SIDES = [(MOTION_INDEX[n], MOTION_INDEX[n[:-4] + "Right"]) for n in MOTION_NAMES if n.endswith("Left")]
_JAW = MOTION_INDEX["jaw_pose_x"]
_OPENERS = _places("mouthUpperUp", "mouthLowerDown", "mouthFunnel", "mouthShrugUpper")
_PRESSES = _places("mouthPress", "mouthRoll", "mouthShrugLower")
_SPREADS = _places("mouthSmile", "mouthStretch", "mouthDimple")
_ROUNDING = _places("mouthFunnel", "mouthPucker")
_SNEERS = _places("noseSneer")
_THRUSTS = [_JAW, MOTION_INDEX["jawForward"]]
_REGIONS = (_places("brow"), _places("eye"), _places("cheek", "nose"), list(MOUTH))
_LAGS = (0.0, 0.2, 0.7, 1.0)  # when each region follows, in shares of the clip's lag
_WIDE_MM = 8.0  # an opening in speech at which no lip is pressed any more
_TIGHT_MM = 0.8  # by which closed lips are drawn together beyond meeting


def prototype(emotion: str, level: float) -> np.ndarray:
    """Mean displacement (53,) of an emotion at a level, before speech and without the course over time."""
    return np.mean(PROTOTYPES[emotion], axis=0) * level_strength(level)


def smooth_hann(values: np.ndarray, width: int) -> np.ndarray:
    """Moving average of a curve (T,) under a Hann window ``width`` frames wide, ends held."""
    window = np.hanning(width + 2)[1:-1]
    padded = np.pad(values, (width // 2, width - 1 - width // 2), "edge")
    return np.convolve(padded, window / window.sum(), "valid")


def _wander(frames: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Slow noise (T,) of about unit deviation."""
    noise = smooth_hann(rng.standard_normal(frames + 2 * width), width)[width : width + frames]
    return noise * np.sqrt(width * 0.66)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def course(frames: int, rng: np.random.Generator, loudness: np.ndarray) -> np.ndarray:
    """Onset, apex and sometimes offset of an expression, carried by the voice's loudness: (T,), about 1 at the apex.

    It swells at the beginning of a phrase, after a pause.

    Args:
        frames: T at 25 fps. rng: source of the variation. loudness: (T,) 0..1.2, 1 at the clip's loud level.
    """
    seconds = np.arange(frames) / FPS
    onset, rise = rng.uniform(-0.6, 0.25), rng.uniform(0.25, 0.6)
    envelope = _sigmoid((seconds - onset - rise / 2) / (rise / 6))
    if rng.random() < 0.2:
        release = seconds[-1] - rng.uniform(-0.3, 0.6)
        envelope = envelope * (1 - 0.5 * _sigmoid((seconds - release) / 0.12))
    envelope = envelope * (1 + 0.07 * _wander(frames, 27, rng))
    voice = np.clip(loudness, 0, 1.2)
    swell = np.clip(smooth_hann(voice, 9) - smooth_hann(voice, 51), 0, 1)
    return envelope * (0.84 + 0.24 * smooth_hann(voice, 13) + 0.2 * swell)


def _variant(emotion: str, rng: np.random.Generator) -> np.ndarray:
    """Shapes (53,) of one person on one day: mostly one variant of the emotion, with own gains and asymmetry."""
    variants = PROTOTYPES[emotion]
    shares = rng.dirichlet([0.35] * len(variants))
    shape = shares @ np.stack(variants)
    gains = np.exp(0.09 * rng.standard_normal(MOTION_SIZE))
    for region in _REGIONS:
        gains[region] *= np.exp(0.13 * rng.standard_normal())
    lopsided = 0.05 * rng.standard_normal()  # one side is a little livelier throughout
    for left, right in _SIDES:
        gains[right] = gains[left] * np.exp(lopsided + 0.05 * rng.standard_normal())
    return shape * gains


def express(
    frames: int,
    emotion: str,
    level: float,
    rng: np.random.Generator,
    loudness: np.ndarray,
    lips: np.ndarray,
    closure: np.ndarray,
) -> np.ndarray:
    """Rule-made motion of a face that speaks with an emotion; no blinks and no gaze, which are added at inference.

    Args:
        frames: T at 25 fps.
        emotion: one of ``EMOTIONS``.
        level: 0..3.
        rng: source of the variation.
        loudness: (T,) relative loudness, 0..1.2.
        lips: (T, 53) motion of speech alone.
        closure: (T,) how closed the lips must be, 0..1; what the emotion opens is shut there.

    Returns:
        (T, 53) float32 motion.

    Raises:
        ValueError: ``emotion`` is not one of the eight.
    """
    if emotion not in EMOTIONS:
        raise ValueError(f"emotion must be one of {EMOTIONS}, got {emotion!r}")
    strength = level_strength(level)
    carried = course(frames, rng, loudness)  # (T,)
    lag = FPS * rng.uniform(-0.04, 0.14)  # the brows mostly move before the mouth
    shape = _variant(emotion, rng) * strength
    time = np.arange(frames)
    motion = np.zeros((frames, MOTION_SIZE))
    for region, share in zip(_REGIONS, _LAGS, strict=True):
        motion[:, region] = np.interp(time - share * lag, time, carried)[:, None] * shape[region]
    accent = smooth_hann(np.clip(loudness - 0.72, 0, 1), 7) * rng.uniform(0, 0.55)
    motion += accent[:, None] * (strength * ACCENTS[emotion] + (1 - strength) * ACCENTS["neutral"])

    speech = lips * (1 + (SPEECH_GAIN.get(emotion, 1.0) - 1) * strength)  # (T, 53)
    _yield_to_speech(motion, speech, np.clip(closure, 0, 1))
    spread = np.clip(motion[:, _SPREADS].mean(-1), 0, 1)
    speech[:, _ROUNDING] *= (1 - 0.45 * spread)[:, None]
    motion = _meet(motion + speech, np.clip(closure, 0, 1))
    expression, pose = np.clip(motion[:, :_JAW], 0, 1), motion[:, _JAW:]
    pose[:, 0] = np.clip(pose[:, 0], 0, JAW_OPEN_RADIANS)
    return np.concatenate([expression, pose], 1).astype(np.float32)


def _yield_to_speech(motion: np.ndarray, speech: np.ndarray, closure: np.ndarray) -> None:
    """Weaken the parts of an expression (T, 53) that work against what the lips say, in place.

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
    """Motion (T, 53) in which mouthClose takes up what still parts lips that must be closed, and more."""
    parted = lip_gap(motion) + _TIGHT_MM  # (T,)
    motion[:, MOTION_INDEX["mouthClose"]] += closure * parted / -LIP_GAP_MM["mouthClose"]
    return motion
