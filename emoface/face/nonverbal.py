"""The face that laughs, breathes, sighs, coughs or hums, laid over a face that speaks; and the face out of breath.

A laugh opens the mouth with each of its bursts under raised cheeks and narrowed eyes, and shakes the head; a cough
shuts the eyes and jerks the head; a sigh lets jaw, brows and head sink; a breath parts the lips and lifts the head; a
hum closes the lips while the voice sounds. Which shapes take part follows descriptions of these actions (Ruch and Ekman
2001 on laughter); how far they go is our own judgement.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from emoface import checks

from .controls import clip_motion
from .layout import JAW_OPEN_RADIANS, MOTION_INDEX, MOTION_SIZE, MOUTH
from .lips import close_lips, opening
from .slow_noise import draw

SOUNDS = ("laugh", "breath", "sigh", "cough", "hum")
"""The sounds in the order of all columns about them; a breath is drawn in."""


@dataclass(frozen=True)
class SoundManner:
    """What a face does while a sound lasts.

    Attributes:
        shapes: weight by shape name; a name without a side sets left and right, jawOpen turns the jaw.
        bursts: what each burst of loudness adds.
        head: degrees of pitch, chin down above 0, and range of a draw that scales it. shake: degrees a burst adds.
        replaces: share of the speaking mouth that gives way.
        attack, release: seconds in which it comes and goes.
    """

    shapes: Mapping[str, float]
    bursts: Mapping[str, float]
    head: float = 0.0
    spread: tuple[float, float] = (0.7, 1.3)
    shake: float = 0.0
    replaces: float = 0.0
    attack: float = 0.1
    release: float = 0.3


MANNERS: dict[str, SoundManner] = {
    "laugh": SoundManner(
        {"mouthSmile": 0.62, "cheekSquint": 0.6, "eyeSquint": 0.5, "mouthUpperUp": 0.26, "mouthLowerDown": 0.2,
         "noseSneer": 0.1, "browOuterUp": 0.1, "mouthDimple": 0.12, "jawOpen": 0.16, "eyeBlink": 0.12},
        {"jawOpen": 0.34, "mouthLowerDown": 0.16, "mouthUpperUp": 0.08, "cheekSquint": 0.12, "eyeSquint": 0.1},
        head=-4.0, spread=(-0.6, 1.5), shake=1.9, replaces=0.8, attack=0.13, release=0.75,
    ),
    "breath": SoundManner(
        {"jawOpen": 0.13, "mouthLowerDown": 0.07, "mouthUpperUp": 0.05, "noseSneer": 0.05, "browOuterUp": 0.05,
         "mouthFunnel": 0.04}, {}, head=-1.3, attack=0.1, release=0.22,
    ),
    "sigh": SoundManner(
        {"jawOpen": 0.24, "mouthFunnel": 0.12, "browInnerUp": 0.2, "browDown": 0.14, "eyeBlink": 0.3,
         "eyeLookDown": 0.16, "cheekPuff": 0.07, "mouthFrown": 0.14}, {},
        head=3.6, replaces=0.6, attack=0.3, release=0.6,
    ),
    "cough": SoundManner(
        {"eyeBlink": 0.85, "eyeSquint": 0.5, "browDown": 0.42, "cheekSquint": 0.45, "noseSneer": 0.16,
         "jawOpen": 0.14, "mouthFunnel": 0.16, "mouthStretch": 0.12},
        {"jawOpen": 0.3, "mouthLowerDown": 0.14}, head=3.0, shake=5.5, replaces=0.8, attack=0.05, release=0.28,
    ),
    "hum": SoundManner(
        {"mouthSmile": 0.1, "mouthPress": 0.12, "browInnerUp": 0.06, "browOuterUp": 0.05}, {},
        replaces=0.75, attack=0.09, release=0.14,
    ),
}  # fmt: skip
"""What each sound does at strength 1."""
PANTING: Mapping[str, float] = {
    "jawOpen": 0.13, "mouthLowerDown": 0.06, "browInnerUp": 0.16, "noseSneer": 0.07, "eyeSquint": 0.06
}
"""What being out of breath adds, the mouth's part between words."""
PANT_DEGREES = 1.7
"""By which the head rises with a breath and sinks after it while somebody is out of breath."""
BREATH_WEIGHT, BREATH_MEMORY, CALM, SPENT = 0.34, 6.0, 0.8, 1.3
"""What a breath adds to the want of air, seconds until it is forgotten, and the wants at which panting begins and is
full: a breath every 4 s is calm, one every 1.5 s is not.
"""
BURST_FAST, BURST_SLOW, BURST_RANGE = 0.03, 0.3, 0.3
"""Seconds over which loudness, and what it is measured against, are smoothed; the difference that is a full burst."""
TIRE, LIFT = 0.5, 0.15
"""Seconds over which panting comes and goes, and over which the head follows a breath."""
QUIET = 0.5
"""Relative loudness from which a mouth out of breath is as open as speech has it."""
_EVENT = 60  # sequence of what is drawn for each sound
_STILL = 1e-3  # envelopes below it count as nothing
_NECK_X, _JAW = MOTION_INDEX["neck_pose_x"], MOTION_INDEX["jaw_pose_x"]
_LIPS = list(MOUTH)
_LIDS = [MOTION_INDEX["eyeBlinkLeft"], MOTION_INDEX["eyeBlinkRight"]]


