"""Landmark tracks -> motion of the open head, by bounded least squares on its mesh.

For displacements d of the landmarks from the person's neutral, every frame of a person's takes at once,

    |d_t - m(w_t) - R w_t|^2_P + |g_t - g(w_t)|^2 / s^2 + sum_k (w_kt / sigma_k)^2 + ((w_kt - w_k,t-1) / v sigma_k)^2

is made least over w in its bounds: m is what the mesh does, whose jaw is its true joint, R what the tracker adds, P the
inverse of its noise with the six rigid motions left out, g the opening of the inner lips and the width of the mouth,
which are told as they are: R, read off drawings, has an open jaw narrow the mouth. Gauss-Newton with one slope.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, overload

import numpy as np
import torch

from emoface import checks
from emoface.face.bounded import bounded_least_squares
from emoface.face.layout import (
    EXPRESSION_NAMES,
    EXPRESSION_SIZE,
    FPS,
    JAW_OPEN_RADIANS,
    MOTION_INDEX,
    MOTION_NAMES,
    MOTION_SIZE,
)
from emoface.face.open_head import open_head, open_head_model
from emoface.face.posed_points import PosedPoints
from emoface.face.resample import resample_curves
from emoface.face_motion import FaceMotion
from emoface.host import own_settings

from .neutral import find_identity, find_neutral, identity_basis, lip_gaps, lip_widths, rigid_modes
from .similarity import align, filtered, matrix_axis_angle, mean_rotation, of_head
from .tracker import INNER_PAIRS, LIPS, tracker
from .tracks import SCORES, Tracks

UNSEEN = (
    "tongueOut", "tongueUp", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "jawForward", "mouthShrugUpper",
    "jaw_pose_z",
)  # fmt: skip
"""Channels that landmarks of the face's surface do not show: left at zero and not known."""
UNSURE = ("noseSneerLeft", "noseSneerRight", "mouthPressLeft", "mouthPressRight", "mouthRollUpper")
"""Channels that are fitted, so that their motion is not taken for another's, but whose size is not known."""
BROWS = ("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight")
BROW_NOISE = 0.06  # standard deviation that the brows of a still forehead read
FACE_CHANNELS = (*EXPRESSION_NAMES, "jaw_pose_x", "jaw_pose_y", "jaw_pose_z")
FITTED = tuple(name for name in FACE_CHANNELS if name not in UNSEEN)

# Standard deviation of each channel about zero, by the beginning of its name; others have OTHER_SPREAD.
SPREAD = {
    "jaw_pose_x": 0.06, "jaw_pose_y": 0.008, "eyeBlink": 0.8, "eyeSquint": 0.2, "eyeWide": 0.2, "mouthClose": 0.09,
    "mouthFunnel": 0.05, "mouthPucker": 0.45, "mouthLeft": 0.04, "mouthRight": 0.04, "mouthSmile": 0.22,
    "mouthFrown": 0.1, "mouthDimple": 0.06, "mouthStretch": 0.1, "mouthRollLower": 0.07, "mouthRollUpper": 0.05,
    "mouthShrugLower": 0.06, "mouthPress": 0.07, "mouthLowerDown": 0.15, "mouthUpperUp": 0.12, "noseSneer": 0.07,
}  # fmt: skip
OTHER_SPREAD = 0.2
PACE = 0.6  # standard deviation of a channel's change from frame to frame, in its spreads
SYMMETRY = 0.5  # pull of left and right to each other, in shares of what the landmarks say
FLOOR = 0.075  # mm^2 of noise for a landmark of weight 1, beside what was measured
GAP, WIDTH = 0.8, 0.3  # mm, standard deviation of the inner lips' opening, and of the mouth's width
BOUNDS = {"jaw_pose_x": (-0.03, 0.45), "jaw_pose_y": (-0.12, 0.12)}
GROUP_WEIGHTS = {
    "lips_outer": 2.0, "lips_inner": 3.0, "lips_rings": 0.15, "eye_right": 2.0, "eye_left": 2.0, "brow_right": 1.0,
    "brow_left": 1.0, "iris": 2.0, "oval": 1.0, "nose": 0.3, "cheek_chin": 0.3,
}  # fmt: skip
SCORE_GAINS = {"eyeBlink": (0.5, 0.3), "eyeLookOut": (1.1, 0.15), "eyeLookIn": (0.56, 0.2)}
"""What the net's score gives for a unit of the channel, and the standard deviation of the channel as it tells it."""
NEWTON_ROUNDS = (60, 60, 60, 150)  # steps of the bounded solver in each Gauss-Newton step
NEXT_ROUNDS = (30, 40)  # the same for a frame that follows another
SLOPE_AT = 0.06  # radians of the jaw at which the slope is taken
STEP = 0.02  # of a channel, in the slope's differences

