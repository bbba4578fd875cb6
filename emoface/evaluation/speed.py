"""Time and memory of a call, and of the first call in a fresh process."""

from __future__ import annotations

import os
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from emoface.audio.features import SAMPLE_RATE
from emoface.metrics.memory import peak_memory
from emoface.metrics.speed import cold_start, medians, threads
from emoface.pipeline import Pipeline

from .material import repeated
from .report import Row, told

THREADS = 2
SPEED = "animate() of 10 s, median"
COLD_ROWS = ("import emoface with torch, fresh process, s", "first animate() after it, bundled clip, s")


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
        rows += [Row(COLD_ROWS[0], imported, high=1.5, note=load), Row(COLD_ROWS[1], first, high=1.0, note=load)]
        if not quick:
            one, ten = (peak_memory(short, minutes, checkpoint) for minutes in (1, 10))
            note = f"1 min {one:.0f}, 10 min {ten:.0f}, torch included"
            rows.append(Row("peak memory, growth from 1 to 10 min, MiB", ten - one, high=150, note=note, unit="MiB",
                            definition="high-water mark of a fresh process at 10 min less that at 1 min"))  # fmt: skip
    return told(rows, "s", "wall-clock seconds, median of interleaved runs (fresh process: one run)",
                "whole call, audio encoder included", "one recording, batch 1")  # fmt: skip
