"""The recordings that a checkpoint is judged on, none of which it was trained on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from emoface.audio.features import SAMPLE_RATE
from emoface.demo import demo_path
from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES, FPS
from emoface.metrics.lip_closure import Phone
from emoface.pipeline import Pipeline

from ..training.corpus.adapters.emodb import lablaut_visemes, read_lablaut
from ..training.corpus.adapters.facegood import CURVES_FILE
from ..training.corpus.adapters.signals import as_rows, mel_of, read_wave, to_motion_rate
from ..training.corpus.clips import mel_loudness
from ..training.corpus.phones import arpabet_visemes
from ..training.corpus.synth import find_closures
from ..training.corpus.visemes import rule_lips
from ..training.expressions import express
from .tracks import Tracked

HELD_OUT_SPEAKERS = ("13", "14")
CAPTURED = "1114_2_05"
LENGTH_SLACK = 0.1  # seconds
MEASURED = "facegood"
"""The one speaker of the recordings with measured curves."""
EACH_SAYS = 3  # recordings of a person that are joined


def assets_folder(assets: str | Path | None) -> Path | None:
    """The folder of recordings, None if none was named.

    Raises:
        FileNotFoundError: a folder was named that is not there.
    """
    named = assets if assets is not None else os.environ.get("EMOFACE_ASSETS")
    if named is None:
        return None
    folder = Path(named)
    if not folder.is_dir():
        raise FileNotFoundError(f"assets {folder} is not a folder")
    return folder


@dataclass
class Spoken:
    """A recording with its phones.

    Attributes:
        name: of the recording. samples: (N,) float32 at 16 kHz. visemes: (n, 3) id, start, end.
        phones: label, start and end of each phone as the labels name it.
    """

    name: str
    samples: np.ndarray
    visemes: np.ndarray
    phones: list[Phone]

    @cached_property
    def loudness(self) -> np.ndarray:
        """Relative loudness (T,)."""
        return mel_loudness(mel_of(self.samples))

    def rule(self, emotion: str, level: float, seed: int) -> np.ndarray:
        """Target motion (T, 53) that the training rules draw for this recording."""
        rng = np.random.default_rng(seed)
        frames = len(self.loudness)
        lips, closure = rule_lips(self.visemes, frames, rng, self.loudness)
        return express(frames, emotion, level, rng, self.loudness, lips, closure)


def bundled() -> Spoken:
    """The clip in the package: one English sentence of a synthetic voice that no training data holds."""
    samples = read_wave(demo_path())
    text = json.loads(demo_path().with_name("demo.json").read_text(encoding="utf-8"))
    visemes = [viseme for phone, start, end in text["phones"] for viseme in arpabet_visemes(phone, start, end)]
    rows = as_rows(find_closures(visemes, samples, SAMPLE_RATE), len(samples) / SAMPLE_RATE)
    return Spoken("bundled clip", samples, rows, [(str(phone), start, end) for phone, start, end in text["phones"]])


def berlin(assets: Path) -> list[Spoken]:
    """The held-out speakers of the Berlin database that have hand-made phone labels."""
    found = []
    for path in sorted((assets / "emodb" / "wav").glob("*.wav")):
        labels = sorted((assets / "emodb" / "lablaut").glob(path.stem[:7] + "*.lablaut"))
        if path.stem[:2] not in HELD_OUT_SPEAKERS or not labels:
            continue
        samples = read_wave(path)
        duration = len(samples) / SAMPLE_RATE
        visemes = as_rows(lablaut_visemes(labels[0], duration), duration)
        found.append(Spoken(path.stem, samples, visemes, read_lablaut(labels[0], duration)))
    return found


def people(assets: Path, strangers: Iterable[Tracked]) -> dict[str, np.ndarray]:
    """A few recordings of each person that there are recordings of.

    Args:
        assets: folder of recordings. strangers: people whose faces were tracked.

    Returns:
        Speaker -> (N,) samples.
    """
    said: dict[str, list[Path]] = {}
    for path in sorted((assets / "emodb" / "wav").glob("*.wav")):
        said.setdefault(f"emodb {path.stem[:2]}", []).append(path)
    for folder in (MEASURED, "ljspeech32"):
        for path in sorted((assets / folder).glob("**/*.wav")):
            said.setdefault(folder, []).append(path)
    found = {who: [read_wave(path) for path in paths[:EACH_SAYS]] for who, paths in said.items()}
    for clip in strangers:
        if len(found.setdefault(clip.speaker, [])) < EACH_SAYS:
            found[clip.speaker].append(clip.samples)
    return {who: np.concatenate(samples) for who, samples in found.items()}


def repeated(samples: np.ndarray, seconds: float) -> np.ndarray:
    """A recording repeated to some length."""
    return np.resize(samples, round(seconds * SAMPLE_RATE))


@dataclass
class Captured:
    """A recording with measured curves.

    Attributes:
        samples: (N,) float32 at 16 kHz. weights: (T, 52) ARKit weights at 25 fps. shapes: columns that were measured.
    """

    samples: np.ndarray
    weights: np.ndarray
    shapes: list[int]


def captured(assets: Path, seconds: float | None = None, name: str = CAPTURED) -> Captured:
    """A FACEGOOD recording with measured curves, the held-out one unless another is named, or its beginning.

    Raises:
        ValueError: sound and curves differ in length by more than 0.1 s.
    """
    samples = read_wave(assets / "facegood" / f"{name}.wav")
    with np.load(assets / "facegood" / CURVES_FILE, allow_pickle=False) as data:
        shapes = [ARKIT_INDEX[str(name)] for name in data["channels"]]
        fps, curves = float(data["fps"]), data[name]
    heard, seen = len(samples) / SAMPLE_RATE, len(curves) / fps
    if abs(heard - seen) > LENGTH_SLACK:
        raise ValueError(f"{name} has {heard:.2f} s of sound and {seen:.2f} s of curves: not one recording")
    frames = round(min(heard, seen) * FPS)
    if seconds is not None:
        frames = min(frames, round(seconds * FPS))
    weights = np.zeros((frames, len(ARKIT_NAMES)), np.float32)
    weights[:, shapes] = to_motion_rate(curves, fps, frames)
    return Captured(samples[: round(frames / FPS * SAMPLE_RATE)], weights, shapes)


class Performer:
    """Animates recordings without blinks and gaze, which are not judged with the rest, and remembers the results."""

    def __init__(self, pipeline: Pipeline, **always: Any) -> None:
        """Set up; ``always`` are options of every call that does not give them itself."""
        self.pipeline, self.always = pipeline, always
        self.known: dict[Any, tuple[np.ndarray, np.ndarray]] = {}  # with the samples, so that their id stays theirs

    def motion(self, samples: np.ndarray, emotion: Any, **options: Any) -> np.ndarray:
        """Motion (T, 53) at 25 fps."""
        options = {**self.always, **options}
        key = (id(samples), repr(emotion), tuple(sorted(options.items())))
        if key not in self.known:
            animation = self.pipeline.animate(
                samples, sample_rate=SAMPLE_RATE, emotion=emotion, blink=False, gaze=False, **options
            )
            self.known[key] = samples, animation.motion
        return self.known[key][1]
