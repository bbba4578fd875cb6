"""A judge of emotion that takes no part in training: a small network that looks at facial motion alone.

It learns from draws of the expression rules over made-up speech, with a seed and a form of its own, and shares
neither weights, features nor recordings with the system. It is independent of the system's training, not of our idea
of what an emotion looks like: it was taught by the same rules. ``python -m emoface.evaluation.judge`` makes
its weights again, in seconds.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from torch import nn

from emoface.binding.emotions import EMOTIONS
from emoface.face.layout import FPS, motion_to_arkit
from emoface.files import atomic_path
from emoface.reading import Arrays

from ..training.corpus.phones import VISEMES
from ..training.corpus.visemes import rule_lips
from ..training.expression_course import smooth_hann
from ..training.expressions import express

FILE = Path(__file__).with_name("judge.npz")
SEED = 20_407
HIDDEN = 24
LEVEL_RANGE = (0.7, 3.0)
SECONDS_RANGE = (1.5, 5.0)
TAKES_PER_EMOTION, ADAM_STEPS = 320, 400


def functionals(motion: np.ndarray) -> np.ndarray:
    """What the judge sees of a motion: mean, 15 % and 85 % quantile and deviation of each ARKit weight, (208,).

    Args:
        motion: (T, 53) at 25 fps.

    Raises:
        ValueError: another shape, or no frames.
    """
    if motion.ndim != 2 or not len(motion):
        raise ValueError(f"motion must have shape (T, 53) with T at least 1, got {motion.shape}")
    weights = motion_to_arkit(np.asarray(motion, np.float64))
    return np.concatenate([weights.mean(0), *np.quantile(weights, (0.15, 0.85), axis=0), weights.std(0)])


@dataclass(frozen=True, eq=False)
class Judge:
    """Standardised functionals, one hidden layer, eight classes.

    Attributes:
        mean, scale: (208,) of the functionals. inner: (208, H). inner_bias: (H,). outer: (H, 8). outer_bias: (8,).
        centre: (H,) mean features over the judge's training takes, so that similarity is not that of an offset.
    """

    mean: np.ndarray
    scale: np.ndarray
    inner: np.ndarray
    inner_bias: np.ndarray
    outer: np.ndarray
    outer_bias: np.ndarray
    centre: np.ndarray

    def _hidden(self, motion: np.ndarray) -> np.ndarray:
        return np.tanh((functionals(motion) - self.mean) * self.scale @ self.inner + self.inner_bias)

    def features(self, motion: np.ndarray) -> np.ndarray:
        """Features (H,) of a motion (T, 53), less their mean over the training takes."""
        return self._hidden(motion) - self.centre

    def name(self, motion: np.ndarray) -> str:
        """The emotion that a motion (T, 53) shows, one of ``EMOTIONS``."""
        return EMOTIONS[int((self._hidden(motion) @ self.outer + self.outer_bias).argmax())]


def load_judge(path: Path = FILE) -> Judge:
    """The judge in the package, or another one.

    Raises:
        FileNotFoundError: no such file. ValueError: not a judge, or larger than the budget.
    """
    with Arrays(path) as file:
        wanted = {field.name for field in fields(Judge)}
        if set(file) != wanted:
            raise ValueError(f"{path} must hold {sorted(wanted)}, it holds {sorted(file)}"[:500])
        return Judge(**{name: _numbers(path, name, file[name]) for name in wanted})


def _numbers(path: Path, name: str, values: np.ndarray) -> np.ndarray:
    if values.dtype.kind not in "iuf":
        raise ValueError(f"{path}: {name} must be numbers, got {values.dtype}")
    return values.astype(np.float64)


def pretend(emotion: str, rng: np.random.Generator) -> np.ndarray:
    """Motion (T, 53) of an emotion over made-up speech: random visemes, random loudness, a random level."""
    seconds = rng.uniform(*SECONDS_RANGE)
    frames = round(seconds * FPS)
    rows, start = [], 0.0
    while start < seconds:
        end = start + rng.uniform(0.06, 0.16)
        rows.append((rng.integers(len(VISEMES)), start, end))
        start = end
    loudness = np.clip(0.6 + smooth_hann(rng.normal(size=frames), 7), 0, 1.2)
    lips, closure = rule_lips(np.array(rows), frames, rng, loudness)
    return express(frames, emotion, float(rng.uniform(*LEVEL_RANGE)), rng, loudness, lips, closure)


def train_judge(seed: int = SEED, takes: int = TAKES_PER_EMOTION, steps: int = ADAM_STEPS) -> Judge:
    """Teach a judge.

    Args:
        seed: of takes and weights. takes: of each emotion. steps: of Adam on all takes at once.

    Returns:
        The judge.
    """
    rng = np.random.default_rng(seed)
    seen = np.stack([functionals(pretend(emotion, rng)) for emotion in EMOTIONS for _ in range(takes)])
    classes = torch.arange(len(EMOTIONS)).repeat_interleave(takes)
    mean, scale = seen.mean(0), 1 / (seen.std(0) + 0.02)  # a shape that hardly moves stays small
    inputs = torch.from_numpy((seen - mean) * scale).float()
    generator = torch.Generator().manual_seed(seed)
    inner, outer = nn.Linear(seen.shape[1], HIDDEN), nn.Linear(HIDDEN, len(EMOTIONS))
    with torch.no_grad():
        for layer in (inner, outer):
            layer.weight.copy_(torch.randn(layer.weight.shape, generator=generator) / layer.in_features**0.5)
            layer.bias.zero_()
    optimizer = torch.optim.AdamW([*inner.parameters(), *outer.parameters()], lr=0.01, weight_decay=0.02)
    for _ in range(steps):
        noisy = inputs + 0.3 * torch.randn(inputs.shape, generator=generator)
        loss = nn.functional.cross_entropy(outer(torch.tanh(inner(noisy))), classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.inference_mode():
        centre = torch.tanh(inner(inputs)).mean(0)
    found = (inner.weight.T, inner.bias, outer.weight.T, outer.bias, centre)
    return Judge(mean, scale, *(tensor.detach().double().numpy() for tensor in found))


def main() -> None:
    """``python -m emoface.evaluation.judge [--out FILE]``."""
    parser = argparse.ArgumentParser(description="make the weights of the judge of emotion")
    parser.add_argument("--out", type=Path, default=FILE, metavar="FILE")
    asked = parser.parse_args()
    judge = train_judge()
    arrays = {field.name: getattr(judge, field.name).astype(np.float32) for field in fields(Judge)}
    with atomic_path(asked.out) as path, open(path, "wb") as file:
        np.savez_compressed(file, **arrays)
    rng = np.random.default_rng(SEED + 1)
    right = [judge.name(pretend(emotion, rng)) == emotion for emotion in EMOTIONS for _ in range(40)]
    print(f"{asked.out}: {np.mean(right):.3f} of {len(right)} other takes of the rules named right")


if __name__ == "__main__":
    main()
