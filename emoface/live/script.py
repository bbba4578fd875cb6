"""What a stream is asked to show over time, and how it changes while the stream goes on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from emoface.audio.features import MEL_PER_FRAME
from emoface.binding.space import EmotionSpace
from emoface.emotion import (
    CROSSFADE,
    HEARD_FRAMES,
    HEARD_MEMORY,
    HeardEmotion,
    Keyframe,
    ResolvedEmotion,
    check_density,
    keyframe_weights,
)
from emoface.face.layout import FPS

LISTEN_EVERY = 25
"""Frames after which a stream hears the emotion in the voice again."""
MEMORY = HEARD_MEMORY ** (LISTEN_EVERY / 80)
"""Share of what was heard before in what is heard now: as much as a recording keeps over one of its windows."""
SETTLE = 0.4
"""Seconds over which the face follows what is heard."""
HEARD_KEY = -1


@dataclass
class Script:
    """Emotions and intensity over a stream's time.

    Attributes:
        space: the emotion space. keyframes: of emotions, in rising order of time.
        strengths: keyframes of intensity, whose ``emotion`` is the value (). next_key: of the next new emotion.
    """

    space: EmotionSpace
    keyframes: list[Keyframe]
    strengths: list[Keyframe]
    next_key: int = 0
    listener: HeardEmotion = field(init=False)
    shown: Tensor = field(init=False)
    """The emotion (Z,) that the face takes from the voice."""
    target: Tensor = field(init=False)
    listened: int = 0

    def __post_init__(self) -> None:
        self.listener = HeardEmotion(self.space, MEMORY)
        self.shown = self.target = self.space.encode(label="neutral")

    @classmethod
    def begin(cls, emotion: ResolvedEmotion, intensity: float, space: EmotionSpace) -> Script:
        """The script of a stream at its start."""
        script = cls(space, [], [])
        script.keyframes = script._numbered(emotion)
        script.strengths = [Keyframe(0.0, torch.tensor(intensity))]
        return script

    def _numbered(self, emotion: ResolvedEmotion) -> list[Keyframe]:
        """Keyframes with keys that none had before; one that stands for the voice where nothing is asked for."""
        if emotion.keyframes is None:
            return [Keyframe(0.0, self.shown, key=HEARD_KEY)]
        first, keyframes = self.next_key, emotion.keyframes
        self.next_key += 1 + max(keyframe.key for keyframe in keyframes)
        return [replace(keyframe, key=first + keyframe.key) for keyframe in keyframes]

    def change_emotion(self, emotion: ResolvedEmotion, now: float, seconds: float) -> None:
        """Give way to another emotion, or timeline, from now on.

        Args:
            emotion: it. now: seconds of the first frame that is not decided yet. seconds: length of a window.

        Raises:
            ValueError: too many emotions in too short a time; nothing changed.
        """
        key = self.next_key
        begin = now + CROSSFADE / 2
        new = [replace(keyframe, time=begin + keyframe.time) for keyframe in self._numbered(emotion)]
        keyframes = [*(keyframe for keyframe in self.keyframes if keyframe.time < begin), *new]
        try:
            check_density(keyframes, seconds)
        except ValueError:
            self.next_key = key
            raise
        self.keyframes = keyframes

    def change_intensity(self, intensity: float, now: float) -> None:
        """Go over to another intensity from now on, a time in seconds."""
        begin = now + CROSSFADE / 2
        kept = [keyframe for keyframe in self.strengths if keyframe.time < begin]
        self.strengths = [*kept, Keyframe(begin, torch.tensor(intensity))]

    def listen(self, mel: Tensor, frame: int, frames: int) -> None:
        """Hear the voice, where it tells the emotion.

        Args:
            mel: (M, 64) log-mels up to now, not normalised. frame: which is now. frames: that passed since.
        """
        if all(keyframe.key != HEARD_KEY for keyframe in self.keyframes):
            return
        if frame - self.listened >= LISTEN_EVERY:
            self.listened = frame
            self.target = self.listener.update(mel[-MEL_PER_FRAME * HEARD_FRAMES :])
        share = 1 - math.exp(-frames / FPS / SETTLE)
        self.shown = torch.nn.functional.normalize(torch.lerp(self.shown, self.target, share), dim=0)
        heard = Keyframe.of(0.0, self.shown, self.space)
        self.keyframes = [
            replace(heard, time=keyframe.time, key=HEARD_KEY) if keyframe.key == HEARD_KEY else keyframe
            for keyframe in self.keyframes
        ]

    def forget(self, start: int) -> None:
        """Forget what has no share in the frames from ``start`` on."""
        oldest = start / FPS - CROSSFADE
        self.keyframes, self.strengths = _since(self.keyframes, oldest), _since(self.strengths, oldest)

    def intensity(self, start: int, stop: int) -> float | Tensor:
        """Intensity of the frames start..stop: one, or (T,)."""
        values = [float(keyframe.emotion) for keyframe in self.strengths]
        if len(values) == 1:
            return values[0]
        return (keyframe_weights(self.strengths, start, stop) * torch.tensor(values)[:, None]).sum(0)


def _since(keyframes: Sequence[Keyframe], time: float) -> list[Keyframe]:
    """The keyframes from the last one that was wholly reached at a time."""
    reached = sum(keyframe.time <= time for keyframe in keyframes)
    return list(keyframes[max(reached - 1, 0) :])
