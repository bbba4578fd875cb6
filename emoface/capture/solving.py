"""Displacements of landmarks -> motion of the open head, by bounded least squares on its mesh.

For displacements d of the landmarks from the person's neutral, every frame of a person's takes at once,

    |d_t - m(w_t) - R w_t|^2_P + |g_t - g(w_t)|^2 / s^2 + sum_k (w_kt / sigma_k)^2 + ((w_kt - w_k,t-1) / v sigma_k)^2

is made least over w in its bounds: m is what the mesh does, whose jaw is its true joint, R what the tracker adds, P the
inverse of its noise with the six rigid motions left out, g the opening of the inner lips and the width of the mouth,
which are told as they are: R, read off drawings, has an open jaw narrow the mouth. Gauss-Newton with one slope.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch

from emoface.face.bounded import bounded_least_squares
from emoface.face.layout import EXPRESSION_SIZE, JAW_OPEN_RADIANS
from emoface.face.open_head import open_head, open_head_model
from emoface.face.posed_points import PosedPoints

from .learnt import FACE_CHANNELS as FACE_CHANNELS
from .learnt import LEARNT, learnt
from .neutral import lip_gaps, lip_widths, rigid_modes
from .tracker import INNER_PAIRS, LIPS, tracker
from .tracks import SCORES

UNSEEN = (
    "tongueOut", "tongueUp", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "jawForward", "mouthShrugUpper",
    "jaw_pose_z",
)  # fmt: skip
"""Channels that landmarks of the face's surface do not show: left at zero and not known."""
GUESSED = ("cheekSquintLeft", "cheekSquintRight")
"""Those of them that what is seen beside tells where a feeling is looked for."""
BROWS = ("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight")
FITTED = tuple(name for name in FACE_CHANNELS if name not in UNSEEN)

# Standard deviation of each channel about zero, by the beginning of its name; others have OTHER_SPREAD.
SPREAD = {
    "jaw_pose_x": 0.06, "jaw_pose_y": 0.008, "eyeBlink": 0.8, "eyeSquint": 0.4, "eyeWide": 0.3, "mouthClose": 0.09,
    "mouthFunnel": 0.08, "mouthPucker": 0.45, "mouthLeft": 0.04, "mouthRight": 0.04, "mouthSmile": 0.15,
    "mouthFrown": 0.05, "mouthDimple": 0.06, "mouthStretch": 0.06, "mouthRollLower": 0.07, "mouthRollUpper": 0.05,
    "mouthShrugLower": 0.06, "mouthPress": 0.07, "mouthLowerDown": 0.15, "mouthUpperUp": 0.12, "noseSneer": 0.07,
}  # fmt: skip
OTHER_SPREAD = 0.2
PACE = 0.6  # standard deviation of a channel's change from frame to frame, in its spreads
SYMMETRY = 0.5  # pull of left and right to each other, in shares of what the landmarks say
FLOOR = 0.075  # mm^2 of noise for a landmark of weight 1, beside what was measured
GAP, WIDTH = 0.8, 0.3  # mm, standard deviation of the inner lips' opening, and of the mouth's width
BOUNDS = {"jaw_pose_x": (0.0, 0.45), "jaw_pose_y": (-0.12, 0.12)}
"""Radians; other channels lie in 0..1. If the jaw could shut further than at rest, a lowered lip would undo it."""
GROUP_WEIGHTS = {
    "lips_outer": 2.0, "lips_inner": 3.0, "lips_rings": 0.15, "eye_right": 2.0, "eye_left": 2.0, "brow_right": 1.0,
    "brow_left": 1.0, "iris": 2.0, "oval": 1.0, "nose": 0.3, "cheek_chin": 0.3,
}  # fmt: skip
SCORE_GAINS = {
    "eyeBlink": (0.5, 0.3), "eyeLookOut": (1.1, 0.15), "eyeLookIn": (0.56, 0.2), "mouthFunnel": (0.54, 0.05),
    "mouthPucker": (0.44, 0.18),
}  # fmt: skip
"""What the net's score gives for a unit of the channel, and the standard deviation of the channel as it tells it."""
GAINS, BELIEFS = np.array(
    [next(pair for start, pair in SCORE_GAINS.items() if name.startswith(start)) for name in SCORES]
).T  # (8,) each
NEWTON_ROUNDS = (60, 60, 60, 150)  # steps of the bounded solver in each Gauss-Newton step
NEXT_ROUNDS = (30, 40)  # the same for a frame that follows another
SLOPE_AT = 0.06  # radians of the jaw at which the slope is taken
STEP = 0.02  # of a channel, in the slope's differences
HELD = (
    "mouthSmile", "mouthFrown", "mouthDimple", "mouthStretch", "mouthPress", "mouthUpperUp", "mouthLowerDown",
    "eyeSquint", "eyeWide", "noseSneer",
)  # fmt: skip
"""Beginnings of names of the shapes, but brows, that a feeling holds all through a take."""
READ_AGAIN = (*SCORES, *LEARNT)
"""Channels of which observations are told, those of the scores and those that are learnt."""
SURER = 0.25  # share of the learnt errors with which what was learnt is told
LASTING, SETTLING = 25, 2  # good frames from which a take shows what lasts in it, and how often that is taken away


