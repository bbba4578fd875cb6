"""What a living face does besides speaking: blinks, small eye movements, slow micro-motion and breath, seeded.

Everything is drawn from a sequence counted by events, never by calls, so a clip processed in pieces gets
exactly the motion it gets at once. Figures follow the literature on people in conversation: 15 to 20 blinks a
minute of 0.1 to 0.4 s, closing faster than opening and favouring pauses and phrase ends (Bentivoglio et al.
1997; Nakano and Kitazawa 2010), not all of them complete; fixations of 0.4 to 2.5 s with small conjugate saccades
(Lee, Badler and Badler 2002, "Eyes Alive"), in which the eyes drift; and where the head turns, the eyes stay on what
they look at, as the vestibulo-ocular reflex makes them. Gaze and micro-motion are calibrated on captured faces.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from emoface import checks

from .head_motion import Breath, Head
from .layout import MOTION_INDEX, MOTION_SIZE, NECK
from .slow_noise import draw as _draw
from .slow_noise import ease as _ease
from .slow_noise import slow_noise

RATE_RANGE = (15.8, 19.0)
"""Asked rates are clamped to this many blinks a minute, which keeps ten minutes within 15 to 20 a minute and nearly
every single minute within 10 to 22.
"""
REGULARITY = 6.0  # shape of the gamma distribution of the intervals between blinks
DOUBLE_SHARE = 0.06  # blinks followed by another one
DOUBLE_GAP = (0.36, 0.5)  # seconds between the two
REFRACTORY = 0.7  # seconds after a blink without a new one
CLOSING, SHUT, OPENING = (0.06, 0.1), (0.0, 0.04), (0.1, 0.21)  # seconds
COMPLETE, PARTIAL, PARTIAL_SHARE = (0.69, 0.99), (0.53, 0.69), 0.35  # how far the lids shut, and how often they do less
SPEECH_LOUDNESS = 0.35
PAUSE_GAIN, PHRASE_END_GAIN = 2.0, 5.0  # how much likelier a blink gets than during speech
PHRASE, PHRASE_GAP, PHRASE_END = 0.5, 0.15, 0.4  # seconds: least speech of a phrase, gap inside it, its end
USUAL_GAIN = 1.45  # the mean gain, by which the rate is kept, before anything was heard
GAIN_PRIOR, GAIN_MEMORY = 4.0, 20.0  # seconds that this guess weighs, and over which the mean is known

FIXATION = (0.4, 2.5)  # seconds
GAZE_SPREAD = (1.7, 1.4)  # standard deviation of the fixations in degrees, sideways and up
AVERSION_SPREAD, AVERSION_SHARE = (5.5, 5.0), 0.35  # the same where somebody looks away, and how often it happens
GAZE_LIMIT = (11.0, 9.0)  # degrees
EYE_DRIFT, EYE_DRIFT_KNOTS = 0.24, (0.28, 0.8)  # degrees by which the eyes drift in a fixation, seconds between knots
REFLEX, RECENTRE = 0.85, 1.2  # share of the head's turns that the eyes make up for, and seconds until they recentre
HOLD = 0.85  # share of the gaze's wandering that full attention takes away
FULL_LOOK = 35.0  # degrees that an eyeLook weight of 1 stands for
LID_DROP, LID_RAISE = 0.3, 0.15  # lid movement per unit of gaze down and up

MICRO = {
    "browInnerUp": 0.022, "browOuterUp": 0.018, "browDown": 0.014, "eyeSquint": 0.042, "eyeWide": 0.028,
    "cheekSquint": 0.03, "noseSneer": 0.012,
}  # fmt: skip
"""Deviation of the micro-motion of each shape; half of it is cut off below 0."""
MICRO_KNOTS = (0.45, 0.9, 2.7)  # seconds between the knots of its octaves
ONE_SIDE = 0.35  # share of it that each side has for itself

BLOCK = 1024  # frames handled at once
_INTERVAL, _SHAPE, _GAZE, _MICRO, _SIDES, _EYES = 0, 1, 2, 3, 6, 9  # independent sequences of one seed

HeadLife = Literal["still", "breath", "rule"]
"""What life adds to the head: nothing, the breath, or all that a head does by rule."""


@dataclass(frozen=True)
class Blink:
    """One blink; ``peak`` is the first frame of the shut lids, other times in seconds."""

    peak: int
    closing: float
    shut: float
    opening: float
    depth: float

    def weight(self, frames: np.ndarray, fps: float) -> np.ndarray:
        """How far the lids are shut, 0..1, at frames (T,)."""
        after = (frames - self.peak) / fps
        down = _ease(1 + after / self.closing)
        up = _ease((after - self.shut) / self.opening)
        return self.depth * down * (1 - up)

    def last(self, fps: float) -> int:
        """The last frame it touches."""
        return self.peak + math.ceil((self.shut + self.opening) * fps)


class Blinks:
    """When the lids close: a renewal process whose pace follows the asked rate and the pauses of the voice."""

    def __init__(self, fps: float, seed: int) -> None:
        self.fps, self.seed = fps, seed
        self.count = 0
        self.phase, self.threshold = 0.0, self._interval() * _draw(seed, _INTERVAL, 0).random()
        self.free_from = 0
        self.talked, self.quiet = 0.0, math.inf  # seconds of the last phrase, and since it
        self.mean_gain, self.memory = USUAL_GAIN, GAIN_PRIOR
        self.active: deque[Blink] = deque()

    def weights(self, first: int, rate: np.ndarray, loudness: np.ndarray | None) -> np.ndarray:
        """How far the lids are shut (T,), 0..1, from frame ``first`` on; rate (T,) a minute, loudness (T,)."""
        step = 1 / self.fps
        for k, pace in enumerate(np.clip(rate, *RATE_RANGE) / 60 * step / (1 + DOUBLE_SHARE)):
            gain = 1.0
            if loudness is not None:
                gain = self._gain(loudness[k], step)
                self.memory = min(self.memory + step, GAIN_MEMORY)
                self.mean_gain += (gain - self.mean_gain) * min(step / self.memory, 1.0)
                gain /= self.mean_gain
            self.phase += pace * gain
            if self.phase >= self.threshold and first + k >= self.free_from:
                self._start(first + k)
        frames = np.arange(first, first + len(rate))
        shut = np.zeros(len(rate))
        for blink in self.active:
            shut = np.maximum(shut, blink.weight(frames, self.fps))
        while self.active and self.active[0].last(self.fps) < first + len(rate):
            self.active.popleft()
        return shut

    def _interval(self) -> float:
        return _draw(self.seed, _INTERVAL, self.count + 1).gamma(REGULARITY, 1 / REGULARITY)

    def _gain(self, loudness: float, step: float) -> float:
        if loudness > SPEECH_LOUDNESS:
            self.talked = step + (self.talked if self.quiet <= PHRASE_GAP else 0.0)
            self.quiet = 0.0
            return 1.0
        self.quiet += step
        ended = self.talked >= PHRASE and self.quiet <= PHRASE_END
        return PHRASE_END_GAIN if ended else PAUSE_GAIN

    def _start(self, frame: int) -> None:
        draw = _draw(self.seed, _SHAPE, self.count)
        peak = frame
        for _ in range(2 if draw.random() < DOUBLE_SHARE else 1):
            closing, shut, opening = (draw.uniform(*span) for span in (CLOSING, SHUT, OPENING))
            peak += max(round(closing * self.fps), 1)
            depth = draw.uniform(*(PARTIAL if draw.random() < PARTIAL_SHARE else COMPLETE))
            self.active.append(Blink(peak, closing, shut, opening, depth))
            self.free_from = peak + round(REFRACTORY * self.fps)
            peak += round(draw.uniform(*DOUBLE_GAP) * self.fps)
        self.count += 1
        self.phase, self.threshold = 0.0, self._interval()


class Gaze:
    """Where the eyes look: fixations near straight ahead, joined by saccades."""

    def __init__(self, fps: float, seed: int) -> None:
        self.fps, self.seed = fps, seed
        self.count = 0
        self.jumps: deque[tuple[float, np.ndarray]] = deque([(-math.inf, np.zeros(2)), (0.0, self._target(0))])
        self.next = self._fixation(0)

    def angles(self, first: int, frames: int) -> np.ndarray:
        """Degrees (T, 2): to the speaker's left, and up."""
        seconds = (first + np.arange(frames) + 0.5) / self.fps
        while self.next <= seconds[-1]:
            self.count += 1
            self.jumps.append((self.next, self._target(self.count)))
            self.next += self._fixation(self.count)
        begins = np.array([begin for begin, _ in self.jumps])
        targets = np.stack([target for _, target in self.jumps])  # (jumps, 2)
        latest = np.searchsorted(begins, seconds, side="right") - 1  # (T,), at least 1
        before, after = targets[latest - 1], targets[latest]
        length = 0.025 + 0.0025 * np.abs(after - before).max(1)  # s; the main sequence of saccades
        gaze = before + (after - before) * _ease((seconds - begins[latest]) / length)[:, None]
        for _ in range(latest[-1] - 1):
            self.jumps.popleft()
        drift = slow_noise(self.seed, _EYES, self.fps, first, frames, 2, EYE_DRIFT_KNOTS)
        return gaze + EYE_DRIFT * drift

    def _fixation(self, number: int) -> float:
        return float(np.clip(_draw(self.seed, _GAZE, 2 * number).lognormal(0.0, 0.55), *FIXATION))

    def _target(self, number: int) -> np.ndarray:
        draw = _draw(self.seed, _GAZE, 2 * number + 1)
        target = draw.standard_normal(2) * (AVERSION_SPREAD if draw.random() < AVERSION_SHARE else GAZE_SPREAD)
        return np.clip(target, np.negative(GAZE_LIMIT), GAZE_LIMIT)


