"""The voices that the speech encoder learns from, cut into chunks, and what the teacher hears in them."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from emoface.audio.features import MEL_RATE, SAMPLE_RATE
from emoface.audio.load import open_audio
from emoface.files import atomic_path
from emoface.training.corpus.skipped import FAULTS, Skipped
from emoface.training.corpus.synth import random_utterance
from emoface.training.run import progress, save_json

from .own_teacher import Teacher

CHUNK_SECONDS = 3
CHUNK = CHUNK_SECONDS * SAMPLE_RATE
CHUNK_FRAMES = CHUNK_SECONDS * MEL_RATE
SUFFIXES = (".wav", ".flac", ".ogg", ".opus")
_SHORTEST = SAMPLE_RATE // 2
_LARGEST = 32767
_TOGETHER = 16  # chunks that the teacher hears at once
_FASTER = 0.85, 1.2
_PEAKS = -20.0, -1.0  # decibels of full scale


@dataclass(frozen=True)
class Voices:
    """Recordings, each of whole chunks, and the teacher's features of every chunk.

    Attributes:
        samples: (N,) int16 at 16 kHz, the recordings one after the other.
        starts: (R + 1,) first chunk of each recording, and the number of chunks.
        names: (R,) ``set/file`` of each recording; changed copies share it.
        left_out: counts of recordings that could not be read, by kind of fault.
        features: (chunks, 150, D) float16.
        mean, deviation: (150, D) and (D,) float32: mean at each place of a chunk, standard deviation about it.
    """

    samples: np.ndarray
    starts: np.ndarray
    names: list[str]
    features: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    left_out: dict[str, int]

    @property
    def minutes(self) -> dict[str, float]:
        """Minutes of each set, changed copies and silence between recordings included."""
        chunks = np.diff(self.starts)
        sets = np.array([name.split("/")[0] for name in self.names])
        return {n: round(float(chunks[sets == n].sum()) * CHUNK_SECONDS / 60, 1) for n in sorted(set(sets.tolist()))}


def find_recordings(voices: Sequence[dict[str, Any]], assets: Path) -> list[tuple[str, Path]]:
    """Files of each set of voices, ``(name of the set, path)``, as often as ``repeats`` says.

    Raises:
        ValueError: a set is not described as it must be. FileNotFoundError: its folder does not exist, or has no
            recording that fits.
    """
    found = []
    for entry in voices:
        if not {"name", "folder"} <= entry.keys() <= {"name", "folder", "leave_out", "repeats"}:
            raise ValueError(f"voices need a name and a folder and may have leave_out and repeats, got {entry}")
        folder = assets / entry["folder"]
        left_out = entry.get("leave_out", [])
        paths = sorted(
            path
            for path in folder.rglob("*")
            if path.suffix in SUFFIXES and not any(fnmatch.fnmatch(path.name, pattern) for pattern in left_out)
        )
        if not paths:
            raise FileNotFoundError(f"folder of voices {entry['name']!r} has no recordings: {folder}")
        found += [(entry["name"], path) for path in paths * int(entry.get("repeats", 1))]
    return found


def change_voice(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same speech by another voice in another room: speed and pitch together, equaliser, band, level.

    Args:
        samples: (N,) float32. rng: source of the variation.

    Returns:
        (N',) float32, N' = N / speed with a speed of 0.85 to 1.2.
    """
    import soxr

    speed = rng.uniform(*_FASTER)
    changed = soxr.resample(samples, SAMPLE_RATE * speed, SAMPLE_RATE)
    spectrum = np.fft.rfft(changed)
    place = np.linspace(0, 1, len(spectrum))
    decibels = np.interp(place, np.linspace(0, 1, 6), rng.uniform(-8, 8, 6)) if rng.random() < 0.5 else 0 * place
    if rng.random() < 0.2:
        decibels = decibels - 60 * np.clip((place - rng.uniform(0.42, 0.8)) * 8, 0, 1)
    changed = np.fft.irfft(spectrum * 10 ** (decibels / 20), len(changed))
    return (changed / (np.abs(changed).max() + 1e-6) * 10 ** (rng.uniform(*_PEAKS) / 20)).astype(np.float32)


