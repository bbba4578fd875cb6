"""Rule-made emotional expression: what the default checkpoint learns to do with a face besides speaking.

Each emotion is a small set of prototypes in the manner of EMFACS (which action units go with which emotion), written
as ARKit shapes at full strength. A clip draws a mixture of them, its own per-shape gains and asymmetry, an
onset/apex/offset course, and a coupling to the loudness of the voice. All numbers are our own judgement; no captured
emotional motion is involved, and figures measured against these rules say how well the rules are obeyed, no more.
"""

from __future__ import annotations

import numpy as np

from emoface.binding.emotions import EMOTIONS
from emoface.face.layout import FPS, JAW_OPEN_RADIANS, MOTION_INDEX, MOTION_NAMES, MOTION_SIZE

LEVEL_STRENGTH = (0.0, 0.4, 0.7, 1.0)
"""Strength of an expression at level 0 (neutral), 1, 2 and 3; levels between interpolate."""


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
        _shapes(mouthSmile=0.72, cheekSquint=0.6, eyeSquint=0.32, mouthDimple=0.15, browOuterUp=0.08),
        _shapes(mouthSmile=0.6, cheekSquint=0.42, mouthUpperUp=0.14, eyeSquint=0.2, browInnerUp=0.12, browOuterUp=0.18),
    ),
    "sad": (
        _shapes(browInnerUp=0.8, browDown=0.12, mouthFrown=0.5, mouthShrugLower=0.25, eyeLookDown=0.22, eyeBlink=0.14),
        _shapes(browInnerUp=0.68, mouthFrown=0.36, mouthStretch=0.1, eyeSquint=0.2, eyeLookDown=0.28, eyeBlink=0.18),
    ),
    "surprised": (
        _shapes(browInnerUp=0.66, browOuterUp=0.8, eyeWide=0.62, jawOpen=0.1, mouthFunnel=0.04),
        _shapes(browInnerUp=0.56, browOuterUp=0.64, eyeWide=0.48, jawOpen=0.07),
    ),
    "fear": (
        _shapes(browInnerUp=0.72, browOuterUp=0.26, browDown=0.24, eyeWide=0.66, mouthStretch=0.5, mouthLowerDown=0.1),
        _shapes(browInnerUp=0.78, browOuterUp=0.32, browDown=0.16, eyeWide=0.56, mouthStretch=0.38, mouthFrown=0.12),
    ),
    "disgusted": (
        _shapes(noseSneer=0.82, mouthUpperUp=0.36, browDown=0.4, eyeSquint=0.4, mouthFrown=0.14, cheekSquint=0.3),
        _shapes(noseSneer=0.64, mouthShrugLower=0.26, mouthFrown=0.3, mouthUpperUp=0.18, eyeSquint=0.34, browDown=0.3),
    ),
    "angry": (
        _shapes(browDown=0.88, eyeWide=0.22, eyeSquint=0.22, noseSneer=0.28, mouthPress=0.2, mouthFrown=0.18),
        _shapes(browDown=0.8, noseSneer=0.42, mouthUpperUp=0.16, mouthLowerDown=0.16, mouthStretch=0.1, eyeSquint=0.3),
    ),
    "contempt": (
        _shapes(eyeSquint=0.2, eyeLookDown=0.08)
        + _shapes(mouthSmileLeft=0.46, mouthDimpleLeft=0.5, noseSneerLeft=0.12, browOuterUpRight=0.3)
        + _shapes(mouthPressLeft=0.12),
        _shapes(eyeSquint=0.24, mouthPress=0.1)
        + _shapes(mouthDimpleLeft=0.58, mouthSmileLeft=0.34, browOuterUpRight=0.2, browDownLeft=0.14),
    ),
}

SPEECH_GAIN = {"angry": 1.15, "surprised": 1.12, "happy": 1.05, "sad": 0.82, "contempt": 0.87}
"""How much larger or smaller articulation gets at level 3; emotions left out leave it."""

