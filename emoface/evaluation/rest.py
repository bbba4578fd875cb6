"""Blinks, silence, text prompts, speed and memory."""

from __future__ import annotations

import json
import os
import tempfile
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from emoface.audio.features import SAMPLE_RATE
from emoface.face.layout import ARKIT_INDEX
from emoface.metrics.blinks import blinks_per_minute
from emoface.metrics.jitter import REGIONS, jitter
from emoface.metrics.memory import peak_memory
from emoface.metrics.speed import cold_start, medians, threads
from emoface.pipeline import Pipeline
from emoface.training.data import PROMPTS

from .report import Row, not_measured, told

THREADS = 2
SPEED = "animate() of 10 s, median"
COLD = ("import emoface with torch, fresh process, s", "first animate() after it, bundled clip, s")


def repeated(samples: np.ndarray, seconds: float) -> np.ndarray:
    """A recording repeated to some length."""
    return np.resize(samples, round(seconds * SAMPLE_RATE))


def life_rows(pipeline: Pipeline, samples: np.ndarray, minutes: float) -> list[Row]:
    """Blinks while speaking and in silence, and how calm the face is in silence."""
    rates = []
    speech = repeated(samples, 60 * minutes)
    for seed, voice in enumerate((speech, np.zeros_like(speech))):
        animation = pipeline.animate(voice, sample_rate=SAMPLE_RATE, emotion="neutral", seed=seed)
        rates.append(blinks_per_minute(animation.arkit()[:, ARKIT_INDEX["eyeBlinkLeft"]], animation.fps))
    still = animation.arkit()
    blinks = [
        Row("blinks a minute, speaking", rates[0], low=10, high=22),
        Row("blinks a minute, silence", rates[1], low=10, high=22),
    ]
    calm = [
        Row("silence: largest jawOpen", float(still[:, ARKIT_INDEX["jawOpen"]].max()), high=0.1),
        Row("silence: mouth jitter", jitter(still[:, list(REGIONS["mouth"])]), high=0.002,
            unit="weight/frame2", definition="mean |x[t+1] - 2 x[t] + x[t-1]|", mask="mouth shapes"),
    ]  # fmt: skip
    split = f"{minutes:g} min of speech or of silence, neutral"
    return [
        *told(blinks, "1/min", "times eyeBlinkLeft rises through 0.5, a minute", "eyeBlinkLeft", split),
        *told(calm, "weight", "max_t jawOpen", "jawOpen", f"{minutes:g} min of silence, neutral"),
    ]


def text_rows(pipeline: Pipeline) -> list[Row]:
    """Prompts of the repository's test lists that are given the right emotion."""
    names = {"held_out": ("held-out prompts named right", 55 / 60), "negations": ("negations named right", 0.8),
             "hard": ("hard prompts named right", None), "unseen": ("unseen prompts named right", 55 / 60),
             "unseen_hard": ("unseen hard prompts named right", 30 / 36),
             "unseen_negations": ("unseen negations named right", 0.8)}  # fmt: skip
    rows = []
    for name, (title, bar) in names.items():
        path = PROMPTS / f"{name}.json"
        if not path.is_file():
            rows += not_measured([title], f"{path} is not there")
            continue
        prompts = json.loads(path.read_text(encoding="utf-8"))["prompts"]
        right = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for prompt in prompts:
                z = pipeline.emotion.encode(text=prompt["text"])
                right += pipeline.emotion.nearest_label(z)[0] == prompt["emotion"]
        split = f"{path.name}, {len(prompts)} prompts"
        rows.append(Row(title, right / len(prompts), low=bar, note=f"{right} of {len(prompts)}", split=split))
    return told(rows, "1", "prompts whose nearest label of z has the listed emotion / prompts", "bound space z", "none")


def speed_rows(pipeline: Pipeline, samples: np.ndarray, checkpoint: Path | None, quick: bool) -> list[Row]:
    """Time of a call, everything included, and of the first call in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        path, short = Path(folder) / "ten.wav", Path(folder) / "clip.wav"
        soundfile.write(path, repeated(samples, 10.0), SAMPLE_RATE)
        soundfile.write(short, samples[: 5 * SAMPLE_RATE], SAMPLE_RATE)

        def run(count: int) -> None:
            with threads(count):
                pipeline.animate(path, emotion="happy")

        work = {count: partial(run, count) for count in (1, THREADS)}
        took = medians(work, 3 if quick else 7, budget=30.0)
        load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        rows = [
            Row(f"{SPEED}, {count} threads, s", seconds, high=0.75, note=f"file opening included; {load}")
            for count, seconds in took.items()
        ]
        imported, first = cold_start(short, checkpoint, THREADS)
        rows += [Row(COLD[0], imported, high=1.5, note=load), Row(COLD[1], first, high=1.0, note=load)]
        if not quick:
            one, ten = (peak_memory(short, minutes, checkpoint) for minutes in (1, 10))
            note = f"1 min {one:.0f}, 10 min {ten:.0f}, torch included"
            rows.append(Row("peak memory, growth from 1 to 10 min, MiB", ten - one, high=150, note=note, unit="MiB",
                            definition="high-water mark of a fresh process at 10 min less that at 1 min"))  # fmt: skip
    return told(rows, "s", "wall-clock seconds, median of interleaved runs (fresh process: one run)",
                "whole call, audio encoder included", "one recording, batch 1")  # fmt: skip
