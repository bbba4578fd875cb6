"""NVIDIA Audio2Face-3D sample voices (Apache-2.0): real acted voices without phones or motion."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..clips import Clip
from ..skipped import Skipped
from .signals import mel_of, read_wave

EMOTION_WORDS = {"anger": "angry", "joy": "happy", "neutral": "neutral", "sadness": "sad"}


def read_a2f(folder: Path, dataset: str, skipped: Skipped) -> Iterator[Clip]:
    """Clips of a folder of wavs named ``Speaker_emotion[...].wav``; excerpts of the same recording are left
    out.
    """

    def clip(path: Path) -> Clip:
        parts = path.stem.split("_")
        language = "zh" if "mandarin" in parts else "en"
        mel = mel_of(read_wave(path))
        return Clip(f"{dataset}/{path.stem}", "voice", parts[0], language, EMOTION_WORDS.get(parts[1]), mel)

    paths = [p for p in sorted(folder.glob("*.wav")) if "_" in p.stem and not p.stem.endswith("_sec")]
    yield from skipped.readable(paths, clip)
