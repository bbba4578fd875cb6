"""The feeling that a face holds: which it most likely is, how strong, and what the person looks like without it.

Landmarks d of a face, less those of the open head at rest, are taken for

    d = s q_v + shapes . e + people . a + strangers + noise

where q_v is what one of the tracker's ``feelings`` does to them, s how strong it is, e what the face does beside it
while it speaks, a the identity, all but v Gaussian. Every feeling is tried, and the answers are weighed by how likely
each makes the landmarks. Of a person whose face at rest is known, d is the distance from there, and identity and
strangers are left out but for a little.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from emoface.face.open_head import open_head
from emoface.shown import by_shape

from .neutral import identity_basis, lip_gaps
from .solving import FACE_CHANNELS, FITTED, SPREAD, STEP, Forward, landmark_noise, without_rigid
from .tracker import tracker

HELD = {
    "mouthSmile": 0.09, "mouthFrown": 0.09, "mouthDimple": 0.03, "mouthStretch": 0.06, "mouthPress": 0.045,
    "mouthUpperUp": 0.045, "mouthLowerDown": 0.03, "browDown": 0.09, "browInnerUp": 0.09, "browOuterUp": 0.075,
    "eyeBlink": 0.05, "eyeSquint": 0.075, "eyeWide": 0.075, "noseSneer": 0.06, "mouthShrugLower": 0.0,
    "mouthRollLower": 0.0, "cheekSquint": 0.0,
}  # fmt: skip
"""Beginnings of the names of the shapes that a feeling holds, and the standard deviation of each beside the feeling."""
GLANCE, LIDS = 0.3, 0.15  # the same of eyes that look aside, and of lids
PERSON, SAME_PERSON = 0.45, 0.15  # of an identity component: of a stranger, and left over where the rest is known
BESIDE = 0.5  # mm^2 by which landmarks differ beside all that
STRENGTH, STRENGTH_SPREAD = 0.6, 0.25  # of a feeling
DOUBT = 0.7  # share of the log evidence that is believed
LEAST_LIKELY = 1e-3  # of a feeling that takes part
PARTING = ("mouthUpperUp", "mouthLowerDown", "noseSneer")  # beginnings of names of shapes that part the lips
LEAST_APART, OPEN_CALM = 0.1, 1.5  # mm by which a feeling parts lips, and from which on calm lips are not shut


@dataclass(frozen=True, eq=False)
class Felt:
    """What a face holds.

    Attributes:
        weights: (53,) expression and jaw, of the shapes in ``HELD`` alone.
        identity: (N,) float32 of the open head; zeros where the face at rest was known.
        likely: feeling -> probability.
    """

    weights: np.ndarray
    identity: np.ndarray
    likely: dict[str, float]

    __repr__ = by_shape


def is_held(name: str) -> bool:
    """Whether a feeling holds a shape."""
    return name.startswith(tuple(HELD))


def _beginning(name: str, values: dict[str, float]) -> float:
    return next((value for start, value in values.items() if name.startswith(start)), 0.0)


@lru_cache(maxsize=1)
def held_shapes() -> np.ndarray:
    """What a unit of each channel moves the landmarks of a face at rest: (53, 2 L) mm."""
    forward = Forward(np.zeros(len(open_head().identity_names), np.float32))
    still, moved = forward(np.zeros((1, len(FACE_CHANNELS))))[0], forward(STEP * np.eye(len(FACE_CHANNELS)))[0]
    return ((moved - still) / STEP).reshape(len(FACE_CHANNELS), -1)


@lru_cache(maxsize=2)
def _precision(rest_known: bool) -> np.ndarray:
    """(2 L, 2 L): how surely landmarks tell a feeling."""
    beside = np.zeros(len(FACE_CHANNELS))
    for place, name in enumerate(FACE_CHANNELS):
        if name in FITTED:
            spoken = _beginning(name, SPREAD) if name.startswith(("mouth", "jaw")) else 0.0
            spoken += GLANCE * name.startswith("eyeLook") + LIDS * name.startswith("eyeBlink")
            beside[place] = np.hypot(spoken, _beginning(name, HELD))
    people = (SAME_PERSON if rest_known else PERSON) * identity_basis().reshape(-1, held_shapes().shape[1])
    factors = [beside[:, None] * held_shapes(), people] + ([] if rest_known else [tracker().strangers])
    rows = np.concatenate(factors)
    return without_rigid(np.linalg.inv(landmark_noise(BESIDE) + rows.T @ rows), tracker().neutral)


def find_felt(points: np.ndarray, rest: np.ndarray | None = None) -> Felt:
    """The feeling that a face holds.

    Args:
        points: (L, 3) landmarks, of one picture or the median of many, in the place of the open head.
        rest: (L, 3) the same of the person at rest; None: it is not known.

    Returns:
        How likely each feeling is, the shapes of all, weighed by that, and the person's identity.
    """
    seen, precision = tracker(), _precision(rest is not None)
    distance = (points - (seen.neutral if rest is None else rest))[:, :2].ravel()
    if rest is None:
        distance = distance - seen.strangers_mean
    q = seen.feelings @ held_shapes()  # (V, 2 L)
    pulled = q @ precision  # (V, 2 L)
    before = STRENGTH_SPREAD**-2.0
    sharpness = (pulled * q).sum(1) + before
    strength = (pulled @ distance + STRENGTH * before) / sharpness
    evidence = sharpness * strength**2 - STRENGTH**2 * before - np.log(sharpness / before)
    calm = ~seen.feelings.any(1)
    strength[calm], evidence[calm] = 0.0, 0.0
    strength = strength.clip(0)
    names = sorted(set(seen.feeling_names))
    odds = np.exp(DOUBT * (evidence - evidence.max()) / 2) / [seen.feeling_names.count(n) for n in seen.feeling_names]
    odds /= odds.sum()
    odds[odds < LEAST_LIKELY] = 0
    feeling = (odds * strength) @ seen.feelings  # (53,)
    left = odds.sum() * distance - (odds * strength) @ q
    spread = np.array([_beginning(name, HELD) for name in FACE_CHANNELS])
    weights = feeling + spread**2 * (held_shapes() @ (precision @ left))
    weights[[not is_held(name) for name in FACE_CHANNELS]] = 0
    people = identity_basis().reshape(-1, len(distance))
    identity = np.zeros(len(open_head().identity_names), np.float32)
    if rest is None:
        identity[: len(people)] = (PERSON**2 * people @ (precision @ left)).clip(-1, 1)
    likely = {name: float(sum(p for p, one in zip(odds, seen.feeling_names) if one == name)) for name in names}
    return Felt(weights.clip(0, 1), identity, likely)


def without_feeling(calm: np.ndarray, felt: Felt) -> np.ndarray:
    """Landmarks (L, 3) of the calmest frames as they would be without what the face holds, lips shut.

    What raises or lowers a lip is taken away as far as the lips of those frames are apart by it, for lips that close
    give it up. What they are apart beyond that the jaw opens.
    """
    shapes = held_shapes().reshape(len(FACE_CHANNELS), -1, 2)
    parts = np.array([name.startswith(PARTING) for name in FACE_CHANNELS])
    shut, moved = tracker().neutral[None, :, :2], np.array(calm)
    moved[:, :2] -= np.tensordot(felt.weights * ~parts, shapes, 1)
    parting = np.tensordot(felt.weights * parts, shapes, 1)  # (L, 2) mm

    def apart(points: np.ndarray) -> float:
        return float((lip_gaps(points) - lip_gaps(shut)).mean())

    opens = apart(shut + parting)
    moved[:, :2] -= parting * (np.clip(apart(moved[None]) / opens, 0, 1) if opens > LEAST_APART else 1.0)
    jaw = shapes[FACE_CHANNELS.index("jaw_pose_x")]
    left = apart(moved[None])
    if left > OPEN_CALM:
        moved[:, :2] -= jaw * left / apart(shut + jaw)
    return moved
