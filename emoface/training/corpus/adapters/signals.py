"""What the adapters share: recordings to log-mels, motion curves to 25 fps."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import torch

from emoface import checks
from emoface.audio.features import SAMPLE_RATE, frame_count, log_mel
from emoface.face.layout import FPS

from ..phones import BILABIAL, SILENCE, Interval
from ..skipped import Unusable

BEAT_NAME = re.compile(r"\d+_([a-zA-Z]+)_\d+_\d+_\d+")
"""BEAT's file names: speaker number, speaker name, kind of recording, first and last sentence."""
BURST = 0.02
"""Seconds of a stop's release during which the lips are still together."""
TAPS = 6
"""Points averaged per frame when curves come down to 25 fps."""

RECORDINGS = (".wav", ".flac", ".ogg", ".opus")
"""Suffixes of recordings."""
SILENT = 1e-3
"""Peak, 60 dB below full scale, under which a recording counts as silent."""
SLACK = 0.5, 0.1
"""Seconds, and share of the longer one, by which motion and recording may differ in length."""


def find_recording(path: Path, root: Path) -> Path | None:
    """The recording of a file of motion: the same name beside it, or in a folder of recordings."""
    places = [path.parent, *(root / name for name in ("audio", "wav", "wavs", "wave16k"))]
    places += [place / path.parent.relative_to(root) for place in places[1:]]
    return next((found for place in places if (found := with_suffix(place / path.stem)) is not None), None)


def with_suffix(stem: Path) -> Path | None:
    """The recording of this path without its suffix, if there is one."""
    found = (stem.with_name(stem.name + suffix) for suffix in RECORDINGS)
    return next((candidate for candidate in found if candidate.exists()), None)


def speaker_of(path: Path) -> str:
    """The speaker by BEAT's file names, else the first folder of a relative path."""
    beat = BEAT_NAME.fullmatch(path.stem)
    return beat.group(1) if beat else path.parts[0]


def with_recording(path: Path, motion: np.ndarray, fps: float, recording: Path) -> tuple[np.ndarray, np.ndarray]:
    """Motion of a take at 25 fps, (T, 53) float16, and the log-mel (2 T, 64) of its recording.

    Args:
        path: of the take. motion: (N, 53). fps: of it. recording: begins with the motion.

    Raises:
        ValueError: the recording cannot be read, or the motion does not fit into float16.
        Unusable: they differ in length, are too short, or the recording is silent.
    """
    samples = read_wave(recording)
    heard, seen = len(samples) / SAMPLE_RATE, len(motion) / fps
    if abs(heard - seen) > max(SLACK[0], SLACK[1] * max(heard, seen)):
        raise Unusable("other length", f"{path} lasts {seen:.2f} s at {fps:g} fps and {recording.name} {heard:.2f} s")
    frames = min(frame_count(len(samples), SAMPLE_RATE, FPS), round(seen * FPS))
    if not frames:
        raise Unusable("too short", f"{path} and {recording.name} must last a frame, got {seen:.3f} and {heard:.3f} s")
    with np.errstate(over="ignore"):
        rows = to_motion_rate(motion, fps, frames).astype(np.float16)
    if not np.isfinite(rows).all():
        raise ValueError(f"{path} must hold motion within 65504, got {np.abs(motion).max():g}")
    return rows, mel_of(samples, frames)


def read_wave(path: Path) -> np.ndarray:
    """A recording as mono float32 samples at 16 kHz.

    Raises:
        ValueError: it cannot be read, is empty, or is not finite. Unusable: it is silent.
    """
    import soundfile
    import soxr

    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise ValueError(f"{path} is not a readable recording: {error}") from error
    mono = samples.mean(1)
    if not len(mono) or not np.isfinite(mono).all():
        raise ValueError(f"{path} must hold finite samples, got {'none' if not len(mono) else 'NaN or inf'}")
    if np.abs(mono).max() < SILENT:
        raise Unusable("silent", f"{path} is silent: no sample above {SILENT:g}")
    return mono if rate == SAMPLE_RATE else soxr.resample(mono, rate, SAMPLE_RATE)


def mel_of(samples: np.ndarray, frames: int | None = None) -> np.ndarray:
    """(2 T, 64) float16 log-mel of samples at 16 kHz; T from the recording, or as given."""
    if frames is None:
        frames = frame_count(len(samples), SAMPLE_RATE, FPS)
    return log_mel(torch.from_numpy(np.ascontiguousarray(samples)), frames).numpy().astype(np.float16)


def to_motion_rate(values: np.ndarray, fps: float, frames: int) -> np.ndarray:
    """Bring curves to 25 fps: linear interpolation, averaged over 1/25 - 1/fps s where that is positive.

    Args:
        values: (N, C) curves; row i is centred at (i + 0.5) / fps s.
        fps: their rate.
        frames: T; beyond their end the last row holds.

    Returns:
        (T, C) float32, row k centred at (k + 0.5) / 25 s.

    Raises:
        ValueError: no rows, or a rate that is not positive.
    """
    values = np.asarray(values, np.float32)
    if values.ndim != 2 or not len(values):
        raise ValueError(f"values must have shape (N, C) with N > 0, got {values.shape}")
    fps = checks.number("fps", fps, above=0)
    rows = np.arange(len(values))
    width = max(1 / FPS - 1 / fps, 0.0)
    taps = (np.arange(TAPS) + 0.5) / TAPS - 0.5 if width else np.zeros(1)
    times = (np.arange(frames) + 0.5)[:, None] / FPS + taps * width  # (T, taps) s
    at = times * fps - 0.5
    return np.stack([np.interp(at, rows, curve).mean(1) for curve in values.T], 1).astype(np.float32)


def release_bilabial(visemes: list[Interval], release: float, until: float) -> float | None:
    """Let the last viseme, if it is a bilabial, end shortly after its release, at most ``until``.

    Returns:
        Its new end, or None if the last viseme is none.
    """
    if not visemes or visemes[-1][0] != BILABIAL:
        return None
    viseme, start, _ = visemes[-1]
    end = min(release + BURST, until)
    visemes[-1] = (viseme, start, end)
    return end


def as_rows(visemes: list[Interval], duration: float) -> np.ndarray:
    """Intervals as (n, 3) float32 rows that reach from 0 to ``duration``, the ends filled with silence."""
    rows = [(v, max(s, 0.0), min(e, duration)) for v, s, e in visemes if min(e, duration) > max(s, 0.0)]
    if not rows:
        rows = [(SILENCE, 0.0, duration)]
    if rows[0][1] > 0:
        rows.insert(0, (SILENCE, 0.0, rows[0][1]))
    if rows[-1][2] < duration:
        rows.append((SILENCE, rows[-1][2], duration))
    return np.array(rows, np.float32)
