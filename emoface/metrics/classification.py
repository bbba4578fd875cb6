"""Confusion of classes and what is read from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .figure import metric


def confusion(asked: Sequence[str], named: Sequence[str], classes: Sequence[str]) -> np.ndarray:
    """Counts (n, n) of how often each class (row) was named each (column).

    Args:
        asked, named: one a clip. classes: in order.

    Raises:
        ValueError: other lengths, nothing, or a name that is no class.
    """
    if len(asked) != len(named) or not len(asked):
        raise ValueError(f"asked and named must be of one length, at least 1, got {len(asked)} and {len(named)}")
    unknown = {*asked, *named} - set(classes)
    if unknown:
        raise ValueError(f"asked and named must be among {list(classes)}, got {sorted(unknown)}")
    counts = np.zeros((len(classes), len(classes)), int)
    for row, column in zip(asked, named):
        counts[classes.index(row), classes.index(column)] += 1
    return counts


@metric("accuracy", "1", "clips named right / clips")
def accuracy(counts: np.ndarray) -> float:
    """Share of clips named right; frequent classes weigh more.

    Raises:
        ValueError: not a square of counts, or empty.
    """
    counts = np.asarray(counts)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.sum():
        raise ValueError(f"counts must be a square confusion matrix that holds clips, got shape {counts.shape}")
    return float(np.trace(counts) / counts.sum())


@metric("unweighted average recall", "1", "mean over classes that occur of clips named right / clips of the class")
def average_recall(counts: np.ndarray) -> float:
    """Mean of the classes' recalls ("UA"), classes without clips left out.

    Raises:
        ValueError: as :func:`accuracy`.
    """
    accuracy(counts)
    rows = np.asarray(counts).sum(1)
    return float((np.diag(counts)[rows > 0] / rows[rows > 0]).mean())