POSE_GAIN = np.array([0.67, 0.92, 0.98])  # what a turn of the open head reads as: nod, turn, tilt
PROFILE = np.radians(40.0)  # turned further to a side, half of the lips are hidden
GAP_CONFIDENCE = 0.5  # of the frame beside a gap
POOR_RESIDUAL = 2.5  # mm left at the lips at which nothing is believed


FELT = {
    "mouthSmile": 0.3, "mouthFrown": 0.3, "mouthDimple": 0.1, "mouthStretch": 0.2, "mouthPress": 0.15,
    "mouthUpperUp": 0.15, "mouthLowerDown": 0.1, "browDown": 0.3, "browInnerUp": 0.3, "browOuterUp": 0.25,
    "eyeSquint": 0.25, "eyeWide": 0.25, "noseSneer": 0.2,
}  # fmt: skip
"""Standard deviation of the shapes that a face may hold all through a clip, by the beginning of their names."""
PERSON, PERSON_NOISE = 0.45, 0.6
"""Standard deviation of an identity component of people, and mm^2 by which their landmarks differ beside these."""

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
    """

    motion: FaceMotion
    confidence: np.ndarray
    known: np.ndarray
    gaps: tuple[Gap, ...]
    identity: dict[str, float]
    residual_mm: np.ndarray


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
        identity = find_identity(neutral)
    else:
        neutral, aligned = find_neutral(runs, quiet)
        neutral, identity = (neutral, find_identity(neutral)) if rest == "calm" else find_felt(neutral)

    moved, turn = (
        [np.zeros((len(take), 2 * len(neutral))) for take in takes],
        [np.zeros((len(take), 3)) for take in takes],
    )
    for number in range(len(takes)):
        own = [(run, one) for (owner, run), one in zip(parts, aligned) if owner == number]
        turned = [of_head(one.rotation) for _, one in own]
        middle = mean_rotation(np.concatenate(turned))
        for (run, one), rotation in zip(own, turned):
            moved[number][run] = (one.points - neutral)[..., :2].reshape(len(rotation), -1)
            turn[number][run] = matrix_axis_angle(rotation @ middle.T) / POSE_GAIN
        moved[number] = filtered(bridged(moved[number], good[number]), seen.taps)
        turn[number] = bridged(turn[number], good[number])
    told = [_told(take, mask) for take, mask in zip(takes, good)]
    lengths = [len(take) for take in takes]
    cuts = np.cumsum(lengths)[:-1]
    displacement = np.concatenate(moved).reshape(sum(lengths), -1, 2)
    solver = Solver(identity)
    rows = solver(displacement, np.concatenate(told), cuts)
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
        captures.append(Capture(motion, confidence, known, gaps[number], person, left.astype(np.float32)))
    return captures


def _told(take: Tracks, good: np.ndarray) -> np.ndarray:
    """(T, 6) channels of ``SCORES`` as the net's scores tell them about the take's median; NaN where they do not."""
    if take.scores is None:
        return np.full((len(take), len(SCORES)), np.nan)
    told = np.array(take.scores)
    usable = good & np.isfinite(told).all(1)
    told[~usable] = np.nan
    if usable.any():
        told = told - np.median(told[usable], axis=0)
    gains = np.array(
        [next(gain for start, (gain, _) in SCORE_GAINS.items() if name.startswith(start)) for name in SCORES]
    )
    return told / gains


def _spread(name: str) -> float:
    return next((spread for start, spread in SPREAD.items() if name.startswith(start)), OTHER_SPREAD)


class Forward:
    """What the tracker shows of the head at given weights."""

    def __init__(self, identity: np.ndarray) -> None:
        seen = tracker()
        person = open_head_model().with_identity(torch.from_numpy(identity))
        corners = open_head().data.faces[seen.faces].astype(np.int64).ravel()
        self.points = PosedPoints(person, corners, torch.from_numpy(seen.weights))
        self.rest = self._mesh(np.zeros((1, EXPRESSION_SIZE + 3)))
        self.response = seen.response.reshape(len(seen.response), -1)  # (53, 2 L)

    def _mesh(self, weights: np.ndarray) -> np.ndarray:
        blocks = [weights[start : start + 2048].astype(np.float32) for start in range(0, len(weights), 2048)]
        with torch.inference_mode():
            points = np.concatenate([self.points(np.ascontiguousarray(block)) for block in blocks])
        return 1000.0 * points[..., :2].astype(np.float64) * [1, -1]  # (T, L, 2) mm, y down

    def __call__(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Displacements (T, L, 2) of the landmarks and form (T, 6) of the mesh's lips beyond that at rest, mm."""
        mesh = self._mesh(weights) - self.rest
        return mesh + (weights @ self.response).reshape(mesh.shape), np.hstack([lip_gaps(mesh), lip_widths(mesh)])


