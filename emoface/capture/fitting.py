"""Landmark tracks -> motion of the open head: gaps, the face at rest, all takes of a person at once, what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, overload

import numpy as np

from emoface import checks
from emoface.face.layout import (
    EXPRESSION_SIZE,
    FPS,
    MOTION_INDEX,
    MOTION_NAMES,
    MOTION_SIZE,
)
from emoface.face.open_head import open_head
from emoface.face.resample import resample_curves
from emoface.face_motion import FaceMotion
from emoface.host import own_settings
from emoface.shown import by_shape

from .felt import Felt, find_felt, is_held, without_feeling
from .learnt import Followed, Glance, Lasting, level_of, motion_of
from .neutral import find_identity, find_neutral
from .similarity import Aligned, align, filtered, matrix_axis_angle, mean_rotation, of_head
from .solving import BROWS, FACE_CHANNELS, GAINS, GUESSED, LASTING, UNSEEN, Solver
from .tracker import tracker
from .tracks import ROUNDED, SCORES, Tracks

UNSURE = ("noseSneerLeft", "noseSneerRight", "mouthPressLeft", "mouthPressRight", "mouthRollUpper")
"""Channels that are fitted, so that their motion is not taken for another's, but whose size is not known."""
BROW_NOISE = 0.06  # standard deviation that the brows of a still forehead read
POSE_GAIN = np.array([0.67, 0.92, 0.98])  # what a turn of the open head reads as: nod, turn, tilt
PROFILE = np.radians(40.0)  # turned further to a side, half of the lips are hidden
GAP_CONFIDENCE = 0.5  # of the frame beside a gap
UNSMOOTHED_TAPS = np.array([0.15, 0.7, 0.15])  # filter over landmarks of pictures that were read by themselves
LEAST_MIXTURE = 1e-6
LOOKED_AT = 1000  # frames at which it is looked what a face holds
ROUNDED_REST, ROUNDED_MOVE = 0.1, 0.015  # quantile of scores of lips at rest, and spread of scores that are read
POOR_RESIDUAL = 2.5  # mm left at the lips at which nothing is believed


Rest: TypeAlias = "Literal['calm', 'felt'] | np.ndarray"


@dataclass(frozen=True)
class Gap:
    """Frames whose motion is filled in.

    Attributes:
        start, stop: frames at 25 fps, the second excluded.
        reason: ``"no face"`` or ``"profile"``.
    """

    start: int
    stop: int
    reason: str


@dataclass(frozen=True, eq=False)
class Capture:
    """The motion of one take.

    Attributes:
        motion: 25 fps, of the open head; the neck turns about the take's mean.
        confidence: (T,) float32, 0..1; 0 in gaps.
        known: (MOTION_SIZE,) bool, the channels that the landmarks tell; the others stay at zero or are guesses, and
            take no part in a loss.
        gaps: what was filled in.
        identity: components of the open head that make it most like the person.
        residual_mm: (T,) float32, root mean square distance at the lips between landmarks and head.
        felt: what the person's face holds; None where its calmest frames were taken for rest.
    """

    motion: FaceMotion
    confidence: np.ndarray
    known: np.ndarray
    gaps: tuple[Gap, ...]
    identity: dict[str, float]
    residual_mm: np.ndarray
    felt: Felt | None = None

    __repr__ = by_shape


