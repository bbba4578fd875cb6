"""What a user may pass as ``emotion``, resolved into embeddings over time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .animation import Animation
from .audio.features import MEL_PER_FRAME, SAMPLE_RATE, log_mel
from .audio.load import Recording, open_audio
from .binding.emotions import EMOTIONS
from .binding.hearing import Heard
from .binding.space import EmotionSpace
from .emotion_forms import EmotionReference, check_emotion, is_sentence, told
from .face.layout import EXPRESSION_NAMES, FPS, full_motion
from .face_motion import FaceMotion
from .host import own_settings

CROSSFADE = 0.3
"""Seconds over which one emotion of a timeline gives way to the next, centred on the asked time."""

MOST_TRACKS = 32
"""Different emotions, those of mixtures counted, that may sound within a window: each is a trajectory to denoise."""

BLINK_RATES = {
    "neutral": 17.0, "happy": 18.0, "sad": 16.0, "surprised": 16.0, "fear": 19.0, "disgusted": 16.5, "angry": 16.0,
    "contempt": 16.5,
}  # fmt: skip
"""Blinks per minute with each emotion."""

HEARD_FRAMES = 100
"""The emotion in the voice is heard over the last four seconds."""
HEARD_MEMORY = 0.5
"""Share of what was heard before in what is heard now."""


@dataclass(frozen=True)
class Keyframe:
    """From ``time`` (seconds) on, this emotion (Z,), with so many ``blinks`` per minute.

    A mixture also has ``parts``, emotions and their shares: each is animated by itself, and the motions are mixed.
    Keyframes of one emotion have the same ``key``, and share its trajectory.
    """

    time: float
    emotion: Tensor
    blinks: float = BLINK_RATES["neutral"]
    parts: tuple[tuple[Tensor, float], ...] = ()
    key: int = 0

    @classmethod
    def of(cls, time: float, emotion: Tensor, space: EmotionSpace) -> Keyframe:
        """A keyframe with the blinks that go with its emotion."""
        return cls(time, emotion, blink_rate(emotion, space))

    @classmethod
    def asked(cls, time: float, emotion: Any, space: EmotionSpace) -> Keyframe:
        """A keyframe of what a user asked for: any form but a timeline or None."""
        keyframe = cls.of(time, embed(emotion, space), space)
        return replace(keyframe, parts=tuple(space.shares(emotion))) if isinstance(emotion, Mapping) else keyframe


@own_settings()
def from_audio(source: Any, sample_rate: float | None = None) -> EmotionReference:
    """The emotion of a voice, to be passed as ``emotion``.

    The likeliest of neutral, happy, sad, angry is taken, fear and disgust only if they are likelier than all others
    together, at a level that follows the arousal. Happy and angry voices are often taken for each other.

    Args:
        source: as the audio of :func:`emoface.animate`. sample_rate: Hz, for arrays.

    Returns:
        A reference for ``emotion=``.

    Raises:
        TypeError, ValueError, FileNotFoundError: the recording cannot be read.
    """
    return EmotionReference("audio", open_audio(source, sample_rate, argument="from_audio source"))


@own_settings()
def from_motion(source: Any) -> EmotionReference:
    """The emotion of a facial motion, to be passed as ``emotion``: "video-driven" control.

    Args:
        source: an :class:`Animation`, the path of a saved one (.npz or Live Link Face .csv), or an array (T, 56) of
            motion vectors at 25 fps, or (T, 53) without the neck.

    Returns:
        A reference for ``emotion=``.

    Raises:
        TypeError, ValueError, FileNotFoundError: the motion cannot be read.
    """
    if isinstance(source, (np.ndarray, torch.Tensor)):
        motion = np.asarray(source, dtype=np.float32)
        if motion.ndim == 2 and len(motion):
            motion = full_motion(motion)
    else:
        animation = source if isinstance(source, FaceMotion) else Animation.load(source)
        if animation.expression_names != EXPRESSION_NAMES:
            version = animation.flame_version
            raise ValueError(f"from_motion needs the open head's shapes, got {version}'s; to_open_head() converts them")
        motion = animation.resample(FPS).motion
    if motion.ndim != 2 or motion.shape[0] == 0 or not np.isfinite(motion).all():
        raise ValueError(f"from_motion source must be finite motion (T, 56) with T >= 1, got shape {motion.shape}")
    return EmotionReference("motion", torch.from_numpy(np.ascontiguousarray(motion)))


@dataclass(frozen=True)
class ResolvedEmotion:
    """What the user asked for, resolved once.

    Attributes:
        keyframes: in rising order of time, the first at 0; None if the emotion is to be heard in the voice.
        told: the same as JSON, for metadata and captions.
    """

    keyframes: tuple[Keyframe, ...] | None
    told: Any


def resolve(emotion: Any, space: EmotionSpace) -> ResolvedEmotion:
    """Turn what the user asked for into keyframes.

    Args:
        emotion: any of the forms of :mod:`emoface.emotion_forms`. space: the emotion space.

    Returns:
        The keyframes and what metadata say of them.

    Raises:
        TypeError, ValueError: not one of the forms, or a bad value in it.
    """
    emotion = check_emotion(emotion)
    if emotion is None:
        return ResolvedEmotion(None, told(emotion))
    entries = emotion if isinstance(emotion, list) else [(0.0, emotion)]
    known: dict[Hashable, Keyframe] = {}
    keyframes: list[Keyframe] = []
    for time, one in entries:
        same = _identity(one)
        if same not in known:
            known[same] = replace(Keyframe.asked(0.0, one, space), key=len(known))
        keyframes.append(replace(known[same], time=time if keyframes else 0.0))
    return ResolvedEmotion(tuple(keyframes), told(emotion))


def _identity(emotion: Any) -> Hashable:
    """What is the same for equal emotions of a timeline; examples and embeddings are equal if they are one object."""
    if isinstance(emotion, Mapping):
        return tuple(emotion.items())
    return emotion if isinstance(emotion, (str, tuple)) else id(emotion)


def check_density(keyframes: Sequence[Keyframe], seconds: float) -> None:
    """Refuse keyframes of which too many different emotions would sound within a window.

    Args:
        keyframes: in rising order of time. seconds: length of a window.

    Raises:
        ValueError: more than ``MOST_TRACKS``; nothing was computed.
    """
    sounding: Counter[int] = Counter()
    tracks, oldest = 0, 0
    for number, keyframe in enumerate(keyframes):
        while oldest < number and keyframes[oldest + 1].time < keyframe.time - seconds - CROSSFADE:
            sounding[keyframes[oldest].key] -= 1
            if not sounding[keyframes[oldest].key]:
                tracks -= len(keyframes[oldest].parts) or 1
            oldest += 1
        if not sounding[keyframe.key]:
            tracks += len(keyframe.parts) or 1
        sounding[keyframe.key] += 1
        if tracks > MOST_TRACKS:
            raise ValueError(
                f"emotion must have at most {MOST_TRACKS} different emotions, those of mixtures counted, within "
                f"{seconds:g} s, got {tracks} up to {keyframe.time:g} s"
            )


def sounding(keyframes: Sequence[Keyframe], start: int, stop: int) -> Sequence[Keyframe]:
    """The keyframes that have a share in the motion frames start..stop, and perhaps a neighbour; at least one."""
    first = bisect_right(keyframes, start / FPS - CROSSFADE, key=lambda keyframe: keyframe.time) - 1
    last = bisect_left(keyframes, stop / FPS + CROSSFADE, key=lambda keyframe: keyframe.time)
    return keyframes[max(first, 0) : max(last, 1)]


def embed(emotion: Any, space: EmotionSpace) -> Tensor:
    """Embed one checked emotion (no timeline, not None); see :func:`resolve`. Returns z (Z,)."""
    if isinstance(emotion, str):
        return space.encode(text=emotion) if is_sentence(emotion) else space.encode(label=emotion)
    if isinstance(emotion, tuple):
        return space.encode(label=emotion)
    if isinstance(emotion, Mapping):
        return space.mix(emotion)
    if isinstance(emotion, EmotionReference):
        value = emotion.value
        if isinstance(value, Recording):
            value = log_mel(_beginning(value, 60.0))
        return space.encode(**{emotion.modality: value})
    if emotion.shape != (space.width,) or not torch.isfinite(emotion).all() or not emotion.any():
        raise ValueError(f"emotion as a tensor must be a finite z ({space.width},), got {tuple(emotion.shape)}")
    return torch.nn.functional.normalize(emotion.float(), dim=0)


def _beginning(audio: Recording, seconds: float) -> Tensor:
    """At most the first ``seconds`` of a recording at 16 kHz: enough to hear an emotion."""
    pieces, wanted = [], int(seconds * SAMPLE_RATE)
    for block in audio.heard():
        pieces.append(block)
        wanted -= block.shape[0]
        if wanted <= 0:
            break
    return torch.cat(pieces)[: int(seconds * SAMPLE_RATE)]


class HeardEmotion:
    """Follows the emotion in the voice from window to window when none was asked for."""

    def __init__(self, space: EmotionSpace, memory: float = HEARD_MEMORY) -> None:
        self.space, self.memory = space, memory
        self.heard: Heard | None = None

    def update(self, mel: Tensor) -> Tensor:
        """The emotion (Z,) after hearing the end of a window's log-mel (M, 64), not normalised."""
        heard = self.space.listen(mel[-MEL_PER_FRAME * HEARD_FRAMES :])
        self.heard = heard if self.heard is None else heard.blend(self.heard, self.memory)
        return self.space.encode(label=self.heard.shown())