def _held() -> np.ndarray:
    """(53,) bool: channels that a feeling holds, but brows."""
    return np.array([name.startswith(tuple(HELD)) for name in FACE_CHANNELS])


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


def landmark_noise(beside: float = 0.0) -> np.ndarray:
    """(2 L, 2 L): covariance of the tracker's noise, and of so many mm^2 beside it."""
    seen = tracker()
    weights = np.zeros(len(seen.index))
    for name, part in seen.groups.items():
        weights[part] = GROUP_WEIGHTS[name]
    return seen.noise + np.diag(np.repeat(FLOOR / weights + beside, 2))


def without_rigid(precision: np.ndarray, neutral: np.ndarray) -> np.ndarray:
    """A precision (2 L, 2 L) of landmarks that is blind to small rigid motions of them (L, 3)."""
    modes = rigid_modes(neutral).T  # (2 L, 6)
    seen_modes = precision @ modes
    return precision - seen_modes @ np.linalg.solve(modes.T @ seen_modes, seen_modes.T)


class Solver:
    """The least squares of a person, whose slopes are taken once."""

    def __init__(self, identity: np.ndarray) -> None:
        self.forward = Forward(identity)
        precision = without_rigid(np.linalg.inv(landmark_noise()), tracker().neutral)
        self._used = [FACE_CHANNELS.index(name) for name in FITTED]
        base = np.zeros(len(FACE_CHANNELS))
        base[FACE_CHANNELS.index("jaw_pose_x")] = SLOPE_AT
        at, (ahead, ahead_form) = self.forward(base[None]), self.forward(base + STEP * np.eye(len(base)))
        basis = ((ahead - at[0]) / STEP)[self._used].reshape(len(self._used), -1)  # (N, 2 L)
        form_basis = ((ahead_form - at[1]) / STEP)[self._used]  # (N, 6)
        self._pull, self._form_pull = basis @ precision, form_basis / np.array([*[GAP] * len(INNER_PAIRS), WIDTH]) ** 2
        self._seen = self._pull @ basis.T + self._form_pull @ form_basis.T
        spread = np.array([_spread(name) for name in FITTED])
        self._pace, self._prior = (PACE * spread) ** -2.0, spread**-2.0
        self._gram = self._seen + np.diag(self._prior)
        energy = np.diag(self._seen)
        for left, name in enumerate(FITTED):
            if name.endswith("Left") and name != "mouthLeft" and not name.startswith("eyeLook"):
                right = FITTED.index(name[:-4] + "Right")
                both = SYMMETRY * (energy[left] + energy[right]) / 2
                self._gram[[left, right], [left, right]] += both
                self._gram[[left, right], [right, left]] -= both

    def __call__(self, displacement: np.ndarray, told: np.ndarray, cuts: np.ndarray | None = None) -> np.ndarray:
        """Expression and jaw (T, 53) for displacements (T, L, 2) and what the scores tell (T, 8).

        Args:
            displacement: of the landmarks from the person at rest, mm. told: channels of ``SCORES``, NaN where unknown.
            cuts: frames that begin a take of their own.
        """
        return self._solve(displacement, told, NEWTON_ROUNDS, cuts, None)

    def settled(
        self, displacement: np.ndarray, told: np.ndarray, cuts: np.ndarray, good: np.ndarray
    ) -> np.ndarray:  # fmt: skip
        """The same, solved again without what a take shows throughout and no face can do.

        A face at rest that is known a little wrongly, a light, a turn of the head move the landmarks of all frames of a
        take alike. The mean of what is left is taken away, and the feeling that a take holds stays where it was; brows,
        which move little but for it, stay as they were solved first.

        Args:
            displacement, told, cuts: as above. good: (T,) bool, frames that count.
        """
        rows = self(displacement, told, cuts)
        edges = [0, *cuts.tolist(), len(rows)]
        takes = [slice(first, stop) for first, stop in pairwise(edges) if good[first:stop].sum() >= LASTING]
        if not takes:
            return rows
        about, brows = np.zeros_like(rows), rows[:, [FACE_CHANNELS.index(name) for name in BROWS]]
        for take in takes:
            about[take] = _held() * rows[take][good[take]].mean(0)
        for _ in range(SETTLING):
            missing = displacement - self.forward(rows)[0]
            settled = np.array(displacement)
            for take in takes:
                settled[take] -= missing[take][good[take]].mean(0)
            rows = self._solve(settled, told, NEWTON_ROUNDS[-2:], cuts, None, about, rows, displacement)
        rows[:, [FACE_CHANNELS.index(name) for name in BROWS]] = brows
        return rows

    def read_again(
        self, displacement: np.ndarray, told: np.ndarray, cuts: np.ndarray, good: np.ndarray, rows: np.ndarray,
        likely: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        """The same, solved once more with what the face most likely did, as far as it is sure.

        Args:
            displacement, told, cuts, good: as above. rows: solved before. likely: (T, 53) what was learnt says; takes
                of which it says nothing are NaN, and stay as they are.
        """
        said = np.isfinite(likely).all(1)
        goal = np.where(said[:, None], self.in_bounds(likely), rows)
        missing, settled, about = displacement - self.forward(goal)[0], np.array(displacement), np.zeros_like(rows)
        for first, stop in pairwise([0, *cuts.tolist(), len(rows)]):
            take = slice(first, stop)
            if said[first]:
                settled[take] -= missing[take][good[take]].mean(0)
                about[take] = goal[take][good[take]].mean(0)
        again = np.where(said[:, None], goal, np.nan)[:, [FACE_CHANNELS.index(name) for name in LEARNT]]
        told = np.concatenate([np.where(np.isin(SCORES, LEARNT), np.nan, told), again], 1)
        found = self._solve(settled, told, NEWTON_ROUNDS[-2:], cuts, None, about, goal, displacement)
        return np.where(said[:, None], found, self.in_bounds(rows))

    def in_bounds(self, weights: np.ndarray) -> np.ndarray:
        """Weights (T, 53) within what each channel can be; NaN stays."""
        low, high = np.zeros(len(FACE_CHANNELS)), np.ones(len(FACE_CHANNELS))
        for name, (least, most) in BOUNDS.items():
            low[FACE_CHANNELS.index(name)], high[FACE_CHANNELS.index(name)] = least, most
        return weights.clip(low, high)

    def next(self, displacement: np.ndarray, told: np.ndarray, before: np.ndarray) -> np.ndarray:
        """The same for one frame (1, L, 2) that follows a known one (1, 53)."""
        return self._solve(displacement, told, NEXT_ROUNDS, None, before)

    def _solve(
        self, displacement: np.ndarray, told: np.ndarray, newton_rounds: tuple[int, ...], cuts: np.ndarray | None,
        before: np.ndarray | None, about: np.ndarray | None = None, begun: np.ndarray | None = None,
        shown: np.ndarray | None = None,
    ) -> np.ndarray:  # fmt: skip
        gram, count = np.array(self._gram), len(self._used)
        heard = [FITTED.index(name) for name in READ_AGAIN[: told.shape[1]]]
        deviation = BELIEFS if len(heard) == len(SCORES) else np.concatenate([BELIEFS, SURER * learnt().errors])
        told, known = np.nan_to_num(told), np.isfinite(told)
        belief, missed = known.any(0) * deviation**-2.0, ~known
        np.add.at(gram, (heard, heard), belief)  # one gram for all frames: where one is not told the fit stands in
        low, high = np.zeros(count), np.ones((len(displacement), count))
        jaw, close = FITTED.index("jaw_pose_x"), FITTED.index("mouthClose")
        for name, (least, most) in BOUNDS.items():
            low[FITTED.index(name)], high[:, FITTED.index(name)] = least, most
        shown = displacement if shown is None else shown
        gap = np.interp(lip_gaps(shown), tracker().gap_tracked, tracker().gap_mesh)
        goal = np.hstack([gap, lip_widths(shown)])  # (T, 6)
        weights = np.zeros((len(displacement), count)) if begun is None else np.array(begun[:, self._used])
        held = np.zeros_like(weights) if about is None else about[:, self._used] * self._prior
        if before is not None:
            weights = np.array(before[:, self._used])
            held = held + weights * self._pace
            gram += np.diag(self._pace)
        full = np.zeros((len(displacement), len(FACE_CHANNELS)))
        for rounds in newton_rounds:
            full[:, self._used] = weights
            moved, form = self.forward(full)
            missing = (displacement - moved).reshape(len(full), -1)
            linear = missing @ self._pull.T + (goal - form) @ self._form_pull.T + weights @ self._seen + held
            stand_in = np.where(missed, weights[:, heard], told) * belief
            for place, pulled in zip(heard, stand_in.T):
                linear[:, place] += pulled
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