@overload
def fit(tracks: Tracks, still: np.ndarray | None = None, rest: Rest = "calm") -> Capture: ...
@overload
def fit(tracks: Sequence[Tracks], still: Sequence[np.ndarray] | None = None, rest: Rest = "calm") -> list[Capture]: ...
@own_settings()
def fit(
    tracks: Tracks | Sequence[Tracks], still: np.ndarray | Sequence[np.ndarray] | None = None, rest: Rest = "calm"
) -> Capture | list[Capture]:
    """Motion of the open head that does what a person's landmarks do.

    The person's face at rest and its identity are found once over all takes, so give all takes of a person together.
    Gaps (frames without a face, or turned to profile) are bridged from one side to the other, or held where a take
    begins or ends with one; they have confidence 0.

    Args:
        tracks: one take, or takes of one person.
        still: (T,) bool of each take at its own frame rate, frames in which the person is silent; None: the frames with
            the most closed lips are taken for them.
        rest: how the face looks when it rests: ``"calm"``, as in those frames; ``"felt"``, those frames may hold an
            expression, as a smile all through a clip, which is found by comparing them with other people; or (L, 3),
            landmarks of the person at rest, as :func:`emoface.capture.neutral.find_neutral` gives them.

    Returns:
        What was captured, of each take if there are several. Takes of another frame rate come out at 25 fps.

    Raises:
        TypeError: not tracks. ValueError: no takes, masks of another length, or a take without any frame that shows a
            face from the front.
    """
    takes = [tracks] if isinstance(tracks, Tracks) else list(tracks)
    if not takes or not all(isinstance(take, Tracks) for take in takes):
        kinds = ", ".join(sorted({type(take).__name__ for take in takes})) or "none"
        raise TypeError(f"tracks must be Tracks, or at least one of them in a sequence, got {kinds}")
    masks: list[np.ndarray] | None = None
    if still is not None:
        masks = [still] if isinstance(still, np.ndarray) else list(still)
        lengths = [np.shape(mask) for mask in masks]
        if lengths != [(len(take),) for take in takes]:
            raise ValueError(f"still must hold a mask (T,) for each take, got shapes {lengths}")
        masks = [_nearest(np.asarray(mask, bool), take.fps) for mask, take in zip(masks, takes)]
    if isinstance(rest, str):
        checks.choice("rest", rest, ("calm", "felt"))
    elif not isinstance(rest, np.ndarray) or rest.shape != tracker().neutral.shape or not np.isfinite(rest).all():
        raise ValueError(f"rest must be 'calm', 'felt' or finite landmarks {tracker().neutral.shape}")
    found = _fit_person([_at_25_fps(take) for take in takes], masks, rest)
    return found[0] if isinstance(tracks, Tracks) else found


def _nearest(values: np.ndarray, fps: float) -> np.ndarray:
    """Values (T, ...) of the nearest frames at 25 fps."""
    frames = max(1, round(len(values) / fps * FPS))
    return values[((np.arange(frames) + 0.5) * fps / FPS).astype(int).clip(0, len(values) - 1)]


def _at_25_fps(take: Tracks) -> Tracks:
    """The take at 25 fps; frames nearest to one without a face have none."""
    if take.fps == FPS:
        return take
    seen, frames = _nearest(take.seen, take.fps), max(1, round(len(take) / take.fps * FPS))
    rows = [take.landmarks.reshape(len(take), -1)] + ([] if take.scores is None else [take.scores])
    moved = []
    for values in rows:
        values = bridged(values, take.seen) if take.seen.any() else values
        moved.append(resample_curves(values.astype(np.float32), take.fps, FPS, frames).astype(np.float64))
        moved[-1][~seen] = np.nan
    scores = None if take.scores is None else moved[1]
    return replace(take, landmarks=moved[0].reshape(frames, -1, 3), fps=FPS, scores=scores)


def bridged(values: np.ndarray, good: np.ndarray) -> np.ndarray:
    """Values (T, n) with straight lines over the frames that are not good, ends held."""
    if good.all():
        return values
    frame, known = np.arange(len(values)), np.flatnonzero(good)
    after = np.searchsorted(known, frame).clip(0, len(known) - 1)
    before = (np.searchsorted(known, frame, side="right") - 1).clip(0, len(known) - 1)
    first, last = known[before], known[after]
    share = ((frame - first) / np.maximum(last - first, 1)).clip(0, 1)[:, None]
    return (1 - share) * values[first] + share * values[last]


