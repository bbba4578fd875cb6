"""Singing: a mouth open as long as the note, in the vowel's shape, at rest in rests, and closed while humming.

The phrases are made by the formant synthesiser of :mod:`.sung`, and by festival's singing mode where that is there.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from emoface.audio.features import SAMPLE_RATE
from emoface.face.layout import FPS, JAW_OPEN_RADIANS, MOTION_INDEX, MOUTH
from emoface.face.lips import opening

from ..training.corpus.adapters.signals import read_wave
from .material import Performer
from .report import Row, not_measured, told
from .sung import BREATH, HUM, VIBRATO_HZ, Note, sing

HELD, SHAPE, APART, SHAKEN, SHUT_MM, BREATH_MM = (0.75, 1.6), 0.95, 1.5, 0.05, 0.3, 1.0
"""Bars: late over early opening, likeness of late and early shape, rounding, jaw in vibrato, closed lips, a breath."""
SETTLED = 0.4
"""Seconds after which a note's mouth is looked at."""
RELEASE = 0.1
"""Seconds before a note's end in which the mouth may leave it."""
VOWELS, ROUND = ("a", "e", "i", "o", "u"), ("o", "u")
SONG = (("la", "G3"), ("row", "A3"), ("me", "C4"), ("fah", "A3"), ("boo", "G3"))
"""Syllables and notes that festival sings, two beats each, with a beat of rest between."""


def phrase(seconds: float = 1.6, rest: float = 0.7, sung: Sequence[str] = (*VOWELS, "ma", HUM)) -> list[Note]:
    """Notes of every vowel, a syllable and a hum, with rests about them."""
    notes = [Note("", 57, rest)]
    for number, one in enumerate(sung):
        notes += [Note(one, (57, 60, 62, 55)[number % 4], seconds), Note("", 57, rest)]
    return notes


def singing_rows(performer: Performer, quick: bool) -> list[Row]:
    """Figures of sung phrases at each latency."""
    notes = phrase(1.8 if quick else 2.4)
    samples = sing(notes)
    rows: list[Row] = []
    for latency in ("file",) if quick else ("file", "live"):
        motion = performer.motion(samples, "neutral", latency=latency)
        rows += _phrase_rows(latency, notes, motion)
    rows = told(rows, "1", "see the name", "lips by the opening of shapes", f"{len(notes) // 2} made notes, seed 0")
    return rows + _festival_rows(performer)


