"""The head of somebody who speaks or listens, by rule: beats on stressed words, changes of posture, drift, breath.

All is drawn from sequences counted by events, so a clip processed in pieces moves as it does at once. Ranges and speeds
are calibrated on captured readers and on what is known of conversation, where heads turn more; which posture goes with
which emotion is our own judgement.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, fields

import numpy as np

from .slow_noise import draw, ease, slow_noise
from .speech_marks import QUIET, SpeechMark, SpeechMarks

POSTURE_SPREAD = (1.5, 1.9, 1.0)
"""Standard deviation of postures in degrees: pitch, yaw, roll."""
POSTURE_EVERY, POSTURE_SHAPE = 4.5, 3.0  # seconds between changes of posture, and regularity of the intervals
PHRASE_GAIN, PHRASE_TIME = 4.0, 0.4  # how much likelier one gets at a phrase's end or beginning, and for how long
MOVE = (0.6, 1.2)  # seconds that a change of posture takes
BEAT_SHARE = 0.75  # stresses with a beat of the head
BEAT = (0.8, 2.8)  # degrees of a beat at the strongest stress
BEAT_RISE, BEAT_FALL = (0.14, 0.24), (0.28, 0.6)  # seconds
NOD_RATE, NOD_AFTER = 7.0, 0.8  # nods a minute of a listener, and seconds of silence after which somebody listens
NOD, NOD_PERIOD = (1.0, 2.6), (0.42, 0.62)  # degrees and seconds of one
DRIFT, DRIFT_KNOTS = (0.4, 0.45, 0.25), (1.9,)  # degrees of the slow drift, seconds between its knots
SWAY, SWAY_KNOTS = (0.75, 0.6, 0.35), (0.55, 0.36)  # degrees by which the head moves along with speech
TREMOR, TREMOR_KNOTS = (0.05, 0.05, 0.035), (0.2,)
BREATH, BREATHS = (0.14, 0.3), (12.0, 17.0)  # degrees of pitch while speaking and in silence, breaths a minute
CALM = 0.2  # seconds over which breath and sway follow the voice

_CHANGE, _POSTURE, _BEAT, _NOD, _BREATH, _DRIFT, _SWAY, _TREMOR = 20, 21, 22, 23, 24, 25, 26, 28  # sequences


@dataclass(frozen=True)
class HeadManner:
    """How a head is held and moved.

    Attributes:
        pitch, yaw, roll: mean posture in degrees: chin down, to the speaker's left, crown to the speaker's right.
        reach: scale of the changes of posture; turn and tilt scale yaw and roll alone.
        beats: scale of the beats on stressed words. pace: how quick movements are. onset: degrees of pitch by which
            the head jerks when the emotion sets in, below 0 up and back. unrest: scale of the drift.
    """

    pitch: float = 0.0
    yaw: float = 0.0
    roll: float = 0.0
    reach: float = 1.0
    turn: float = 1.0
    tilt: float = 1.0
    beats: float = 1.0
    pace: float = 1.0
    onset: float = 0.0
    unrest: float = 1.0


MANNERS: dict[str, HeadManner] = {
    "neutral": HeadManner(),
    "happy": HeadManner(pitch=-1.5, reach=1.3, tilt=1.8, beats=1.3, pace=1.15, unrest=1.2),
    "sad": HeadManner(pitch=6.0, roll=1.5, reach=1.1, turn=1.2, beats=0.6, pace=0.6, unrest=1.1),
    "surprised": HeadManner(pitch=-4.0, reach=1.1, beats=1.2, pace=1.3, onset=-3.0),
    "fear": HeadManner(pitch=-3.0, yaw=1.5, reach=1.0, turn=1.3, beats=0.9, pace=1.6, onset=-2.0, unrest=1.6),
    "disgusted": HeadManner(pitch=-2.0, yaw=3.5, roll=1.5, reach=1.1, turn=1.2, beats=0.9, onset=-1.0),
    "angry": HeadManner(pitch=4.5, reach=1.1, beats=1.8, pace=1.45, onset=1.5, unrest=1.2),
    "contempt": HeadManner(pitch=-4.5, yaw=1.5, roll=-2.5, reach=1.0, tilt=1.3, beats=0.7, pace=0.8),
}
"""What each emotion does to the head at full strength."""


def manner_of(emotion: str, strength: float) -> HeadManner:
    """The manner of an emotion at a strength 0..1: between neutral's and its own.

    Raises:
        ValueError: an unknown emotion.
    """
    if emotion not in MANNERS:
        raise ValueError(f"emotion must be one of {tuple(MANNERS)}, got {emotion!r}")
    calm, full = MANNERS["neutral"], MANNERS[emotion]
    values = {f.name: (1 - strength) * getattr(calm, f.name) + strength * getattr(full, f.name) for f in fields(calm)}
    return HeadManner(**values)


@dataclass(frozen=True)
class _Swing:
    """A movement away and back: degrees (3,), and the seconds of its start, of the way there and of the way back."""

    angles: np.ndarray
    start: float
    rise: float
    fall: float

    def course(self, seconds: np.ndarray) -> np.ndarray:
        """Degrees (T, 3)."""
        after = seconds - self.start
        return (ease(after / self.rise) * (1 - ease((after - self.rise) / self.fall)))[:, None] * self.angles


class Breath:
    """The head rises and sinks a little with the breath, more where nobody speaks."""

    def __init__(self, fps: float, seed: int) -> None:
        first = draw(seed, _BREATH, 0)
        self.fps, self.frame, self.calm = fps, 0, 1.0
        self.phase, self.rate = first.uniform(0, 2 * math.pi), first.uniform(*BREATHS) / 60

    def pitch(self, loudness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Degrees of pitch (T,), and how calm it is (T,), 0 in speech to 1 in silence, of the next frames."""
        share = 1 / (1 + CALM * self.fps)
        calm = np.empty(len(loudness))
        for k, loud in enumerate(loudness.tolist()):
            self.calm += (float(loud <= QUIET) - self.calm) * share
            calm[k] = self.calm
        seconds = (self.frame + np.arange(len(loudness)) + 0.5) / self.fps
        self.frame += len(loudness)
        size = BREATH[0] + (BREATH[1] - BREATH[0]) * calm
        return size * np.sin(2 * math.pi * self.rate * seconds + self.phase), calm


