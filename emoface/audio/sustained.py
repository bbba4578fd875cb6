"""Sounds that are held, as a singer holds a vowel: found in log-mels, frame by frame, from what came before alone.

A held sound keeps its envelope over a tenth of a second, which speech hardly ever does for a fifth of a second on end,
and its harmonics from frame to frame, which noise does not.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .features import MEL_BINS

LAG = 5
"""Mel frames over which the envelope is compared."""
BAND = 4
"""Mel bins of a band of the envelope, across which vibrato moves harmonics."""
SAME, CALM = 1.0, 0.3
"""Most mean change of the envelope over the lag, and most median change of a bin from frame to frame, in nats."""
DEEPEST = 6.0
"""Nats below the loudest bin of a frame at which bins count as silent."""
BEGIN, SURE, LOSS = 6, 14, 3
"""Frames that a sound has to be held until it counts, and until it counts wholly; frames that one of change costs."""
MEMORY = LAG + SURE
"""Mel frames before a frame after which its figure hardly depends on what was before."""


def sustained(mel: Tensor, threshold: float) -> Tensor:
    """How surely a sound is held.

    Args:
        mel: (M, 64) log-mels, not normalised. threshold: mean log-mel below which nothing sounds.

    Returns:
        (M,) float32, 0..1, of frames that the first begin cold.
    """
    rows = mel.double().cpu().numpy()
    share = np.zeros(len(rows), np.float32)
    if len(rows) <= LAG:
        return torch.from_numpy(share)
    loud = mel.mean(-1).cpu().numpy() > threshold
    if not loud[LAG:].any():
        return torch.from_numpy(share)
    rows = np.maximum(rows, rows.max(1, keepdims=True) - DEEPEST)
    steady = _median_is_below(CALM, np.abs(rows[LAG:] - rows[LAG - 1 : -1])) & loud[LAG:]
    if np.count_nonzero(steady) <= BEGIN:  # most windows of speech need no envelope
        return torch.from_numpy(share)
    alike = np.flatnonzero(steady)
    steady[alike] = np.abs(_envelope(rows[alike + LAG]) - _envelope(rows[alike])).mean(1) < SAME
    if np.count_nonzero(steady) <= BEGIN:
        return torch.from_numpy(share)
    held = 0
    for frame, same in enumerate(steady.tolist(), LAG):
        held = 0 if not loud[frame] else min(held + 1, SURE) if same else max(held - LOSS, 0)
        share[frame] = min(max((held - BEGIN) / (SURE - BEGIN), 0.0), 1.0)
    return torch.from_numpy(share)


def _median_is_below(limit: float, values: np.ndarray) -> np.ndarray:
    """Whether the median of each row of (M, an even number) is, (M,) bool."""
    half = values.shape[1] // 2
    below = np.count_nonzero(values < limit, 1)
    found = below > half
    (close,) = np.nonzero(below == half)  # the two in the middle lie on both sides
    if len(close):
        middle = np.partition(values[close], (half - 1, half), 1)
        found[close] = (middle[:, half - 1] + middle[:, half]) / 2 < limit
    return found


def _envelope(rows: np.ndarray) -> np.ndarray:
    """Level of each band (M, 64 / BAND) of log-mels (M, 64)."""
    return np.log(np.exp(rows).reshape(len(rows), MEL_BINS // BAND, BAND).mean(2))
