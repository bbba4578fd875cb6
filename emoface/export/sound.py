"""A recording as the bytes of a sound file, for formats that carry it inside."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from emoface.audio.load import Recording

COMMON_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Hz that every player and encoder knows; other recordings are brought to the last."""
KINDS = {"flac": ("FLAC", "PCM_16"), "wav": ("WAV", "PCM_16"), "mp3": ("MP3", "MPEG_LAYER_III")}
MIME = {"flac": "audio/flac", "wav": "audio/wav", "mp3": "audio/mpeg"}


def check_kind(kind: str, argument: str) -> None:
    """Raise ValueError, naming the argument, unless ``kind`` is one that :func:`sound_bytes` writes."""
    if kind not in KINDS:
        raise ValueError(f"{argument} must be one of {', '.join(KINDS)}, got {kind!r}")


def _blocks(audio: Recording, rate: int) -> Iterator[np.ndarray]:
    if audio.sample_rate == rate:
        yield from audio.source()
        return
    import soxr

    stream = soxr.ResampleStream(audio.sample_rate, rate, 1, dtype="float32")
    for block in audio.source():
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def write_sound(audio: Recording, target: str | os.PathLike[str] | BinaryIO, kind: str = "flac") -> None:
    """Write the recording as a mono sound file at its own rate (48 kHz if that is not a usual one), block by block.

    Args:
        audio: the recording. target: path or open file.
        kind: "flac" or "wav", 16 bit, exact to the sample; "mp3", smaller.

    Raises:
        ValueError: unknown kind. RuntimeError: this libsndfile cannot write it (MP3 needs 1.1 or newer).
    """
    import soundfile

    check_kind(kind, "kind")
    container, subtype = KINDS[kind]
    if container not in soundfile.available_formats():
        raise RuntimeError(f"this libsndfile ({soundfile.__libsndfile_version__}) writes no {container}; use 'flac'")
    rate = int(audio.sample_rate) if audio.sample_rate in COMMON_RATES else COMMON_RATES[-1]
    with soundfile.SoundFile(target, "w", rate, 1, subtype, format=container) as file:
        for block in _blocks(audio, rate):
            file.write(block)


def sound_bytes(audio: Recording, kind: str = "flac") -> bytes:
    """The bytes of the file that :func:`write_sound` writes."""
    target = io.BytesIO()
    write_sound(audio, target, kind)
    return target.getvalue()