def _phrase_rows(latency: str, notes: Sequence[Note], motion: np.ndarray) -> list[Row]:
    """Rows of one performance (T, 56)."""
    gaps = opening(torch.from_numpy(np.asarray(motion, np.float32))).numpy()  # (T,) mm
    jaw = motion[:, MOTION_INDEX["jaw_pose_x"]] / JAW_OPEN_RADIANS
    rounding = motion[:, [MOTION_INDEX["mouthPucker"], MOTION_INDEX["mouthFunnel"]]].sum(1)
    spans = _spans(notes)
    sung = [(note, span) for note, span in zip(notes, spans) if note.vowel in VOWELS]
    held = {note.sung: _held(gaps[span]) for note, span in sung}
    shape = {note.sung: _alike(motion[span][:, list(MOUTH)]) for note, span in sung}
    rounded = {note.sung: float(rounding[_settled(span)].mean()) for note, span in sung}
    shaken = {note.sung: _shaken(jaw[_settled(span)]) for note, span in sung}
    least, most = min(held, key=held.__getitem__), max(held, key=held.__getitem__)
    worst, wildest = min(shape, key=shape.__getitem__), max(shaken, key=shaken.__getitem__)
    flat = float(np.mean([rounded[one] for one in VOWELS if one not in ROUND]))
    hummed = [gaps[_settled(span)] for note, span in zip(notes, spans) if note.sung == HUM]
    resting = [span for note, span in zip(notes, spans) if not note.sung]
    middle = [gaps[span][len(gaps[span]) * 3 // 10 : -round(BREATH * FPS) - 1] for span in resting]
    drawn = [gaps[span.stop - round(BREATH * FPS) : span.stop].max() for span in resting[:-2]]
    openings = ", ".join(f"{note.sung} {gaps[_settled(span)].mean():.1f} mm" for note, span in sung)
    where = f"sung, {latency}"
    return [
        Row(f"{where}: opening late over early in a note, least", held[least], *HELD, note=f"{least}; {openings}"),
        Row(f"{where}: opening late over early in a note, most", held[most], *HELD, note=most),
        Row(f"{where}: likeness of late and early shape of the mouth, least", shape[worst], SHAPE, note=worst),
        Row(f"{where}: rounding of o and u over that of a, e, i", min(rounded[one] for one in ROUND) / flat, APART),
        Row(f"{where}: jaw in vibrato over its opening, most", shaken[wildest], high=SHAKEN, note=wildest),
        Row(f"{where}: opening while humming, 95 %", float(np.quantile(np.concatenate(hummed), 0.95)), high=SHUT_MM,
            unit="mm"),
        Row(f"{where}: opening in rests, 95 %", float(np.quantile(np.concatenate(middle), 0.95)), high=SHUT_MM,
            unit="mm"),
        Row(f"{where}: opening for a breath before a note, mean", float(np.mean(drawn)), low=BREATH_MM, unit="mm"),
    ]  # fmt: skip


def _spans(notes: Sequence[Note]) -> list[slice]:
    """The frames of each note."""
    ends = np.cumsum([note.seconds for note in notes])
    return [slice(round((end - note.seconds) * FPS), round(end * FPS)) for note, end in zip(notes, ends)]


def _sounding(samples: np.ndarray) -> list[slice]:
    """The frames of each stretch of sound, within 30 dB of the loudest frame."""
    frames = len(samples) * FPS // SAMPLE_RATE
    level = np.square(samples[: frames * SAMPLE_RATE // FPS].reshape(frames, -1), dtype=np.float64).mean(1)
    loud = np.concatenate([[0], (level > 1e-3 * level.max()).astype(int), [0]])
    return [slice(int(begin), int(end)) for begin, end in np.flatnonzero(np.diff(loud)).reshape(-1, 2)]


def _settled(span: slice) -> slice:
    """The frames of a note in which its mouth should stand."""
    return slice(span.start + round(SETTLED * FPS), span.stop - round(RELEASE * FPS))


def _thirds(course: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first and the last third of what is settled in the course (T, ...) of a note."""
    settled = course[_settled(slice(0, len(course)))]
    third = max(len(settled) // 3, 1)
    return settled[:third], settled[-third:]


def _held(gaps: np.ndarray) -> float:
    """``mean late opening / mean early opening``."""
    early, late = _thirds(gaps)
    return float(late.mean() / max(early.mean(), 0.1))


def _alike(mouth: np.ndarray) -> float:
    """Cosine between the mean mouths (C,) late and early in a note."""
    early, late = (part.mean(0) for part in _thirds(mouth))
    return float(early @ late / max(np.linalg.norm(early) * np.linalg.norm(late), 1e-9))


def _shaken(jaw: np.ndarray) -> float:
    """Amplitude of the jaw (T,) at the vibrato's rate over its mean, by a fit of sine, cosine and a cubic."""
    time = np.arange(len(jaw)) / FPS
    turn = 2 * np.pi * VIBRATO_HZ * time
    basis = np.stack([np.sin(turn), np.cos(turn), *((time / time[-1]) ** power for power in range(4))], 1)
    sine, cosine = np.linalg.lstsq(basis, jaw, rcond=None)[0][:2]
    return float(np.hypot(sine, cosine) / max(jaw.mean(), 1e-3))


def _festival_rows(performer: Performer) -> list[Row]:
    """How long the mouth stays open on notes that festival sings."""
    name = "festival: opening late over early in a note, median"
    program = shutil.which("text2wave")
    if program is None:
        return not_measured([name], "festival's text2wave is not installed")
    sung = "".join(
        f'<PITCH NOTE="{note}"><DURATION BEATS="2.0">{word}</DURATION></PITCH><REST BEATS="1.0"></REST>'
        for word, note in SONG
    )
    head = '<?xml version="1.0"?><!DOCTYPE SINGING PUBLIC "-//SINGING//DTD SINGING mark up//EN" "Singing.v0_1.dtd" []>'
    with tempfile.TemporaryDirectory() as folder:
        song, sound = Path(folder) / "song.xml", Path(folder) / "song.wav"
        song.write_text(f'{head}<SINGING BPM="60">{sung}</SINGING>', encoding="ascii")
        done = subprocess.run([program, "-mode", "singing", song, "-o", sound], capture_output=True, timeout=60)
        if done.returncode or not sound.is_file():
            return not_measured([name], "festival has no voice that sings")
        samples = read_wave(sound)
    motion = performer.motion(samples, "neutral")
    gaps = opening(torch.from_numpy(np.asarray(motion, np.float32))).numpy()
    held = [_held(gaps[span]) for span in _sounding(samples) if span.stop - span.start > FPS]
    note = ", ".join(f"{word} {value:.2f}" for (word, _), value in zip(SONG, held))
    rows = [Row(name, float(np.median(held)), *HELD, note=f"{note}; some glide by themselves")]
    return told(rows, "1", "mean opening late / early", "lips by the opening of shapes", f"{len(SONG)} notes of 2 s")