def _precision(neutral: np.ndarray, beside: float = 0.0) -> np.ndarray:
    """(2 L, 2 L): the inverse of the tracker's noise, and of so many mm^2 beside it, blind to small rigid motions."""
    seen = tracker()
    weights = np.zeros(len(seen.index))
    for name, part in seen.groups.items():
        weights[part] = GROUP_WEIGHTS[name]
    inverse = np.linalg.inv(seen.noise + np.diag(np.repeat(FLOOR / weights + beside, 2)))
    modes = rigid_modes(neutral, weights).T  # (2 L, 6)
    seen_modes = inverse @ modes
    return inverse - seen_modes @ np.linalg.solve(modes.T @ seen_modes, seen_modes.T)


class Solver:
    """The least squares of a person, whose slopes are taken once."""

    def __init__(self, identity: np.ndarray) -> None:
        self.forward, precision = Forward(identity), _precision(tracker().neutral)
        self._used = [FACE_CHANNELS.index(name) for name in FITTED]
        base = np.zeros(len(FACE_CHANNELS))
        base[FACE_CHANNELS.index("jaw_pose_x")] = SLOPE_AT
        at, (ahead, ahead_form) = self.forward(base[None]), self.forward(base + STEP * np.eye(len(base)))
        basis = ((ahead - at[0]) / STEP)[self._used].reshape(len(self._used), -1)  # (N, 2 L)
        form_basis = ((ahead_form - at[1]) / STEP)[self._used]  # (N, 6)
        self._pull, self._form_pull = basis @ precision, form_basis / np.array([*[GAP] * len(INNER_PAIRS), WIDTH]) ** 2
        self._seen = self._pull @ basis.T + self._form_pull @ form_basis.T
        spread = np.array([_spread(name) for name in FITTED])
        self._pace = (PACE * spread) ** -2.0
        self._gram = self._seen + np.diag(spread**-2.0)
        energy = np.diag(self._seen)
        for left, name in enumerate(FITTED):
            if name.endswith("Left") and name != "mouthLeft" and not name.startswith("eyeLook"):
                right = FITTED.index(name[:-4] + "Right")
                both = SYMMETRY * (energy[left] + energy[right]) / 2
                self._gram[[left, right], [left, right]] += both
                self._gram[[left, right], [right, left]] -= both

    def __call__(self, displacement: np.ndarray, told: np.ndarray, cuts: np.ndarray | None = None) -> np.ndarray:
        """Expression and jaw (T, 53) for displacements (T, L, 2) and what the scores tell (T, 6).

        Args:
            displacement: of the landmarks from the person at rest, mm. told: channels of ``SCORES``, NaN where unknown.
            cuts: frames that begin a take of their own.
        """
        return self._solve(displacement, told, NEWTON_ROUNDS, cuts, None)

    def next(self, displacement: np.ndarray, told: np.ndarray, before: np.ndarray) -> np.ndarray:
        """The same for one frame (1, L, 2) that follows a known one (1, 53)."""
        return self._solve(displacement, told, NEXT_ROUNDS, None, before)

    def _solve(
        self, displacement: np.ndarray, told: np.ndarray, newton_rounds: tuple[int, ...], cuts: np.ndarray | None,
        before: np.ndarray | None,
    ) -> np.ndarray:  # fmt: skip
        gram, count = np.array(self._gram), len(self._used)
        heard = [FITTED.index(name) for name in SCORES]
        belief = np.array(
            [next(s for start, (_, s) in SCORE_GAINS.items() if name.startswith(start)) for name in SCORES]
        )
        told_pull = np.isfinite(told).all(1)[:, None] * belief**-2.0  # (T, 6)
        told = np.nan_to_num(told)
        if told_pull.any():  # one gram for all frames: where scores are missing the fit itself stands in for them
            gram[heard, heard] += belief**-2.0
        low, high = np.zeros(count), np.ones((len(displacement), count))
        jaw, close = FITTED.index("jaw_pose_x"), FITTED.index("mouthClose")
        for name, (least, most) in BOUNDS.items():
            low[FITTED.index(name)], high[:, FITTED.index(name)] = least, most
        gap = np.interp(lip_gaps(displacement), tracker().gap_tracked, tracker().gap_mesh)
        goal = np.hstack([gap, lip_widths(displacement)])  # (T, 6)
        weights = np.zeros((len(displacement), count))
        held = np.zeros_like(weights)
        if before is not None:
            weights = np.array(before[:, self._used])
            held = weights * self._pace
            gram += np.diag(self._pace)
        full = np.zeros((len(displacement), len(FACE_CHANNELS)))
        for rounds in newton_rounds:
            full[:, self._used] = weights
            moved, form = self.forward(full)
            missing = (displacement - moved).reshape(len(full), -1)
            linear = missing @ self._pull.T + (goal - form) @ self._form_pull.T + weights @ self._seen + held
            if told_pull.any():
                stand_in = np.where(told_pull > 0, told, weights[:, heard])
                linear[:, heard] += stand_in * belief**-2.0
            if weights.any():  # mouthClose takes up what the jaw opened, no more
                high[:, close] = (weights[:, jaw] / JAW_OPEN_RADIANS).clip(0, 1)
            weights = bounded_least_squares(gram, linear, low, high, self._pace, weights, rounds, cuts)
        full[:, self._used] = weights
        return full

    def residual_mm(self, displacement: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """(T,) root mean square distance at the lips, rigid motion left out."""
        lips = tracker().group(*LIPS)
        missing = (displacement - self.forward(weights)[0])[:, lips]
        return np.sqrt(((missing - missing.mean(1, keepdims=True)) ** 2).sum(2).mean(1))


def find_felt(calm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What a face would be without the expression that it holds: identity and expression at once, by ridge.

    Args:
        calm: (L, 3) landmarks of the calmest frames.

    Returns:
        The neutral (L, 3), and the identity (N,) float32 of the open head.
    """
    forward, seen = Forward(np.zeros(len(open_head().identity_names), np.float32)), tracker()
    held = [name for name in FITTED if any(name.startswith(start) for start in FELT)]
    spread = np.array([next(value for start, value in FELT.items() if name.startswith(start)) for name in held])
    used = [FACE_CHANNELS.index(name) for name in held]
    still, moved = forward(np.zeros((1, len(FACE_CHANNELS))))[0], forward(STEP * np.eye(len(FACE_CHANNELS)))[0]
    shapes = ((moved - still) / STEP)[used].reshape(len(used), -1)  # (N, 2 L)
    people = identity_basis()
    people = people.reshape(len(people), -1)  # (I, 2 L)
    basis = np.concatenate([shapes, people])
    precision = _precision(seen.neutral, PERSON_NOISE)
    gram = basis @ precision @ basis.T + np.diag(np.concatenate([spread, np.full(len(people), PERSON)]) ** -2.0)
    energy = np.diag(gram)
    for left, name in enumerate(held):
        if name.endswith("Left"):
            right = held.index(name[:-4] + "Right")
            both = (energy[left] + energy[right]) / 2
            gram[[left, right], [left, right]] += both
            gram[[left, right], [right, left]] -= both
    linear = basis @ precision @ (calm - seen.neutral)[:, :2].ravel()
    low = np.concatenate([np.zeros(len(held)), -np.ones(len(people))])
    one = bounded_least_squares(
        gram, linear[None], low, np.ones(len(low)), np.zeros(len(low)), np.zeros((1, len(low))), 2000
    )[0]
    neutral = np.array(calm)
    neutral[:, :2] -= (one[: len(held)] @ shapes).reshape(-1, 2)
    identity = np.zeros(len(open_head().identity_names), np.float32)
    identity[: len(people)] = one[len(held) :]
    return neutral, identity


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
