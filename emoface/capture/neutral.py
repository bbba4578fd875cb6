"""The face of a person at rest, found in that person's takes, and the open head's identity that is most like it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emoface.face.open_head import open_head

from .similarity import Aligned, align
from .tracker import INNER_PAIRS, tracker

CORNERS = (61, 291)
"""Corners of the mouth among the points of the 478-point mesh: the person's right one and left one."""
ROUNDS = 3
SHUT = 0.25  # millimetres by which lips may part beyond those of the frames that are surely shut
SHUT_SHARE = 0.05  # of all frames have lips that are surely shut, where nobody says which frames are still
SHUT_NOISE = 0.8  # millimetres by which shut lips may read apart there
OPEN_EYES = 0.8  # of the usual opening of the lids
IDENTITY_RIDGE = 40.0  # mm^2: how far an identity is believed against the place of one landmark


def lip_gaps(points: np.ndarray) -> np.ndarray:
    """Opening (T, 5) between the inner lips of landmarks (T, L, 2 or 3), from the middle outwards; y is down."""
    upper, lower = (tracker().at(pair[side] for pair in INNER_PAIRS) for side in (0, 1))
    return points[:, lower, 1] - points[:, upper, 1]


def lip_widths(points: np.ndarray) -> np.ndarray:
    """Distance (T, 1) of the mouth's corners from side to side, of landmarks (T, L, 2 or 3)."""
    right, left = (tracker().at([corner]) for corner in CORNERS)
    return points[:, left, 0] - points[:, right, 0]


def find_neutral(
    runs: Sequence[np.ndarray], still: Sequence[np.ndarray] | None = None
) -> tuple[np.ndarray, list[Aligned]]:
    """Landmarks of a person at rest: the median of frames whose lips are shut and whose eyes are open.

    Args:
        runs: (T, L, 3) each, unbroken frames of one person.
        still: (T,) bool of each run, the frames in which the person is silent; None: it is not known.

    Returns:
        The neutral (L, 3), in the place and size of the open head, and the runs brought to it.
    """
    neutral = tracker().neutral
    lids = tracker().at((159, 386)), tracker().at((145, 374))
    for _ in range(ROUNDS):
        aligned = [align(run, neutral) for run in runs]
        points = np.concatenate([one.points for one in aligned])
        gap = lip_gaps(points)[:, :3].mean(1)
        eyes = (points[:, lids[1], 1] - points[:, lids[0], 1]).mean(1)
        quiet = np.ones(len(gap), bool) if still is None else np.concatenate(still)
        if not quiet.any():
            quiet[:] = True
        level = np.median(gap[quiet]) + SHUT if still is not None else np.quantile(gap, SHUT_SHARE) + SHUT_NOISE
        rest = quiet & (gap <= level) & (eyes > OPEN_EYES * np.median(eyes))
        neutral = np.median(points[rest if rest.any() else quiet], axis=0)
    return neutral, [align(run, neutral) for run in runs]


def find_identity(neutral: np.ndarray) -> np.ndarray:
    """Identity (N,) float32 of the open head, -1..1, that brings its landmarks nearest to a person's, seen from ahead.

    Ridge least squares on x and y; place, turn and size of the face are free.

    Args:
        neutral: (L, 3) from :func:`find_neutral`.
    """
    seen, basis = tracker(), identity_basis()
    size = len(basis)
    rows = np.concatenate([basis.reshape(size, -1), rigid_modes(seen.neutral), seen.neutral[:, :2].reshape(1, -1)])
    gram = rows @ rows.T
    gram[np.arange(size), np.arange(size)] += IDENTITY_RIDGE
    gram[np.arange(size, len(rows)), np.arange(size, len(rows))] += 1e-6
    found = np.linalg.solve(gram, rows @ (neutral - seen.neutral)[:, :2].ravel())
    identity = np.zeros(len(open_head().identity_names), np.float32)
    identity[:size] = found[:size].clip(-1, 1)
    return identity


def identity_basis() -> np.ndarray:
    """What a unit of each identity component that the tracker knows moves the landmarks: (I, L, 2) mm, y down.

    Those after them are mixtures, or move no landmark.
    """
    known = tracker().people
    return mesh_identity_basis()[: len(known)] + known


def mesh_identity_basis() -> np.ndarray:
    """The same (N, L, 2) for the landmarks' places on the mesh."""
    seen, head = tracker(), open_head().data
    corners = head.identity_basis[:, head.faces[seen.faces]]  # (N, L, 3, 3)
    return 1000 * np.einsum("nlcx,lc->nlx", corners, seen.weights)[..., :2] * [1, -1]


def rigid_modes(points: np.ndarray) -> np.ndarray:
    """What six small rigid motions move in the picture: (6, 2 L) for points (L, 3)."""
    x, y, z = (points - points.mean(0)).T
    one, zero = np.ones_like(x), np.zeros_like(x)
    modes = ((one, zero), (zero, one), (x, y), (-y, x), (zero, -z), (z, zero))
    return np.stack([np.stack(mode, 1).ravel() for mode in modes])
