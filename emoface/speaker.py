"""What a user may pass as ``style`` beside "artist" and "rule": a speaker to move like, by a motion or by a voice."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any

import numpy as np

from .audio.delivery import Delivery, delivery, relative_loudness
from .audio.features import SAMPLE_RATE, frame_count, log_mel, loudness
from .audio.load import Recording
from .emotion import from_motion
from .emotion_forms import EmotionReference
from .face.layout import FPS
from .face.manner_statistics import manner_statistics
from .face.speaker_style import SpeakerStyle, amplitude_style, motion_style
from .face_motion import FaceMotion
from .host import own_settings

HEARD = 60.0
"""Seconds of a voice that are listened to."""
UNMOVED = 1e-4
"""Range of a channel that a clip does not move: nobody captured it."""
LEAST_SPEECH = 1.0
"""Seconds of speech from which a voice tells something."""


class SpeakerReference:
    """A speaker to move like.

    Motion tells amplitude, habitual pose and lopsidedness of the face, see :mod:`emoface.face.speaker_style`. A voice
    tells less: against the recording to be animated, the mouth moves by ``sqrt(swing' / swing) sqrt(rate / rate')``
    and the upper face by ``sqrt(swing' / swing)``, each root within 0.7 .. 1.4, where rate and swing are of the
    recording, rate' and swing' of the reference: who speaks slower and with more stress moves more.
    """

    @own_settings()
    def __init__(self, style: Any) -> None:
        """Check a reference.

        Args:
            style: ``emoface.from_motion(...)``, ``emoface.from_audio(...)`` or an :class:`Animation`.

        Raises:
            TypeError: none of these. ValueError: a voice with less than a second of speech, or a single frame.
        """
        if isinstance(style, FaceMotion):
            style = from_motion(style)
        if not isinstance(style, EmotionReference):
            raise TypeError(
                "style must be 'artist', 'person', 'rule', emoface.from_motion(...), emoface.from_audio(...), an "
                f"Animation or the path of an adapter, got {type(style).__name__}"
            )
        self.modality = style.modality
        self.key = ""
        self._motion: np.ndarray | None = None
        if style.modality == "motion":
            self._motion = style.value.numpy()
            if len(self._motion) < 2:
                raise ValueError(f"style motion must have at least 2 frames, got {len(self._motion)}")
            self.key = hashlib.sha256(np.ascontiguousarray(self._motion).tobytes()).hexdigest()
        else:
            self._voice = _heard(style.value)
            if self._voice.seconds < LEAST_SPEECH:
                raise ValueError(f"style voice must speak for a second at least, got {self._voice.seconds:.2f} s")

    @cached_property
    def statistics(self) -> np.ndarray | None:
        """Statistics (D,) of the motion, NaN for channels that it never moves; None of a voice."""
        if self._motion is None:
            return None
        motion = self._motion.astype(np.float64)
        motion[:, np.ptp(motion, axis=0) < UNMOVED] = np.nan
        return manner_statistics(motion).vector()

    @classmethod
    def of(cls, style: Any) -> SpeakerReference:
        """A reference as it is, or one of what :meth:`__init__` takes."""
        return style if isinstance(style, SpeakerReference) else cls(style)

    def read(self, base: np.ndarray, loud: np.ndarray) -> SpeakerStyle:
        """The style for one take.

        Args:
            base: (T, 56) neutral motion of the recording. loud: (T,) its relative loudness.
        """
        if self._motion is not None:
            return motion_style(self._motion, base)
        here = delivery(loud, FPS)
        if here.seconds < LEAST_SPEECH:
            return amplitude_style(1.0, 1.0)
        swing = _ratio(self._voice.swing, here.swing)
        return amplitude_style(swing * _ratio(here.rate, self._voice.rate), swing)


def _ratio(over: float, under: float) -> float:
    """Square root of a ratio, within 0.7 .. 1.4; 1 where nothing was measured."""
    return float(np.clip(over / under, 0.5, 2)) ** 0.5 if over > 0 and under > 0 else 1.0


def _heard(voice: Recording) -> Delivery:
    samples = next(voice.heard(int(HEARD * SAMPLE_RATE)))
    mel = log_mel(samples, frame_count(len(samples), SAMPLE_RATE, FPS))
    return delivery(relative_loudness(loudness(mel)).numpy(), FPS)