def _vector(shapes: Mapping[str, float]) -> np.ndarray:
    """Shapes as a motion vector."""
    vector = np.zeros(MOTION_SIZE)
    for name, weight in shapes.items():
        if name == "jawOpen":
            vector[_JAW] = weight * JAW_OPEN_RADIANS
            continue
        for place in (name, name + "Left", name + "Right"):
            if place in MOTION_INDEX:
                vector[MOTION_INDEX[place]] = weight
    return vector


_HELD = np.stack([_vector(MANNERS[sound].shapes) for sound in SOUNDS])  # (5, 56)
_BURST = np.stack([_vector(MANNERS[sound].bursts) for sound in SOUNDS])
_REPLACES = np.array([MANNERS[sound].replaces for sound in SOUNDS])
_ATTACK, _RELEASE = (np.array([getattr(MANNERS[s], name) for s in SOUNDS]) for name in ("attack", "release"))
_HEAD, _SHAKE = (np.radians([getattr(MANNERS[s], name) for s in SOUNDS]) for name in ("head", "shake"))
_PANTING = _vector(PANTING)
_BREATH, _SIGH, _HUM = (SOUNDS.index(name) for name in ("breath", "sigh", "hum"))


@dataclass(frozen=True)
class _Courses:
    """Over T frames: how much each sound shows (T, 5), what its head is scaled by (T, 5), and (T,) each: bursts 0..1,
    panting 0..1, lift of the head by a breath -1..1, and how quiet the voice is.
    """

    levels: np.ndarray
    heads: np.ndarray
    bursts: np.ndarray
    panting: np.ndarray
    lift: np.ndarray
    quiet: np.ndarray


