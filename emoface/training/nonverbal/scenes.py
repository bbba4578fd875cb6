"""Scenes of ten seconds in which somebody speaks, laughs, breathes, coughs or hums, with what is heard when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from emoface.audio.features import MEL_BINS, MEL_PER_FRAME, MEL_RATE, POWER_FLOOR, SAMPLE_RATE, log_mel, loudness
from emoface.audio.nonverbal import SOUNDS
from emoface.audio.normalize import MelNormalizer
from emoface.face.layout import FPS
from emoface.training.corpus.augment import augment_mel
from emoface.training.corpus.clips import Clip
from emoface.training.corpus.sounds import random_music, shaped_noise

from .voice import MAKERS, MadeSound

SECONDS = 10
FRAMES = SECONDS * FPS
USUAL, SPREAD = 2.9, 0.4
"""Level of a voice, log10 of mel power, and its deviation."""
LEVELS = {
    "laugh": (-10.0, 5.0), "breath": (-34.0, -12.0), "sigh": (-26.0, -4.0), "cough": (-8.0, 8.0), "hum": (-16.0, 1.0),
    "": (-8.0, 3.0),
}  # fmt: skip
"""Decibels of each sound beside speech."""
COLLAR = 1
"""Frames on both sides of a change that are not judged."""
UNSURE, UNSURE_WEIGHT = {"laugh": 8, "hum": 5, "sigh": 4}, 0.2
"""Frames from its beginning over which a sound cannot yet be told from speech, and what they weigh."""
RISE, OWN_BANDS = 0.7, 4
"""A band is a sound's own where what was added raises it by less, in natural-log units (3 dB: as loud as the sound); a
sound with fewer bands of its own is drowned, and not judged."""
PEAK, FLOOR = 3.5, 1.0
"""Frames of real speech at least so far below its peak and above its floor, in natural-log units, may be breaths of
the speaker, of which nothing is known."""


@dataclass(frozen=True)
class Heard:
    """Scenes to learn from.

    Attributes:
        mel: (N, 2 T, 64) float16 normalised log-mels. classes: (N, T) int64: 0 for none, then as ``SOUNDS``.
        weights: (N, T) float32, 0 where nothing is known.
    """

    mel: Tensor
    classes: Tensor
    weights: Tensor

    def __len__(self) -> int:
        return len(self.mel)


@dataclass(frozen=True)
class _Part:
    """A piece of a scene: power (M, 64), classes and weights (M / 2,)."""

    power: np.ndarray
    classes: np.ndarray
    weights: np.ndarray


def _power(mel: np.ndarray) -> np.ndarray:
    return np.maximum(np.exp(np.asarray(mel, np.float32)) - POWER_FLOOR, 0)


def _level(power: np.ndarray) -> float:
    """The level that a sound reaches in its loudest frames."""
    mel = torch.from_numpy(np.log(power + POWER_FLOOR))
    return float(torch.quantile(loudness(mel), 0.9))


def _scaled(power: np.ndarray, level: float) -> np.ndarray:
    return power * 10 ** (level - _level(power))


def judged(spans: Sequence[tuple[str, float, float]], frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Classes and weights (T,) of spans in seconds; the edges of a span weigh nothing."""
    classes, weights = np.zeros(frames, np.int64), np.ones(frames, np.float32)
    for sound, start, end in spans:
        first, last = round(start * FPS), min(round(end * FPS), frames)
        if not sound:
            weights[first:last] = 0
            continue
        classes[first:last] = 1 + SOUNDS.index(sound)
        if sound in UNSURE:
            unsure = slice(first, min(first + UNSURE[sound], last))
            weights[unsure] = np.minimum(weights[unsure], UNSURE_WEIGHT)
        for edge in (first, last):
            weights[max(edge - COLLAR, 0) : edge + COLLAR] = 0
    return classes, weights


