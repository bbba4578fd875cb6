"""The face of somebody in conversation: it listens while the other speaks, and takes and gives the turn.

By rule, from both voices. What sets the rules: listeners nod and give short signs at the ends of phrases and after
stressed words, some six to fifteen times a minute (Dittmann and Llewellyn 1968; Ward and Tsukahara 2000), at 2 to 3 Hz
(Hadar, Steiner and Rose 1985); they look at the speaker for three quarters of the time and more, speakers at the
listener for under half of it, away as a longer turn begins and back as it ends (Kendon 1967; Argyle and Cook 1976).
Sizes of nods and postures are within the range of turns of captured readers; nobody was captured in conversation, and
how often the listener smiles is our own judgement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emoface import checks

from .controls import clip_motion
from .layout import JAW_OPEN_RADIANS, MOTION_INDEX, MOTION_SIZE, NECK
from .nonverbal import SOUNDS
from .slow_noise import draw, ease
from .speech_marks import PAUSE, QUIET, SPEAKING, speech_marks

NOD_AT_END, NOD_AT_STRESS = 0.4, 0.06
"""Share of the other's phrase ends and of the stressed words at which the listener nods."""
NOD, NOD_PERIOD, NOD_LESS = (1.8, 4.2), (0.36, 0.52), 0.65  # degrees and seconds of one, size of the next one beside it
NOD_GAP, NOD_WAIT = 2.0, (0.0, 0.3)  # least seconds between nods, and seconds by which one follows its mark
BROWS_AT_END, BROWS_AT_STRESS, BROW_GAP = 0.16, 0.06, 2.5
SMILE_AT_END, SMILE_GAP = 0.2, 5.0
SMILE_BACK = 0.25  # seconds after which somebody answers a laugh with a smile
SHORT = 0.9
"""Seconds up to which something said while the other speaks is a listener's "mhm" and no turn."""
TURN_GAP = 1.2  # seconds of silence that end a turn even where the other says nothing
LONG_TURN, AWAY, AWAY_SHARE = 1.8, (0.8, 2.0), 0.7  # seconds of a turn at whose beginning eyes leave, and for how long
RETURN = 0.5  # seconds before a turn's end at which the eyes come back
LOOKS = {"listening": 0.9, "speaking": 0.35, "neither": 0.6, "away": 0.0}
"""How firmly the eyes hold the other, from 0, free, to 1."""
LINGER = 1.2  # seconds after the other's last word in which one still listens
INHALE = (0.32, 0.2)  # seconds in which the lips part before a turn, and close into its first word
LEAN, TILT, TURN_AWAY = 0.9, (1.0, 2.6), (2.0, 5.0)  # degrees forward and to a side while listening, and away
SETTLE = 0.45  # seconds over which postures and looks change
_NOD, _BROW, _SMILE, _AWAY, _LISTEN = 70, 71, 72, 73, 74  # sequences of what is drawn


@dataclass(frozen=True)
class Swell:
    """Shapes or turns that come and go: apex, attack, hold and release in seconds, and a (56,) vector."""

    apex: float
    attack: float
    hold: float
    release: float
    vector: np.ndarray

    def course(self, seconds: np.ndarray) -> np.ndarray:
        """How much there is of it, (T,) 0..1."""
        after = seconds - self.apex
        return ease(1 + after / self.attack) * (1 - ease((after - self.hold) / self.release))


@dataclass(frozen=True)
class Listening:
    """What conversation adds to T frames of a face.

    Attributes:
        motion: (T, 56) to add. attention: (T,) 0..1, how firmly the eyes hold the other.
        nods: seconds at which the listener nods. turns: (begin, end) of the own turns in seconds.
    """

    motion: np.ndarray
    attention: np.ndarray
    nods: tuple[float, ...]
    turns: tuple[tuple[float, float], ...]

    def apply(self, motion: np.ndarray, strength: float = 1.0) -> np.ndarray:
        """Motion (T, 56) of somebody in this conversation, of the same dtype."""
        moved = motion + strength * self.motion
        clip_motion(moved)
        return moved.astype(motion.dtype)


def listening(own: np.ndarray, other: np.ndarray, other_sounds: np.ndarray, fps: float, seed: int) -> Listening:
    """What two voices make of the face of the one.

    Args:
        own, other: (T,) relative loudness of both voices, 1 where one is loud. other_sounds: (T, 5) bool, which of
            ``emoface.face.nonverbal.SOUNDS`` the other makes. fps: of them. seed: not negative.

    Returns:
        What is added.

    Raises:
        ValueError: a wrong shape, or an argument out of range.
    """
    checks.number("fps", fps, above=0)
    checks.whole("seed", seed, 0)
    frames = len(own)
    if own.shape != (frames,) or other.shape != (frames,) or other_sounds.shape != (frames, len(SOUNDS)):
        raise ValueError(
            f"own and other must have shape (T,) and other_sounds (T, {len(SOUNDS)}), got {own.shape}, {other.shape} "
            f"and {other_sounds.shape}"
        )
    return _Conversation(own, other, other_sounds, fps, seed).listening()