class NonverbalFace:
    """Lays sounds over motion that arrives in pieces; the pieces joined equal the whole."""

    def __init__(self, fps: float, seed: int, strength: float = 1.0) -> None:
        """Start at frame 0.

        Args:
            fps: frames per second. seed: not negative; of what differs from one laugh to the next.
            strength: 0..2 of all that is added.

        Raises:
            TypeError, ValueError: of another kind, or out of range.
        """
        self.fps, self.seed = checks.number("fps", fps, above=0), checks.whole("seed", seed, 0)
        self.strength = checks.number("strength", strength, 0, 2)
        self.events = 0
        self.sounding = np.zeros(len(SOUNDS), bool)
        self.first, self.second = np.zeros((2, len(SOUNDS)))  # what sounds, smoothed once and twice
        self.scale, self.size = np.ones((2, len(SOUNDS)))  # of the head and of the whole, drawn for each sound
        self.fast = self.slow = self.want = self.panting = self.lift = 0.0
        self.calm = True  # nothing shows
        step = 1 / self.fps
        self.rise, self.fall = (1 - np.exp(-2 * step / times) for times in (_ATTACK, _RELEASE))
        shares = [1 - math.exp(-step / time) for time in (BURST_FAST, BURST_SLOW, TIRE, LIFT)]
        self.fast_share, self.slow_share, self.tire_share, self.lift_share = shares
        self.forget = math.exp(-step / BREATH_MEMORY)

    def apply(self, motion: np.ndarray, active: np.ndarray, loudness: np.ndarray) -> np.ndarray:
        """Lay sounds over the next frames.

        Args:
            motion: (T, 56) motion vectors. active: (T, 5) bool, whether each of ``SOUNDS`` sounds.
            loudness: (T,) relative loudness of the voice, 1 where it is loud.

        Returns:
            (T, 56) of the same dtype; the very array where nothing shows.

        Raises:
            ValueError: a wrong shape.
        """
        frames = len(motion)
        wanted = {"motion": (frames, MOTION_SIZE), "active": (frames, len(SOUNDS)), "loudness": (frames,)}
        for name, array in (("motion", motion), ("active", active), ("loudness", loudness)):
            if array.shape != wanted[name]:
                raise ValueError(f"{name} must have shape {wanted[name]}, got {array.shape}")
        courses = self._courses(active, loudness)
        if self.strength == 0 or not (courses.levels.any() or courses.panting.any()):
            return motion
        return self._laid(motion, courses)

    def _courses(self, active: np.ndarray, loudness: np.ndarray) -> _Courses:
        frames = len(active)
        levels, heads, rest = np.zeros((frames, len(SOUNDS))), np.zeros((frames, len(SOUNDS))), np.zeros((frames, 4))
        anything = set(np.flatnonzero(active.any(1)).tolist())
        for k, loud in enumerate(loudness.tolist()):
            self.fast += self.fast_share * (loud - self.fast)
            self.slow += self.slow_share * (self.fast - self.slow)
            self.want *= self.forget
            if self.calm and k not in anything:
                continue
            self._step(active[k])
            burst = min(max(0.5 + (self.fast - self.slow) / BURST_RANGE, 0.0), 1.0)
            levels[k], heads[k] = self.second, self.scale
            rest[k] = burst, self.panting, self.lift, 1 - min(self.fast / QUIET, 1.0)
        return _Courses(levels, heads, *rest.T)

    def _step(self, active: np.ndarray) -> None:
        """Let a frame pass in which something shows."""
        for sound in np.flatnonzero(active & ~self.sounding).tolist():
            self._begin(sound)
        self.sounding = active.copy()
        target = active * self.size
        self.first += (target - self.first) * np.where(target > self.first, self.rise, self.fall)
        self.second += (self.first - self.second) * np.where(self.first > self.second, self.rise, self.fall)
        gone = (self.first < _STILL) & (self.second < _STILL) & ~active
        self.first[gone] = self.second[gone] = 0
        tired = min(max((self.want - CALM) / (SPENT - CALM), 0.0), 1.0)
        self.panting += (tired - self.panting) * self.tire_share
        self.lift += (float(active[_BREATH]) - float(active[_SIGH]) - self.lift) * self.lift_share
        if tired == 0 and self.panting < _STILL:
            self.panting = 0.0
        self.calm = self.panting == 0 and not self.second.any() and not self.first.any()
        if self.calm:
            self.lift = 0.0

    def _begin(self, sound: int) -> None:
        """A sound begins: its size and what the head does are drawn."""
        chance = draw(self.seed, _EVENT, self.events)
        self.events += 1
        self.size[sound] = chance.uniform(0.85, 1.1)
        self.scale[sound] = chance.uniform(*MANNERS[SOUNDS[sound]].spread)
        if sound in (_BREATH, _SIGH):
            self.want += BREATH_WEIGHT

    def _laid(self, motion: np.ndarray, courses: _Courses) -> np.ndarray:
        """Motion (T, 56) with the sounds over it."""
        shown = self.strength * courses.levels  # (T, 5)
        bursts = shown * courses.bursts[:, None]
        sure = (min(self.strength, 1.0) * courses.levels).clip(0, 1)  # (T, 5) how far the speaking mouth gives way
        panting = self.strength * courses.panting[:, None]  # (T, 1)
        moved = motion.astype(np.float64)
        moved[:, _LIPS] *= np.prod(1 - _REPLACES * sure, 1)[:, None]
        added = shown @ _HELD + bursts @ _BURST + panting * _PANTING
        added[:, _LIPS] -= (panting * (1 - courses.quiet[:, None])) * _PANTING[_LIPS]
        lids = moved[:, _LIDS]
        moved += added
        moved[:, _LIDS] = 1 - (1 - lids) * (1 - added[:, _LIDS].clip(0, 1))  # lids half shut twice are not shut
        nods = (shown * courses.heads) @ _HEAD + bursts @ _SHAKE - shown @ _SHAKE / 2
        moved[:, _NECK_X] += nods - math.radians(PANT_DEGREES) * panting[:, 0] * courses.lift
        clip_motion(moved)
        shut = sure[:, _HUM]
        if shut.any():
            lips, firmly = torch.from_numpy(moved), torch.from_numpy(shut)
            moved = close_lips(lips, (1 - firmly) * opening(lips).clamp(min=0), firmly).numpy()
        return moved.astype(motion.dtype)