_SIDES = [(MOTION_INDEX[n], MOTION_INDEX[n[:-4] + "Right"]) for n in MOTION_NAMES if n.endswith("Left")]
_OPENERS = [
    MOTION_INDEX[n]
    for n in (
        "mouthUpperUpLeft", "mouthUpperUpRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthFunnel",
        "mouthShrugUpper", "jaw_pose_x",
    )
]  # fmt: skip
_ROUNDING = [MOTION_INDEX["mouthFunnel"], MOTION_INDEX["mouthPucker"]]
_SPREAD = [MOTION_INDEX["mouthSmileLeft"], MOTION_INDEX["mouthStretchLeft"]]


def level_strength(level: float) -> float:
    """Strength of a level 0..3, linear between the integer levels."""
    return float(np.interp(level, range(len(LEVEL_STRENGTH)), LEVEL_STRENGTH))


def prototype(emotion: str, level: float) -> np.ndarray:
    """Mean displacement (53,) of an emotion at a level, before speech and without the course over time."""
    return np.mean(PROTOTYPES[emotion], axis=0) * level_strength(level)


def smooth(values: np.ndarray, width: int) -> np.ndarray:
    """Moving average of a curve (T,) under a Hann window ``width`` frames wide, ends held."""
    window = np.hanning(width + 2)[1:-1]
    padded = np.pad(values, (width // 2, width - 1 - width // 2), "edge")
    return np.convolve(padded, window / window.sum(), "valid")


def _wander(frames: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Slow noise (T,) of about unit deviation."""
    noise = smooth(rng.standard_normal(frames + 2 * width), width)[width : width + frames]
    return noise * np.sqrt(width * 0.66)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def course(frames: int, rng: np.random.Generator, loudness: np.ndarray) -> np.ndarray:
    """Onset, apex and sometimes offset of an expression, carried by the voice's loudness: (T,), about 1 at the apex.

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
    return envelope * (0.84 + 0.26 * smooth(np.clip(loudness, 0, 1.2), 13))


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
        closure: (T,) how closed the lips must be, 0..1; emotional opening is suppressed there.

    Returns:
        (T, 53) float32 motion.

    Raises:
        ValueError: ``emotion`` is not one of the eight.
    """
    if emotion not in EMOTIONS:
        raise ValueError(f"emotion must be one of {EMOTIONS}, got {emotion!r}")
    strength = level_strength(level)
    variants = PROTOTYPES[emotion]
    share = rng.beta(0.6, 0.6) if len(variants) > 1 else 1.0
    shape = share * variants[0] + (1 - share) * variants[-1]

    gains = np.exp(0.16 * rng.standard_normal(MOTION_SIZE)).astype(np.float32)
    for left, right in _SIDES:
        gains[right] = gains[left] * np.exp(0.07 * rng.standard_normal())
    motion = course(frames, rng, loudness)[:, None] * (shape * gains * strength)[None]  # (T, 53)

    # Accents: brows rise a little on stressed syllables, whatever the emotion.
    accent = smooth(np.clip(loudness - 0.72, 0, 1), 7) * rng.uniform(0, 0.55)
    motion[:, MOTION_INDEX["browInnerUp"]] += 0.5 * accent
    for side in ("Left", "Right"):
        motion[:, MOTION_INDEX["browOuterUp" + side]] += 0.45 * accent

    speech = lips * (1 + (SPEECH_GAIN.get(emotion, 1.0) - 1) * strength)  # (T, 53)
    spread = np.clip(motion[:, _SPREAD].sum(-1), 0, 1)
    speech[:, _ROUNDING] *= (1 - 0.45 * spread)[:, None]
    open_weight = 1 - np.clip(closure, 0, 1)
    motion[:, _OPENERS] *= open_weight[:, None]
    # A wide smile or stretch thins the lips; on p, b, m they still meet.
    motion = motion + speech
    jaw = MOTION_INDEX["jaw_pose_x"]
    expression = np.clip(motion[:, : jaw], 0, 1)
    pose = motion[:, jaw:]
    pose[:, 0] = np.clip(pose[:, 0], 0, JAW_OPEN_RADIANS)
    return np.concatenate([expression, pose], 1).astype(np.float32)