def _of_samples(made: MadeSound, level: float) -> _Part:
    frames = -(-len(made.samples) * FPS // SAMPLE_RATE)
    mel = log_mel(torch.from_numpy(made.samples), frames).numpy()
    return _Part(_scaled(_power(mel), level), *judged(made.spans, frames))


def _speech(clip: Clip, level: float, rng: np.random.Generator) -> _Part:
    """Some seconds of speech, in which pauses of real voices are not judged where there may be breath."""
    frames = min(clip.frames, int(rng.uniform(1.0, 6.0) * FPS))
    first = int(rng.integers(0, clip.frames - frames + 1))
    whole = _power(clip.mel)
    part = slice(MEL_PER_FRAME * first, MEL_PER_FRAME * (first + frames))
    weights = np.ones(frames, np.float32)
    if clip.source != "tts":
        loud = np.asarray(clip.mel, np.float32).mean(1)
        quiet = (loud < np.quantile(loud, 0.98) - PEAK) & (loud > np.quantile(loud, 0.05) + FLOOR)
        weights[quiet[part].reshape(-1, MEL_PER_FRAME).all(1)] = 0
    gain = 10 ** (level - _level(whole))
    return _Part(whole[part] * gain, np.zeros(frames, np.int64), weights)


def drowned(rises: Sequence[np.ndarray]) -> np.ndarray:
    """Where nobody could hear a sound any more, (T,) bool.

    Args:
        rises: (2 T, 64) each, natural-log units by which something that was added raises log-mels.
    """
    own = np.all([rise < RISE for rise in rises], 0)  # (2 T, 64)
    return own.reshape(-1, MEL_PER_FRAME, MEL_BINS).any(1).sum(1) < OWN_BANDS


class SceneMaker:
    """Makes scenes; each depends on the seed and its number alone."""

    def __init__(self, clips: Sequence[Clip], seed: int, sounds: int, shares: dict[str, float]) -> None:
        """Set up.

        Args:
            clips: of speech. seed: of everything. sounds: made of each kind.
            shares: of each of ``MAKERS``, ``"speech"``, ``"noise"`` and ``"music"`` among the parts of scenes.
        """
        self.seed = seed
        by_set: dict[str, list[Clip]] = {}
        for clip in clips:
            if clip.frames >= FPS:
                by_set.setdefault(clip.dataset, []).append(clip)
        self.sets = [by_set[name] for name in sorted(by_set)]
        rngs = [np.random.default_rng((seed, 1, number)) for number in range(sounds)]
        self.made = {kind: [make(rng) for rng in rngs] for kind, make in MAKERS.items()}
        self.pieces = {
            "noise": [MadeSound(shaped_noise(4 * SAMPLE_RATE, rng), []) for rng in rngs[:40]],
            "music": [MadeSound(random_music(8, rng), []) for rng in rngs[:40]],
        }
        self.kinds, share = list(shares), np.array(list(shares.values()))
        self.shares = share / share.sum()

    def scenes(self, numbers: range) -> Heard:
        """The scenes of these numbers."""
        mels, classes, weights = zip(*(self._scene(number) for number in numbers))
        return Heard(torch.stack(mels), torch.from_numpy(np.stack(classes)), torch.from_numpy(np.stack(weights)))

    def _scene(self, number: int) -> tuple[Tensor, np.ndarray, np.ndarray]:
        rng = np.random.default_rng((self.seed, 2, number))
        level = USUAL + SPREAD * rng.standard_normal()
        power = np.zeros((MEL_PER_FRAME * FRAMES, MEL_BINS), np.float32)
        classes, weights = np.zeros(FRAMES, np.int64), np.ones(FRAMES, np.float32)
        at = int(rng.integers(0, FPS))
        while at < FRAMES:
            part = self._part(level, rng)
            room = min(len(part.classes), FRAMES - at)
            span = slice(at, at + room)
            power[MEL_PER_FRAME * at : MEL_PER_FRAME * (at + room)] += part.power[: MEL_PER_FRAME * room]
            classes[span], weights[span] = part.classes[:room], np.minimum(weights[span], part.weights[:room])
            at += room + int(rng.choice([0, int(rng.integers(0, 8)), int(rng.integers(5, 40))]))
        alone = np.log(power + POWER_FLOOR)
        if rng.random() < 0.35:
            power += self._under(level, rng)
        mel = np.log(power + POWER_FLOOR)
        echoed = augment_mel(mel, rng, ("eq", "reverb"))
        noisy = augment_mel(echoed, rng, ("noise", "codec"))
        weights[drowned((mel - alone, noisy - echoed)) & (classes > 0)] = 0
        return _normalised(torch.from_numpy(noisy), rng).half(), classes, weights

    def _part(self, level: float, rng: np.random.Generator) -> _Part:
        kind = self.kinds[rng.choice(len(self.kinds), p=self.shares)]
        if kind == "speech":
            clips = self.sets[rng.integers(len(self.sets))]
            return _speech(clips[rng.integers(len(clips))], level, rng)
        if kind in self.pieces:
            made = self.pieces[kind][rng.integers(len(self.pieces[kind]))]
            return _of_samples(made, level + rng.uniform(-3.0, 0.3))
        made = self.made[kind][rng.integers(len(self.made[kind]))]
        return _of_samples(made, level + rng.uniform(*LEVELS[kind]) / 10)

    def _under(self, level: float, rng: np.random.Generator) -> np.ndarray:
        """Power (2 T, 64) of noise or music under a whole scene."""
        pieces = self.pieces[rng.choice(["noise", "music"])]
        samples = np.resize(pieces[rng.integers(len(pieces))].samples, SECONDS * SAMPLE_RATE)
        power = _power(log_mel(torch.from_numpy(samples), FRAMES).numpy())
        return _scaled(power, level - rng.uniform(0.8, 4.0))


def _normalised(mel: Tensor, rng: np.random.Generator) -> Tensor:
    """A scene normalised as it is in an animation: window by window, by what was heard up to each one's end."""
    normalizer, parts, at = MelNormalizer(), [], 0
    hop = MEL_PER_FRAME * int(rng.choice([4, 20, 80]))
    if rng.random() < 0.5:
        normalizer.update(mel[: MEL_RATE * int(rng.integers(1, SECONDS))])  # something of the kind came before
    while at < len(mel):
        normalizer.update(mel[at : at + hop])
        parts.append(normalizer.apply(mel[at : at + hop]))
        at += hop
    return torch.cat(parts)