class _Conversation:
    """Two voices, and the events that are gathered from them."""

    def __init__(self, own: np.ndarray, other: np.ndarray, other_sounds: np.ndarray, fps: float, seed: int) -> None:
        self.fps, self.seed, self.frames = fps, seed, len(own)
        self.seconds = (np.arange(self.frames) + 0.5) / fps
        self.marks = speech_marks(other, fps)
        self.others = _phrases(other, fps)
        phrases = _phrases(own, fps)
        self.murmurs = [p for p in phrases if p[1] - p[0] <= SHORT and _during(self.others, p)]
        self.turns = _turns([p for p in phrases if p not in self.murmurs], self.others)
        self.laughs = _spans(other_sounds[:, SOUNDS.index("laugh")], fps)
        self.swells: list[Swell] = []
        self.last: dict[int, float] = {}
        self.counts: dict[int, int] = {}

    def listening(self) -> Listening:
        nods = self._signs()
        self._smiles_back()
        looks = self._looks()
        for begin, _ in self.turns:
            parted = _vector({"jawOpen": 0.07, "mouthLowerDown": 0.06, "browOuterUp": 0.06}, pitch=-0.8)
            self.swells.append(Swell(begin, INHALE[0], 0.0, INHALE[1], parted))
        motion = np.zeros((self.frames, MOTION_SIZE))
        for swell in self.swells:
            low, high = np.searchsorted(self.seconds, [swell.apex - swell.attack,
                                                       swell.apex + swell.hold + swell.release])  # fmt: skip
            motion[low:high] += swell.course(self.seconds[low:high])[:, None] * swell.vector
        return Listening(motion, looks, tuple(nods), tuple(self.turns))

    def _signs(self) -> list[float]:
        """Nods, raised brows and smiles at the marks of the other's voice, and nods with the own "mhm"."""
        nods = []
        for mark in self.marks:
            now = mark.heard / self.fps
            if mark.kind == "begin" or self._speaking(now):
                continue
            end = mark.kind == "end"
            chance = self._draw(_NOD)
            wanted = NOD_AT_END if end else NOD_AT_STRESS * mark.size
            start = now + chance.uniform(*NOD_WAIT)
            if chance.random() < wanted and self._free(_NOD, start, NOD_GAP):
                self._nod(start, chance)
                nods.append(start)
            chance = self._draw(_BROW)
            wanted = BROWS_AT_END if end else BROWS_AT_STRESS * mark.size
            if chance.random() < wanted and self._free(_BROW, now, BROW_GAP):
                raised = _vector({"browInnerUp": 0.3, "browOuterUp": 0.32, "eyeWide": 0.1})
                hold, release = chance.uniform(0.05, 0.5), chance.uniform(0.3, 0.6)
                self.swells.append(Swell(now + 0.25, 0.25, hold, release, raised * chance.uniform(0.6, 1.2)))
            chance = self._draw(_SMILE)
            if end and chance.random() < SMILE_AT_END and self._free(_SMILE, now, SMILE_GAP):
                self._smile(now + 0.45, chance.uniform(0.5, 1.6), chance.uniform(0.6, 1.1))
        for begin, _ in self.murmurs:
            if not any(abs(begin - nod) < NOD_GAP / 2 for nod in nods):
                self._nod(begin, self._draw(_NOD))
                nods.append(begin)
        return sorted(nods)

    def _nod(self, start: float, chance: np.random.Generator) -> None:
        """One to three nods, each smaller than the one before; sometimes the lips press."""
        size, period = chance.uniform(*NOD), chance.uniform(*NOD_PERIOD)
        for k in range(int(chance.choice([1, 2, 3], p=[0.45, 0.4, 0.15]))):
            pressed = {"mouthPress": 0.16, "mouthDimple": 0.08} if k == 0 and chance.random() < 0.35 else {}
            turn = _vector(pressed, pitch=size * NOD_LESS**k, yaw=0.1 * chance.standard_normal())
            self.swells.append(Swell(start + (k + 0.45) * period, 0.45 * period, 0.0, 0.55 * period, turn))

    def _smile(self, apex: float, hold: float, size: float) -> None:
        shapes = _vector({"mouthSmile": 0.27, "cheekSquint": 0.15, "mouthDimple": 0.08, "eyeSquint": 0.06})
        self.swells.append(Swell(apex, 0.4, hold, 0.8, shapes * size))

    def _smiles_back(self) -> None:
        """The other's laugh is answered with a smile."""
        for begin, end in self.laughs:
            self._smile(begin + SMILE_BACK + 0.4, end - begin + 0.4, 1.6)
            self.last[_SMILE] = end

    def _looks(self) -> np.ndarray:
        """How firmly the eyes hold the other (T,), and postures: leaning while one listens, turned away at first."""
        state = np.full(self.frames, LOOKS["neither"])
        for begin, end in self.others:
            state[self._at(begin, end + LINGER)] = LOOKS["listening"]
        for begin, end in self.turns:
            state[self._at(begin, end)] = LOOKS["speaking"]
            state[self._at(max(end - RETURN, begin), end + LINGER)] = LOOKS["listening"]
        for begin, end in self.turns:
            chance = self._draw(_AWAY)
            if end - begin >= LONG_TURN and chance.random() < AWAY_SHARE:
                length = min(chance.uniform(*AWAY), end - begin - RETURN)
                state[self._at(begin - 0.2, begin + length)] = LOOKS["away"]
                way = chance.choice([-1.0, 1.0]) * chance.uniform(*TURN_AWAY)
                turn = _vector({}, pitch=chance.uniform(-1.5, 1.0), yaw=way)
                self.swells.append(Swell(begin + 0.25, 0.5, max(length - 0.6, 0.1), 0.7, turn))
        for begin, end in _turns(self.others, self.turns):
            chance = self._draw(_LISTEN)
            way = chance.choice([-1.0, 1.0]) * chance.uniform(*TILT)
            held = _vector({"browInnerUp": 0.04, "eyeWide": 0.03}, pitch=LEAN, roll=way)
            self.swells.append(Swell(begin + 1.4, 1.2, max(end - begin - 1.4, 0.1), 1.2, held))
        reach = max(round(SETTLE * self.fps), 1)
        kernel = np.hanning(2 * reach + 3)[1:-1]
        return np.convolve(np.pad(state, reach, "edge"), kernel / kernel.sum(), "valid")

    def _speaking(self, seconds: float) -> bool:
        return any(begin - 0.3 <= seconds <= end for begin, end in self.turns)

    def _at(self, begin: float, end: float) -> slice:
        return slice(max(round(begin * self.fps), 0), max(round(end * self.fps), 0))

    def _draw(self, sequence: int) -> np.random.Generator:
        self.counts[sequence] = self.counts.get(sequence, -1) + 1
        return draw(self.seed, sequence, self.counts[sequence])

    def _free(self, sequence: int, seconds: float, gap: float) -> bool:
        """Whether the last sign of a kind is long enough ago; this one then is the last."""
        if seconds - self.last.get(sequence, -np.inf) < gap:
            return False
        self.last[sequence] = seconds
        return True