class Reflex:
    """The eyes stay where they look while the head turns, and come back to the middle after it."""

    def __init__(self, fps: float) -> None:
        self.share = 1 / (1 + RECENTRE * fps)
        self.usual: np.ndarray | None = None

    def angles(self, neck_pose: np.ndarray) -> np.ndarray:
        """Degrees (T, 2) of the eyes in the head, to the speaker's left and up, for turns of the neck (T, 3)."""
        turned = np.degrees(neck_pose[:, [1, 0]].astype(np.float64)) * (1, -1)  # (T, 2) to the left and up
        if self.usual is None and len(turned):
            self.usual = turned[0].copy()
        away = np.empty_like(turned)
        for k, turn in enumerate(turned):
            self.usual = self.usual + (turn - self.usual) * self.share
            away[k] = turn - self.usual
        return -REFLEX * away


def _pair(name: str) -> list[int]:
    return [MOTION_INDEX[name + "Left"], MOTION_INDEX[name + "Right"]]


_BLINK, _WIDE, _UP, _DOWN = (_pair(name) for name in ("eyeBlink", "eyeWide", "eyeLookUp", "eyeLookDown"))
_TO_LEFT = [MOTION_INDEX["eyeLookOutLeft"], MOTION_INDEX["eyeLookInRight"]]
_TO_RIGHT = [MOTION_INDEX["eyeLookInLeft"], MOTION_INDEX["eyeLookOutRight"]]
_MICRO_CHANNELS = [[MOTION_INDEX[name]] if name in MOTION_INDEX else _pair(name) for name in MICRO]
_NECK = list(NECK)


