"""Laughter, breaths, sighs, coughs and humming: found where they are, and nowhere else; and what the face then does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from emoface.audio.features import MEL_PER_FRAME, SAMPLE_RATE
from emoface.audio.load import open_audio
from emoface.audio.nonverbal import AHEAD, BACK, nonverbal_net
from emoface.audio.voice import hear_voice
from emoface.face.layout import FPS
from emoface.face.nonverbal import SOUNDS

from ..training.corpus.adapters.signals import RECORDINGS, mel_of, read_wave
from ..training.corpus.clips import Clip
from ..training.nonverbal.scenes import FRAMES, Heard, SceneMaker
from ..training.nonverbal.stage import NonverbalConfig
from .noise import music, white
from .report import Row, not_measured, told

FALSE, FOUND = 1.0, 0.8
"""Most false events a minute, and least share of sounds found."""
REACH = 8
"""Frames to each side that the floor reads."""
RIDGE = 30.0
OTHERS = tuple(sound for sound in SOUNDS if sound != "breath")
"""Sounds that recordings of speech do not hold; people who read draw breath between sentences."""


def heard_sounds(samples: np.ndarray) -> np.ndarray:
    """Which sound there is in a recording at 16 kHz, (T, 5) bool."""
    recording = open_audio(samples, SAMPLE_RATE)
    return hear_voice(recording, max(recording.frames(FPS), 1)).sounds


def events(active: np.ndarray) -> int:
    """How often something begins in courses (T,) or (T, n) of truth values."""
    rows = active.reshape(len(active), -1)
    return int((rows & ~np.concatenate([np.zeros_like(rows[:1]), rows[:-1]])).sum())


def nonverbal_rows(speech: Mapping[str, Sequence[np.ndarray]], folder: Path | None, quick: bool) -> list[Row]:
    """False events in speech, music, noise and silence; sounds found in scenes, and in recordings where there are some.

    Args:
        speech: recordings of speech without such sounds by the name of their set. folder: with a folder of recordings
            for each sound, or None. quick: fewer of all.
    """
    rows: list[Row] = []
    for name, voices in speech.items():
        rows += _false_rows(name, voices[: 12 if quick else None])
    length = SAMPLE_RATE * (30 if quick else 90)
    made = {"music": music(length), "white noise": 0.05 * white(length), "silence": np.zeros(length, np.float32)}
    for name, sound in made.items():
        count, minutes = events(heard_sounds(0.1 * sound)), length / SAMPLE_RATE / 60
        rows.append(Row(f"{name}: events a minute", count / minutes, high=FALSE, split=f"{minutes:g} min, made up"))
    rows = told(rows, "1/min", "beginnings of a sound, a minute", "the net's gate", "")
    voices = [voice for some in speech.values() for voice in some]
    rows += _scene_rows(voices, quick) if voices else not_measured(["scenes: F1"], "there are no recordings of speech")
    return rows + _recorded_rows(folder)


def _false_rows(name: str, voices: Iterable[np.ndarray]) -> list[Row]:
    found = [heard_sounds(voice) for voice in voices]
    minutes = sum(map(len, found)) / FPS / 60
    counts = {sound: sum(events(active[:, k]) for active in found) for k, sound in enumerate(SOUNDS)}
    split = f"{len(found)} recordings of {name}, {minutes:.1f} min"
    note = ", ".join(f"{counts[sound]} x {sound}" for sound in OTHERS if counts[sound])
    wrong = sum(counts[sound] for sound in OTHERS) / minutes
    return [
        Row(f"{name}: false events a minute", wrong, high=FALSE, note=note, split=split),
        Row(f"{name}: breaths a minute", counts["breath"] / minutes, split=split, note="real ones are among them"),
    ]


def _scene_rows(voices: list[np.ndarray], quick: bool) -> list[Row]:
    """F1 of each sound in scenes that were made with other seeds, beside a ridge regression on log-mels."""
    clips = [Clip(f"speech/{k}", "voice", "", "", None, mel_of(voice)) for k, voice in enumerate(voices[:40])]
    shares, count = NonverbalConfig().shares, 40 if quick else 160
    taught = SceneMaker(clips, 71, count // 2, shares).scenes(range(count))
    tested = SceneMaker(clips, 72, count // 2, shares).scenes(range(count))
    with torch.inference_mode():
        ours = nonverbal_net()(tested.mel.float())[:, REACH:-REACH].argmax(-1)
    judged = slice(BACK + REACH, FRAMES - AHEAD - REACH)
    theirs = _ridge(taught, tested)[:, judged].argmax(-1)
    classes, sure = tested.classes[:, judged], tested.weights[:, judged] == 1
    rows = [
        Row(f"scenes: F1 of {sound}", _f1(ours, classes, sure, k), low=FOUND,
            floors={"ridge": _f1(theirs, classes, sure, k)})
        for k, sound in enumerate(SOUNDS, 1)
    ]  # fmt: skip
    definition = "2 TP / (2 TP + FP + FN) over frames, likeliest class, without edges, first frames, drowned ones"
    return told(rows, "1", definition, "frames at 25 fps", f"{count} scenes of 10 s, made sounds among real speech")


def _f1(told: Tensor, classes: Tensor, sure: Tensor, number: int) -> float:
    there, found = sure & (classes == number), sure & (told == number)
    return 2 * float((there & found).sum()) / max(float(there.sum() + found.sum()), 1.0)


def _ridge(taught: Heard, tested: Heard) -> Tensor:
    """Scores (N, T, 6) of a ridge regression on log-mels of ``REACH`` frames to each side, fitted on other scenes."""

    def rows(heard: Heard) -> Tensor:
        mel = heard.mel.float().unflatten(1, (-1, MEL_PER_FRAME)).mean(2)  # (N, T, 64)
        padded = torch.cat([mel[:, :1].expand(-1, REACH, -1), mel, mel[:, -1:].expand(-1, REACH, -1)], 1)
        around = padded.unfold(1, 2 * REACH + 1, 1)[..., ::2].flatten(2)  # (N, T, 64 (REACH + 1))
        return torch.cat([around, torch.ones(*around.shape[:2], 1)], -1)

    x = rows(taught).flatten(0, 1)
    weights = taught.weights.flatten()[:, None]
    wanted = torch.nn.functional.one_hot(taught.classes.flatten(), 1 + len(SOUNDS)).float()
    gram = (x * weights).T @ x + RIDGE * torch.eye(x.shape[1])
    return rows(tested) @ torch.linalg.solve(gram, (x * weights).T @ wanted)


def _recorded_rows(folder: Path | None) -> list[Row]:
    """Share of the recordings of each sound in which it is found."""
    rows: list[Row] = []
    for k, sound in enumerate(SOUNDS):
        found = [] if folder is None else sorted((folder / sound).glob("*"))
        paths = [path for path in found if path.suffix in RECORDINGS]
        name = f"recordings: share with {sound} found"
        if not paths:
            rows += not_measured([name], f"there are no recordings in nonverbal/{sound} of the assets")
            continue
        hits = [bool(heard_sounds(read_wave(path))[:, k].any()) for path in paths]
        rows.append(
            Row(name, float(np.mean(hits)), unit="1", mask="the net's gate", split=f"{len(paths)} recordings",
                definition="recordings of a sound in which the gate finds it anywhere")
        )  # fmt: skip
    return rows