def _vector(
    shapes: dict[str, float], pitch: float = 0.0, yaw: float = 0.0, roll: float = 0.0
) -> np.ndarray:
    """Weights of shapes, those without a side on both, and turns of the head in degrees, as a motion vector."""
    vector = np.zeros(MOTION_SIZE)
    for name, weight in shapes.items():
        if name == "jawOpen":
            vector[MOTION_INDEX["jaw_pose_x"]] = weight * JAW_OPEN_RADIANS
        for place in (name, name + "Left", name + "Right"):
            if place in MOTION_INDEX:
                vector[MOTION_INDEX[place]] = weight
    vector[list(NECK)] = np.radians([pitch, yaw, roll])
    return vector


Span = tuple[float, float]


def _phrases(loudness: np.ndarray, fps: float) -> list[Span]:
    """Begin and end in seconds of what is said between pauses."""
    spans: list[Span] = []
    for begin, end in _spans(loudness > QUIET, fps):
        if spans and begin - spans[-1][1] < PAUSE:
            begin = spans.pop()[0]
        spans.append((begin, end))
    return [(a, b) for a, b in spans if loudness[round(a * fps) : round(b * fps)].max() > SPEAKING]


def _turns(phrases: list[Span], others: list[Span]) -> list[Span]:
    """Phrases joined over pauses of at most ``TURN_GAP`` in which the other does not begin."""
    turns: list[Span] = []
    for begin, end in phrases:
        if turns and begin - turns[-1][1] <= TURN_GAP and not any(turns[-1][1] < b < begin for b, _ in others):
            turns[-1] = (turns[-1][0], end)
        else:
            turns.append((begin, end))
    return turns


def _during(spans: list[Span], inner: Span) -> bool:
    """Whether something begins while another goes on, or less than half a second after it."""
    return any(begin <= inner[0] <= end + 0.5 for begin, end in spans)


def _spans(active: np.ndarray, fps: float) -> list[Span]:
    """Begin and end in seconds of runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(int)))
    return [(a / fps, b / fps) for a, b in edges.reshape(-1, 2).tolist()]
