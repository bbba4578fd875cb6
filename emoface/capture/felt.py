"""A face that holds an expression all through its clip: which it is, and what the person looks like without it."""

from __future__ import annotations

import numpy as np

from emoface.face.bounded import bounded_least_squares
from emoface.face.open_head import open_head

from .neutral import identity_basis
from .solving import FACE_CHANNELS, FITTED, STEP, Forward, precision_of
from .tracker import tracker

FELT = {
    "mouthSmile": 0.3, "mouthFrown": 0.3, "mouthDimple": 0.1, "mouthStretch": 0.2, "mouthPress": 0.15,
    "mouthUpperUp": 0.15, "mouthLowerDown": 0.1, "browDown": 0.3, "browInnerUp": 0.3, "browOuterUp": 0.25,
    "eyeSquint": 0.25, "eyeWide": 0.25, "noseSneer": 0.2,
}  # fmt: skip
"""Standard deviation of the shapes that a face may hold all through a clip, by the beginning of their names."""
PERSON, PERSON_NOISE = 0.45, 0.6
"""Standard deviation of an identity component of people, and mm^2 by which their landmarks differ beside these."""


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
    precision = precision_of(seen.neutral, PERSON_NOISE)
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
