"""Floors: what a method that anyone would try first reaches on the same split, fitted in the same run.

A ridge regression on log-mels, loudness alone, and the mean pose. All are linear, so the sums that they are fitted from
are gathered once for each recording: leaving one out is a subtraction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import torch

from emoface.audio.features import MEL_PER_FRAME, log_mel
from emoface.audio.normalize import normalize_clip

REACH = 8  # frames of log-mels before and after
PENALTY = 1000.0  # of the ridge, on features of unit variance
RIDGE = f"ridge regression on normalised log-mels, +-{REACH} frames, penalty {PENALTY:g} on features of unit variance"
LOUDNESS = "linear regression on the mean log-mel of a frame"

Method = Callable[[np.ndarray, int], np.ndarray]
"""Samples (N,) at 16 kHz and frames T -> curves (T, C) at 25 fps, about their mean."""


def mel_features(samples: np.ndarray, frames: int) -> np.ndarray:
    """Normalised log-mels of each frame and of the eight frames on either side, (T, 17 x 64) float32."""
    mel = normalize_clip(log_mel(torch.from_numpy(np.ascontiguousarray(samples)), frames)).numpy()  # (2 T, 64)
    mel = mel.reshape(frames, MEL_PER_FRAME, -1).mean(1)  # (T, 64)
    padded = np.pad(mel, ((REACH, REACH), (0, 0)), "edge")
    return np.concatenate([padded[k : k + frames] for k in range(2 * REACH + 1)], 1)


def loudness_feature(samples: np.ndarray, frames: int) -> np.ndarray:
    """Mean log-mel of each frame, (T, 1): loudness in dB but for a factor."""
    mel = log_mel(torch.from_numpy(np.ascontiguousarray(samples)), frames).numpy()
    return mel.reshape(frames, -1).mean(1, keepdims=True)


@dataclass(eq=False)
class Moments:
    """Sums over frames from which a linear regression is solved; they add and subtract.

    Attributes:
        count: frames. x: (F,) and y: (C,) sums of features and of targets. xx: (F, F) and xy: (F, C) of products.
    """

    count: float
    x: np.ndarray
    y: np.ndarray
    xx: np.ndarray
    xy: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray, targets: np.ndarray) -> Moments:
        """Sums of a recording's frames (T, F) and (T, C); frames with a target that is not known take no part.

        The recording's own means are taken off both, so that only the movement within it is learnt.
        """
        known = np.isfinite(targets).all(1)
        if not known.any():
            wide, high = features.shape[1], targets.shape[1]
            return cls(0.0, np.zeros(wide), np.zeros(high), np.zeros((wide, wide)), np.zeros((wide, high)))
        x, y = features[known].astype(np.float32), targets[known].astype(np.float64)
        y = (y - y.mean(0)).astype(np.float32)
        gram, cross = (x.T @ x).astype(np.float64), (x.T @ y).astype(np.float64)
        return cls(float(len(x)), x.sum(0, dtype=np.float64), y.sum(0, dtype=np.float64), gram, cross)

    def __add__(self, other: Moments) -> Moments:
        return Moments(*(getattr(self, name) + getattr(other, name) for name in ("count", "x", "y", "xx", "xy")))

    def __sub__(self, other: Moments) -> Moments:
        return Moments(*(getattr(self, name) - getattr(other, name) for name in ("count", "x", "y", "xx", "xy")))


@dataclass(frozen=True, eq=False)
class Linear:
    """A linear regression: ``y = (x - mean) W``, about the mean of the targets.

    Attributes:
        mean: (F,) of the features. weights: (F, C).
    """

    mean: np.ndarray
    weights: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Targets (T, C) of features (T, F), less their mean."""
        return (features.astype(np.float64) - self.mean) @ self.weights

    @classmethod
    def fit(cls, parts: Iterable[Moments], penalty: float = PENALTY) -> Linear:
        """``argmin_W sum |y - y_mean - (x - x_mean) W|^2 + penalty |s W|^2``, s the deviations of the features.

        Raises:
            ValueError: no frames to learn from.
        """
        parts = list(parts)
        if not parts or not sum(part.count for part in parts):
            raise ValueError("a floor needs frames to learn from, got none")
        total = reduce(Moments.__add__, parts)
        mean = total.x / total.count
        xx = total.xx - total.count * np.outer(mean, mean)
        xy = total.xy - np.outer(mean, total.y)
        scale = np.sqrt(np.maximum(np.diag(xx) / total.count, 1e-12))
        xx = xx / np.outer(scale, scale) + max(penalty, 1e-6) * np.eye(len(scale))
        return cls(mean, np.linalg.solve(xx, xy / scale[:, None]) / scale[:, None])


def fit_floors(recordings: Sequence[tuple[np.ndarray, np.ndarray]]) -> dict[str, Method]:
    """The ridge regression and loudness alone, learnt from recordings.

    Args:
        recordings: samples (N,) at 16 kHz and the measured curves (T, C) at 25 fps of each, NaN in gaps.

    Returns:
        Name -> the method.

    Raises:
        ValueError: no frames to learn from.
    """
    found: dict[str, Method] = {}
    for name, (features, penalty) in FEATURES.items():
        linear = Linear.fit([Moments.of(features(x, len(y)), y) for x, y in recordings], penalty)
        found[name] = _method(features, linear)
    return found


def _method(features: Method, linear: Linear) -> Method:
    return lambda samples, frames: linear(features(samples, frames))


FEATURES: dict[str, tuple[Method, float]] = {"ridge": (mel_features, PENALTY), "loudness": (loudness_feature, 0.0)}
"""Floor -> its features, and the penalty of its regression."""