def in_chunks(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(chunks, CHUNK) int16: the recording in as many whole chunks as it nearly fills, at a place drawn at random.

    What is short of them is silence before and after, what is beyond them is cut off at both ends.
    """
    count = max(round(len(samples) / CHUNK), 1)
    missing = count * CHUNK - len(samples)
    before = int(rng.integers(0, abs(missing) + 1))
    if missing >= 0:
        placed = np.pad(samples, (before, missing - before))
    else:
        placed = samples[before : before + count * CHUNK]
    return np.round(placed * _LARGEST).clip(-_LARGEST, _LARGEST).astype(np.int16).reshape(count, CHUNK)


def prepare_voices(
    folder: Path, voices: Sequence[dict[str, Any]], synthetic_minutes: float, espeak_share: float, seed: int,
    teacher: Teacher, assets: Path,
) -> None:  # fmt: skip
    """Read, change, cut and teach: writes ``samples.raw``, ``features.raw``, ``statistics.npz`` and ``voices.json``.

    Args:
        folder: to write to; ``voices.json`` is written last, so that what has it is whole.
        voices: sets of recordings, see :func:`find_recordings`. synthetic_minutes, espeak_share: of speech to make.
        seed: of the changes. teacher: gives the features. assets: folder of relative folders.

    Raises:
        ValueError: there are no voices. Recordings that cannot be read are named in warnings, left out and counted.
    """
    skipped = Skipped()
    starts, names = [0], []
    with atomic_path(folder / "samples.raw") as temporary, open(temporary, "wb") as file:
        for name, chunks in _recordings(voices, synthetic_minutes, espeak_share, seed, assets, skipped):
            file.write(chunks.tobytes())
            starts.append(starts[-1] + len(chunks))
            names.append(name)
    if not names:
        raise ValueError("there are no voices to learn from: give voices or synthetic_minutes")
    samples = _raw(folder / "samples.raw", np.int16, (starts[-1], CHUNK))
    shape = (starts[-1], CHUNK_FRAMES, teacher.width)
    total, squares = np.zeros(shape[1:]), np.zeros(shape[1:])
    with atomic_path(folder / "features.raw") as temporary, open(temporary, "wb") as file:
        for first in progress(range(0, shape[0], _TOGETHER), "teacher", -(-shape[0] // _TOGETHER)):
            audio = torch.from_numpy(samples[first : first + _TOGETHER].astype(np.float32) / _LARGEST)
            features = teacher(audio).numpy()  # (B, 150, D)
            total += features.sum(0, dtype=np.float64)
            squares += np.square(features, dtype=np.float64).sum(0)
            file.write(features.astype(np.float16).tobytes())
    mean = total / shape[0]
    deviation = np.sqrt((squares / shape[0] - mean**2).clip(min=0).mean(0)) + 1e-3
    with atomic_path(folder / "statistics.npz") as temporary:
        np.savez(temporary, mean=mean.astype(np.float32), deviation=deviation.astype(np.float32))
    save_json(folder / "voices.json", {"starts": starts, "names": names, "left_out": dict(skipped.counts)})


def load_voices(folder: Path) -> Voices:
    """What :func:`prepare_voices` wrote; the large arrays stay on disk."""
    listed = json.loads((folder / "voices.json").read_text("utf-8"))
    with np.load(folder / "statistics.npz") as statistics:
        mean, deviation = statistics["mean"], statistics["deviation"]
    chunks = listed["starts"][-1]
    return Voices(
        _raw(folder / "samples.raw", np.int16, (chunks * CHUNK,)), np.array(listed["starts"]), listed["names"],
        _raw(folder / "features.raw", np.float16, (chunks, *mean.shape)), mean, deviation,
        listed["left_out"],
    )  # fmt: skip


def _raw(path: Path, dtype: Any, shape: tuple[int, ...]) -> np.ndarray:
    return np.memmap(path, dtype, "r", shape=shape)


def _recordings(
    voices: Sequence[dict[str, Any]], synthetic_minutes: float, espeak_share: float, seed: int, assets: Path,
    skipped: Skipped,
) -> Iterator[tuple[str, np.ndarray]]:  # fmt: skip
    """Name and chunks of every recording."""
    found = find_recordings(voices, assets)
    for number in progress(range(len(found)), "voices", len(found)):
        name, path = found[number]
        rng = np.random.default_rng((seed, number))
        try:
            samples = open_audio(path).waveform().numpy()
        except FAULTS as error:
            skipped.add(path, error)
            continue
        if len(samples) >= _SHORTEST and samples.any():
            yield f"{name}/{path.name}", in_chunks(change_voice(samples, rng), rng)
    made, number = 0, len(found)
    while made < synthetic_minutes * 60 * SAMPLE_RATE:
        rng = np.random.default_rng((seed, number))
        spoken = random_utterance(rng, espeak_share)[0]
        chunks = in_chunks(change_voice(spoken.samples, rng), rng)
        yield f"synthetic/{number}", chunks
        made, number = made + chunks.size, number + 1
