"""Seams of an edit: where new motion comes out of what is kept, it bends no more than the face ordinarily does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from emoface.face.layout import MOTION_NAMES, MOUTH

from .regions import PARTS

ORDINARY = 0.99
"""Quantile of a part's accelerations in the take that a seam stays below."""
BEYOND = 3
"""Frames behind a fade that are eased with it."""
STIFFEST = 1024.0
QUICK = {*MOUTH, *(i for i, name in enumerate(MOTION_NAMES) if name.startswith(("eyeBlink", "eyeLook")))}
"""Channels that are left alone: lips keep to the voice, and lids and eyes are quick by nature."""


def firm(share: np.ndarray) -> np.ndarray:
    """How far motion is laid over the old where it was sampled as far as w: ``1 - (1 - w)^3``, as it is mixed by w."""
    return 1 - (1 - share) ** 3


def eased_seams(motion: np.ndarray, old: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Take from the seams what they bend more than ordinary motion: ``argmin_f |f - g|^2 + m |D^2 f|^2``.

    g is the motion in a seam and D^2 its second difference, into which what is kept beside it enters as it is. m is
    doubled until no acceleration in the seam is above the ``ORDINARY`` quantile of the part's own.

    Args:
        motion: (T, C) with the edit. old: (T, C) the take before it. share: (T, C) how far the edit reaches, 0..1.

    Returns:
        (T, C), a new array; where ``share`` is 0 it has the bits of ``motion``.
    """
    eased = np.array(motion)
    for part in PARTS.values():
        slow = [channel for channel in part if channel not in QUICK and share[:, channel].any()]
        if not slow or len(old) < 3:
            continue
        limit = float(np.quantile(np.abs(np.diff(old[:, slow], 2, axis=0)), ORDINARY))
        for channel in slow:
            for begin, end in _seams(share[:, channel]):
                _ease(eased[:, channel], begin, end, limit)
    return eased


def _seams(share: np.ndarray) -> Iterator[tuple[int, int]]:
    """Frames begin..end of each seam: where a share goes up from 0 or down to it, and a few beyond."""
    for first, last in _runs(share > 0):
        for begin, end in _runs(share[first:last] < 1):
            yield first + max(begin - BEYOND, 0), min(first + end + BEYOND, last)


def _runs(there: np.ndarray) -> Iterator[tuple[int, int]]:
    """Frames begin..end of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], there.astype(int), [0]])))
    for begin, end in edges.reshape(-1, 2):
        yield int(begin), int(end)


def _ease(curve: np.ndarray, begin: int, end: int, limit: float) -> None:
    """Ease frames begin..end of a curve (T,) in place."""
    first, last = max(begin - 2, 0), min(end + 2, len(curve))
    given = curve[first:last].astype(np.float64)
    bends = np.diff(np.eye(len(given)), 2, axis=0)  # (n - 2, n)
    if not len(bends):
        return
    own = slice(begin - first, end - first)
    own_bends = bends[:, own]
    touched = own_bends.any(1)
    eased, beside = given.copy(), given.copy()
    beside[own] = 0
    pull, normal = own_bends.T @ (bends @ beside), own_bends.T @ own_bends
    stiffness = 1.0
    while np.abs(bends @ eased)[touched].max() > limit and stiffness <= STIFFEST:
        eased[own] = np.linalg.solve(np.eye(end - begin) + stiffness * normal, given[own] - stiffness * pull)
        stiffness *= 2
    curve[begin:end] = eased[own]