class Head:
    """Rotates a head over a voice that arrives in pieces."""

    def __init__(self, fps: float, seed: int, manner: HeadManner = MANNERS["neutral"], lead: float = 0.5) -> None:
        """Start at frame 0.

        Args:
            fps: frames per second. seed: not negative. manner: how the head is held and moved.
            lead: seconds before the first frame, at most, at which the first posture is taken.
        """
        self.fps, self.seed, self.manner = fps, seed, manner
        self.frame = 0
        self.marks = SpeechMarks(fps)
        self.changes = self.stresses = self.nods = 0
        self.breath = Breath(fps, seed)
        start = draw(seed, _BREATH, 1).uniform(-lead, 0.2)
        self.postures: deque[tuple[float, float, np.ndarray]] = deque([(-math.inf, 1.0, np.zeros(3))])
        self.swings: deque[_Swing] = deque()
        self.phase, self.threshold, self.nod_phase, self.nod_threshold = 0.0, 0.0, 0.0, 0.0
        self._change(start)
        self._next_nod()
        if manner.onset:
            self.swings.append(_Swing(np.array([manner.onset, 0, 0]), start, 0.25 / manner.pace, 0.9 / manner.pace))
        self.eager, self.quiet = 0.0, math.inf

    def angles(self, loudness: np.ndarray) -> np.ndarray:
        """Rotation over the next frames.

        Args:
            loudness: (T,) relative loudness of the voice, 0 in silence.

        Returns:
            (T, 3) radians: pitch (chin down), yaw (to the speaker's left), roll (crown to the speaker's right).
        """
        frames, manner = len(loudness), self.manner
        if not frames:
            return np.zeros((0, 3))
        breath, calm = self.breath.pitch(loudness)
        known: dict[int, list[SpeechMark]] = {}
        for mark in self.marks.hear(loudness):
            known.setdefault(mark.heard - self.frame, []).append(mark)
        for k, loud in enumerate(loudness.tolist()):
            now = (self.frame + k) / self.fps
            for mark in known.get(k, ()):
                self._meet(mark, now)
            self._wait(loud, now)
        seconds = (self.frame + np.arange(frames) + 0.5) / self.fps
        degrees = self._held(seconds) + np.sum([swing.course(seconds) for swing in self.swings], 0)
        where = (self.fps, self.frame, frames, 3)
        degrees = degrees + manner.unrest * slow_noise(self.seed, _DRIFT, *where, DRIFT_KNOTS) * DRIFT
        sway = (1 - calm)[:, None] * slow_noise(self.seed, _SWAY, *where, SWAY_KNOTS)
        degrees += (0.5 + 0.5 * manner.beats) * sway * SWAY
        degrees += manner.unrest * slow_noise(self.seed, _TREMOR, *where, TREMOR_KNOTS) * TREMOR
        degrees[:, 0] += breath
        while self.swings and self.swings[0].start + self.swings[0].rise + self.swings[0].fall < seconds[-1]:
            self.swings.popleft()
        self.frame += frames
        return np.radians(degrees)

    def _meet(self, mark: SpeechMark, now: float) -> None:
        """Answer a mark of the voice."""
        if mark.kind != "stress":
            self.eager = PHRASE_TIME
            return
        chance = draw(self.seed, _BEAT, self.stresses)
        self.stresses += 1
        if chance.random() < BEAT_SHARE:
            size = self.manner.beats * mark.size * chance.uniform(*BEAT)
            way = np.array([1.0 if chance.random() < 0.85 else -0.7, 0.35, 0.3])
            way[1:] *= chance.standard_normal(2)
            rise, fall = (chance.uniform(*span) / self.manner.pace for span in (BEAT_RISE, BEAT_FALL))
            self.swings.append(_Swing(size * way, now, rise, fall))

    def _wait(self, loud: float, now: float) -> None:
        """Let a frame pass, in which the posture may change or a listener may nod."""
        step = 1 / self.fps
        self.quiet = self.quiet + step if loud <= QUIET else 0.0
        gain = PHRASE_GAIN if self.eager > 0 else 1.0
        self.eager -= step
        self.phase += step * gain * (0.5 + 0.5 * self.manner.pace) / POSTURE_EVERY
        if self.phase >= self.threshold:
            self._change(now)
        if self.quiet > NOD_AFTER:
            self.nod_phase += step * NOD_RATE / 60
            if self.nod_phase >= self.nod_threshold:
                self._nod(now)

    def _change(self, now: float) -> None:
        """Take another posture."""
        manner, chance = self.manner, draw(self.seed, _POSTURE, self.changes)
        spread = manner.reach * np.array(POSTURE_SPREAD) * (1.0, manner.turn, manner.tilt)
        target = np.array([manner.pitch, manner.yaw, manner.roll]) + spread * chance.standard_normal(3).clip(-2.2, 2.2)
        self.postures.append((now, chance.uniform(*MOVE) / manner.pace, target))
        self.changes += 1
        self.phase = 0.0
        self.threshold = 0.25 + 0.75 * draw(self.seed, _CHANGE, self.changes).gamma(POSTURE_SHAPE, 1 / POSTURE_SHAPE)

    def _next_nod(self) -> None:
        self.nod_phase, self.nod_threshold = 0.0, draw(self.seed, _NOD, 2 * self.nods).exponential()

    def _nod(self, now: float) -> None:
        """One to three nods, each smaller than the one before."""
        chance = draw(self.seed, _NOD, 2 * self.nods + 1)
        size, period = chance.uniform(*NOD), chance.uniform(*NOD_PERIOD)
        for k in range(1 + int(chance.integers(3))):
            turn = np.array([1.0, *(0.1 * chance.standard_normal(2))])
            self.swings.append(_Swing(size * 0.7**k * turn, now + k * period, 0.45 * period, 0.55 * period))
        self.nods += 1
        self._next_nod()

    def _held(self, seconds: np.ndarray) -> np.ndarray:
        """Degrees (T, 3) of the postures, each eased into from wherever the head was."""
        angles = np.broadcast_to(self.postures[0][2], (len(seconds), 3))
        for start, length, target in list(self.postures)[1:]:
            share = ease((seconds - start) / length)[:, None]
            angles = (1 - share) * angles + share * target  # exactly the target once it is taken
        while len(self.postures) > 2 and self.postures[1][0] + self.postures[1][1] < seconds[-1]:
            self.postures.popleft()
        return angles