def _runs(good: np.ndarray) -> list[slice]:
    """Unbroken stretches of good frames."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(int)))
    return [slice(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2])]


def is_profile(landmarks: np.ndarray) -> np.ndarray:
    """(T,) bool: frames of (T, L, 3) turned so far to a side that one eye looks much narrower than the other."""
    corners = landmarks[:, tracker().at((33, 133, 362, 263))]
    right, left = (np.linalg.norm(corners[:, i, :2] - corners[:, i + 1, :2], axis=1) for i in (0, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        turned = np.arctan2(np.abs(corners[:, 3, 2] - corners[:, 0, 2]), np.abs(corners[:, 3, 0] - corners[:, 0, 0]))
        narrow = np.minimum(right, left) < 0.5 * np.maximum(right, left)
    return (turned > PROFILE) | narrow


def _gaps(take: Tracks) -> tuple[Gap, ...]:
    seen = take.seen
    side = seen & is_profile(take.landmarks)
    found = [Gap(run.start, run.stop, "no face") for run in _runs(~seen)]
    found += [Gap(run.start, run.stop, "profile") for run in _runs(side)]
    return tuple(sorted(found, key=lambda gap: gap.start))


def _fit_person(takes: list[Tracks], still: list[np.ndarray] | None, rest: Rest) -> list[Capture]:
    """Captures of the takes of one person at 25 fps."""
    seen = tracker()
    gaps = [_gaps(take) for take in takes]
    good = [np.ones(len(take), bool) for take in takes]
    for mask, holes in zip(good, gaps):
        for hole in holes:
            mask[hole.start : hole.stop] = False
    for take, mask, holes in zip(takes, good, gaps):
        if not mask.any():
            reasons = " and ".join(sorted({hole.reason for hole in holes}))
            raise ValueError(
                f"tracks of {take.name} must show a face from the front in some frame, got {reasons} in all"
            )
    parts = [(number, run) for number, mask in enumerate(good) for run in _runs(mask)]
    runs = [takes[number].landmarks[run] for number, run in parts]
    quiet = None if still is None else [still[number][run] for number, run in parts]
    if isinstance(rest, np.ndarray):
        neutral, aligned = rest, [align(run, rest) for run in runs]
        felt: Felt | None = find_felt(_median(aligned), rest)
        identity = find_identity(neutral)
    else:
        neutral, aligned = find_neutral(runs, quiet)
        calm = neutral
        felt = None if rest == "calm" else find_felt(_median(aligned))
        identity = find_identity(neutral) if felt is None else felt.identity
        neutral = neutral if felt is None else without_feeling(neutral, felt)

    moved = [np.zeros((len(take), 2 * len(neutral))) for take in takes]
    turn, facing = ([np.zeros((len(take), 3)) for take in takes] for _ in range(2))
    for number in range(len(takes)):
        own = [(run, one) for (owner, run), one in zip(parts, aligned) if owner == number]
        turned = [of_head(one.rotation) for _, one in own]
        middle = mean_rotation(np.concatenate(turned))
        for (run, one), rotation in zip(own, turned):
            moved[number][run] = (one.points - neutral)[..., :2].reshape(len(rotation), -1)
            turn[number][run] = matrix_axis_angle(rotation @ middle.T) / POSE_GAIN
            facing[number][run] = matrix_axis_angle(rotation)
        taps = seen.taps if takes[number].smoothed else UNSMOOTHED_TAPS
        moved[number] = filtered(bridged(moved[number], good[number]), taps)
        turn[number], facing[number] = (bridged(one[number], good[number]) for one in (turn, facing))
    told = [_told(take, mask) for take, mask in zip(takes, good)]
    lengths = [len(take) for take in takes]
    cuts = np.cumsum(lengths)[:-1]
    displacement, sure = np.concatenate(moved).reshape(sum(lengths), -1, 2), np.concatenate(good)
    solver = Solver(identity)
    rows = solver.settled(displacement, np.concatenate(told), cuts, sure)
    level = np.zeros(len(FACE_CHANNELS))
    if felt is not None and not isinstance(rest, np.ndarray):
        ahead = np.concatenate(facing)[sure].mean(0)
        lasting = level_of(Glance(rows[sure], felt.weights, felt.likely, ahead, calm, _median(aligned)))
        level = lasting.weights - rows[sure].mean(0)
        felt = as_it_lasts(felt, lasting)
    likely = np.full_like(rows, np.nan)
    for number, (stop, mask) in enumerate(zip(np.cumsum(lengths), good)):
        part = slice(stop - len(mask), stop)
        if mask.sum() >= LASTING:
            read = motion_of(Followed(rows[part], facing[number], displacement[part]))
            likely[part] = rows[part][mask].mean(0) + level + read.weights
            turn[number] = turn[number] + read.turn
    rows = solver.read_again(displacement, np.concatenate(told), cuts, sure, rows + level * _lasts(), likely)
    if level.any():
        guessed = [FACE_CHANNELS.index(name) for name in GUESSED]
        rows[:, guessed] = np.where(np.isfinite(likely), likely, level)[:, guessed].clip(0, 1)
    residual = solver.residual_mm(displacement, rows)
    known = _known(rows[np.concatenate(good)])
    names = open_head().identity_names
    person = {name: round(float(weight), 4) for name, weight in zip(names, identity)}
    captures = []
    for number, (weights, left) in enumerate(zip(np.split(rows, cuts), np.split(residual, cuts))):
        motion = FaceMotion(
            weights[:, :EXPRESSION_SIZE].astype(np.float32), weights[:, EXPRESSION_SIZE:].astype(np.float32), FPS,
            neck_pose=turn[number].astype(np.float32),
        )  # fmt: skip
        confidence = _confidence(left, good[number])
        captures.append(Capture(motion, confidence, known, gaps[number], person, left.astype(np.float32), felt))
    return captures


def as_it_lasts(felt: Felt, lasting: Lasting) -> Felt:
    """A feeling that was found, as what was learnt has it: all emotions, weighed by their odds, as strong as it lasts.

    The means that were learnt are guesses, nearer to one another than faces are; a mixture of what emotions look like
    is told apart more surely.
    """
    seen, held = tracker(), _lasts()
    mixture = np.zeros(len(FACE_CHANNELS))
    for name, odds in lasting.likely.items():
        mixture += odds * seen.feelings[[one == name for one in seen.feeling_names]].mean(0) * held
    strength = (mixture @ lasting.weights) / max(mixture @ mixture, LEAST_MIXTURE)
    return replace(felt, weights=mixture * np.clip(strength, 0, 1), likely=lasting.likely)


def _lasts() -> np.ndarray:
    """(53,) bool: channels that a feeling holds."""
    return np.array([is_held(name) for name in FACE_CHANNELS])


def _median(aligned: Sequence[Aligned]) -> np.ndarray:
    """(L, 3): where the landmarks of some takes mostly are."""
    step = max(1, sum(len(one.points) for one in aligned) // LOOKED_AT)
    return np.median(np.concatenate([one.points[::step] for one in aligned]), axis=0)


def _told(take: Tracks, good: np.ndarray) -> np.ndarray:
    """(T, 8) channels of ``SCORES`` as the net's scores tell them about their usual value; NaN where they do not.

    Open eyes that look ahead are usual, and lips that are not rounded. Scores of lips that hardly move tell nothing: of
    some people the net does not read them.
    """
    if take.scores is None:
        return np.full((len(take), len(SCORES)), np.nan)
    told = np.array(take.scores)
    usable = good & np.isfinite(told).all(1)
    told[~usable] = np.nan
    if usable.any():
        rounded = np.isin(SCORES, ROUNDED)
        usual = np.where(rounded, np.quantile(told[usable], ROUNDED_REST, axis=0), np.median(told[usable], axis=0))
        told = told - usual
        told[:, rounded & (told[usable].std(0) < ROUNDED_MOVE)] = np.nan
    return told / GAINS


def _known(weights: np.ndarray) -> np.ndarray:
    """(MOTION_SIZE,) bool from the good frames of a person."""
    known = np.ones(MOTION_SIZE, bool)
    known[[MOTION_NAMES.index(name) for name in (*UNSEEN, *UNSURE)]] = False
    for name in BROWS:
        known[MOTION_INDEX[name]] = weights[:, MOTION_INDEX[name]].std() > BROW_NOISE
    return known


def confidence_of(residual: np.ndarray) -> np.ndarray:
    """Belief (T,), 0.1..1, in frames whose lips lie so many mm from where a face can have them."""
    return (1 - (residual / POOR_RESIDUAL) ** 2).clip(0.1, 1)


def _confidence(residual: np.ndarray, good: np.ndarray) -> np.ndarray:
    confidence = confidence_of(residual)
    beside = ~good
    beside[1:] |= ~good[:-1]
    beside[:-1] |= ~good[1:]
    confidence = np.where(beside, np.minimum(confidence, GAP_CONFIDENCE), confidence)
    return np.where(good, confidence, 0).astype(np.float32)