def keyframe_weights(keyframes: Sequence[Keyframe], start: int, stop: int) -> Tensor:
    """Share of each keyframe in the motion frames start..stop.

    Each hands over to the next by a smooth step of ``CROSSFADE`` seconds centred on the asked time.

    Returns:
        (len(keyframes), stop - start) in 0..1, adding up to 1 in each frame.
    """
    if len(keyframes) == 1:
        return torch.ones(1, stop - start)
    seconds = (torch.arange(start, stop) + 0.5) / FPS  # (T,)
    begun = torch.ones(len(keyframes) + 1, stop - start)  # share of keyframe i and later ones
    for i, keyframe in enumerate(keyframes[1:], 1):
        ramp = ((seconds - keyframe.time) / CROSSFADE + 0.5).clamp(0, 1)
        begun[i] = ramp * ramp * (3 - 2 * ramp)
    begun[-1] = 0.0
    begun = begun.cummin(0).values
    return begun[:-1] - begun[1:]


def blink_rate(z: Tensor, space: EmotionSpace) -> float:
    """Blinks per minute that go with an emotion embedding: the rates of the labels near it, weighted by likeness."""
    points = space.label_points(levels=(2.0,))[:, 0]  # (8, Z)
    shares = torch.softmax(points @ z / 0.1, 0)
    return float(shares @ torch.tensor([BLINK_RATES[name] for name in EMOTIONS]))