def _turn(motion: np.ndarray, plus: list[int], minus: list[int], by: np.ndarray) -> None:
    """Add ``by`` (T,) to a signed pair of channels, such as up and down, of which one is zero afterwards."""
    both = motion[:, plus] - motion[:, minus] + by[:, None]
    motion[:, plus], motion[:, minus] = both.clip(0, 1), (-both).clip(0, 1)


class Life:
    """Adds life to motion that arrives in pieces; the pieces joined equal the whole."""

    def __init__(self, fps: float, seed: int, blink: bool = True, gaze: bool = True, head: HeadLife = "still") -> None:
        """Start at frame 0.

        Args:
            fps: frames per second. seed: not negative; the same seed gives the same life.
            blink: add blinks. gaze: add eye movements and micro-motion.
            head: what is added to the head's turns: nothing; ``"breath"``, a small sway; or ``"rule"``, all that the
                head of a calm speaker does, for motion that turns none.

        Raises:
            ValueError: fps is not positive, seed is negative, or head is none of these.
        """
        self.fps, self.seed = checks.number("fps", fps, above=0), checks.whole("seed", seed, 0)
        self.frame = 0
        self.blinks = Blinks(self.fps, seed) if blink else None
        self.gaze = Gaze(self.fps, seed) if gaze else None
        self.reflex = Reflex(self.fps) if gaze else None
        checks.choice("head", head, get_args(HeadLife))
        self.breath = Breath(self.fps, seed) if head == "breath" else None
        self.head = Head(self.fps, seed) if head == "rule" else None

    def apply(
        self, motion: np.ndarray, rate: Any = 17.0, loudness: np.ndarray | None = None,
        attention: np.ndarray | None = None,
    ) -> np.ndarray:  # fmt: skip
        """Add life to the next frames.

        Args:
            motion: (T, 56) motion vectors.
            rate: blinks a minute, one number or (T,); clamped to ``RATE_RANGE``.
            loudness: (T,) relative loudness of the voice, 1 where it is loud; None if not known.
            attention: (T,) 0..1, how firmly the eyes stay on what is straight ahead; None leaves them free.

        Returns:
            (T, 56), of the same dtype; the input is left as it is.

        Raises:
            ValueError: a wrong shape, or a rate that is not finite.
        """
        frames = len(motion)
        if motion.shape != (frames, MOTION_SIZE):
            raise ValueError(f"motion must have shape (T, {MOTION_SIZE}), got {motion.shape}")
        if loudness is not None and loudness.shape != (frames,):
            raise ValueError(f"loudness must have shape ({frames},) like motion, got {loudness.shape}")
        if attention is not None and attention.shape != (frames,):
            raise ValueError(f"attention must have shape ({frames},) like motion, got {attention.shape}")
        rates = np.asarray(rate, np.float64)
        if rates.shape not in ((), (frames,)) or not np.isfinite(rates).all():
            raise ValueError(f"rate must be a finite number or shape ({frames},), got {rate!r}")
        motion = motion.copy()
        rates = np.broadcast_to(rates, frames)
        for start in range(0, frames, BLOCK):
            part = slice(start, start + BLOCK)
            loud, held = (None if course is None else course[part] for course in (loudness, attention))
            self._enliven(motion[part], rates[part], loud, held)
        return motion

    def _enliven(
        self, motion: np.ndarray, rates: np.ndarray, loudness: np.ndarray | None, attention: np.ndarray | None
    ) -> None:
        voice = np.zeros(len(motion)) if loudness is None else loudness
        if self.breath is not None:
            motion[:, _NECK[0]] += np.radians(self.breath.pitch(voice)[0])
        if self.head is not None:
            motion[:, _NECK] += self.head.angles(voice)
        if self.gaze is not None and self.reflex is not None:
            gaze = self.gaze.angles(self.frame, len(motion))  # (T, 2)
            if attention is not None:
                gaze *= 1 - HOLD * attention[:, None]
            self._look(motion, gaze + self.reflex.angles(motion[:, _NECK]))
        if self.blinks is not None:
            shut = self.blinks.weights(self.frame, rates, loudness)[:, None]
            motion[:, _BLINK] = np.maximum(motion[:, _BLINK], shut)
            motion[:, _WIDE] *= 1 - shut
        self.frame += len(motion)

    def _look(self, motion: np.ndarray, degrees: np.ndarray) -> None:
        sideways, upward = (degrees / FULL_LOOK).T  # (T,) each
        _turn(motion, _TO_LEFT, _TO_RIGHT, sideways)
        _turn(motion, _UP, _DOWN, upward)
        motion[:, _BLINK] = (motion[:, _BLINK] + LID_DROP * (-upward).clip(0)[:, None]).clip(0, 1)
        motion[:, _WIDE] = (motion[:, _WIDE] + LID_RAISE * upward.clip(0)[:, None]).clip(0, 1)
        where = (self.fps, self.frame, len(motion))
        common = slow_noise(self.seed, _MICRO, *where, len(MICRO), MICRO_KNOTS)
        sides = slow_noise(self.seed, _SIDES, *where, 2 * len(MICRO), MICRO_KNOTS)
        for k, (channels, size) in enumerate(zip(_MICRO_CHANNELS, MICRO.values())):
            own = sides[:, 2 * k : 2 * k + len(channels)]
            swing = (size * (0.5 + 0.5 * ((1 - ONE_SIDE) * common[:, k, None] + ONE_SIDE * own))).clip(0)
            motion[:, channels] = (motion[:, channels] + swing).clip(0, 1)


def add_life(
    motion: np.ndarray,
    fps: float,
    seed: int,
    emotion_rate: Any = 17.0,
    loudness: np.ndarray | None = None,
    blink: bool = True,
    gaze: bool = True,
    head: HeadLife = "still",
    attention: np.ndarray | None = None,
) -> np.ndarray:
    """Add blinks, eye movements and micro-motion to a whole clip; :class:`Life` does it in pieces.

    A blink takes the larger of its own weight and the eyeBlink that is there, and holds eyeWide back.

    Args:
        motion: (T, 56) motion vectors.
        fps: frames per second.
        seed: not negative.
        emotion_rate: blinks a minute, one number or (T,); clamped to ``RATE_RANGE``.
        loudness: (T,) relative loudness of the voice, 1 where it is loud; None if not known.
        blink: add blinks.
        gaze: add eye movements and micro-motion.
        head: what is added to the head, see :class:`Life`.
        attention: (T,) 0..1, how firmly the eyes stay on what is straight ahead; None leaves them free.

    Returns:
        (T, 56), of the same dtype.

    Raises:
        ValueError: a wrong shape or an argument out of range.
    """
    return Life(fps, seed, blink, gaze, head).apply(motion, emotion_rate, loudness, attention)
