"""Streams of frames while a voice arrives: how long frames take in each profile, and how many streams keep real time.

    python benchmarks/bench_live.py                         about two minutes; a process for each core
    python benchmarks/bench_live.py --device cuda --streams 200 400 1000
    python benchmarks/bench_live.py --dry                   toy sizes, to see that it runs
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from emoface.demo import demo_path
from emoface.files import write_text
from emoface.info import cpu_model
from emoface.kernels._runtime import native
from emoface.live import LATENCIES, Streams
from emoface.pipeline import load

RATE = 16000
CHUNK = RATE // 50
"""Samples that arrive at once: 20 ms."""
HOP_CHUNKS = 4
"""Of them in a hop."""
TARGET = 0.1
"""Seconds that 99 of 100 frames may take after the audio that they need."""
COUNTS = (1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40)


def speech(seconds: float) -> np.ndarray:
    """Speech of a length, (n,) float32 at 16 kHz."""
    return np.resize(soundfile.read(demo_path(), dtype="float32")[0], round(seconds * RATE))


def quantiles(seconds: list[float]) -> dict[str, float]:
    """Median, 99 % quantile and maximum in milliseconds."""
    found = np.quantile(seconds, [0.5, 0.99, 1]) * 1000
    return {name: round(float(value), 2) for name, value in zip(("p50", "p99", "max"), found)}


def profile(latency: str, seconds: float, repeats: int, device: str) -> dict[str, Any]:
    """How long one stream takes for its frames after the audio that they need is there."""
    torch.set_num_threads(1)
    pipeline, voice = load(device=device), speech(seconds)
    pipeline.stream(latency=latency, emotion="happy").feed(voice[:RATE])  # warm
    firsts, all_of_them = [], []
    for seed in range(repeats):
        stream, first = pipeline.stream(latency=latency, emotion="happy", seed=seed), True
        for start in range(0, len(voice), CHUNK):
            begun = time.perf_counter()
            frames = stream.feed(voice[start : start + CHUNK])
            taken = time.perf_counter() - begun
            if len(frames):
                all_of_them.append(taken)
                firsts += [taken] if first else []
                first = False
    return {
        "profile": latency, "lookahead_ms": 1000 * stream.lookahead, "hop_ms": 1000 * stream.hop,
        "first_frames_ms": quantiles(firsts), "frames_ms": quantiles(all_of_them),
    }  # fmt: skip


def paced(latency: str, count: int, seconds: float, device: str, begin: Any, found: Any) -> None:
    """A process with some streams whose voices arrive in real time; puts the seconds that each hop took."""
    torch.set_num_threads(1)
    streams, voice = Streams(load(device=device), count), speech(seconds)
    opened = [streams.open(latency=latency, emotion="happy", seed=seed) for seed in range(count)]
    for number, stream in enumerate(opened):  # each has its hops at its own time
        stream.push(np.zeros(2 * RATE + number * HOP_CHUNKS // count * CHUNK, np.float32))
    while streams.step():
        pass
    begin.wait()
    start, late = time.perf_counter(), []
    arrived = {id(stream): start for stream in opened}
    for tick in range(len(voice) // CHUNK):
        due = start + (tick + 1) * CHUNK / RATE
        time.sleep(max(due - time.perf_counter(), 0))
        for stream in opened:
            stream.push(voice[tick * CHUNK : (tick + 1) * CHUNK])
            if stream.ready:
                arrived[id(stream)] = due
        while stepped := streams.step():
            now = time.perf_counter()
            late += [now - arrived[id(stream)] for stream, _ in stepped]
    found.put(late)


def load_of(latency: str, count: int, processes: int, seconds: float, device: str) -> dict[str, Any]:
    """How late frames are with so many streams at once, over some processes."""
    context = multiprocessing.get_context("spawn")
    shares = [part for part in (len(p) for p in np.array_split(range(count), processes)) if part]
    begin, found = context.Barrier(len(shares)), context.Queue()
    workers = [
        context.Process(target=paced, args=(latency, part, seconds, device, begin, found), daemon=True)
        for part in shares
    ]
    for worker in workers:
        worker.start()
    late = [value for _ in workers for value in found.get(timeout=120 + 4 * seconds)]
    for worker in workers:
        worker.join()
    return {"streams": count, "processes": len(shares), "hops": len(late), "frame_ms": quantiles(late)}


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and perhaps write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, nargs="+", default=list(COUNTS), help="numbers of streams to try")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)), help="one for each core")
    parser.add_argument("--seconds", type=float, default=8.0, help="of speech in each measurement")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, help="JSON file")
    parser.add_argument("--dry", action="store_true", help="toy sizes")
    asked = parser.parse_args(arguments)
    seconds, repeats, counts = (0.6, 1, [1]) if asked.dry else (asked.seconds, 5, asked.streams)
    results: dict[str, Any] = {
        "cpu": cpu_model(), "cores": len(os.sched_getaffinity(0)), "isa": native.CPU.isa() if native.CPU else None,
        "device": asked.device, "products": str(load(device=asked.device).products).removeprefix("torch."),
        "threads_of_a_process": 1, "chunk_ms": 1000 * CHUNK / RATE, "target_ms": 1000 * TARGET,
        "python": platform.python_version(), "torch": version("torch"), "numpy": version("numpy"),
        "load_before": os.getloadavg(), "profiles": [], "load": [],
    }  # fmt: skip
    for latency in LATENCIES[1:]:
        results["profiles"].append(profile(latency, seconds, repeats, asked.device))
        print(json.dumps(results["profiles"][-1]), flush=True)
    processes = 1 if asked.device != "cpu" or asked.dry else asked.processes
    for count in counts:
        row = load_of("live", count, processes, seconds, asked.device)
        results["load"].append(row)
        print(json.dumps(row), flush=True)
        if row["frame_ms"]["p99"] > 1000 * TARGET:
            break
    kept = [row["streams"] for row in results["load"] if row["frame_ms"]["p99"] <= 1000 * TARGET]
    results["streams_in_real_time"] = max(kept, default=0)
    print(f"streams in real time: {results['streams_in_real_time']}")
    if asked.out is not None:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        write_text(asked.out, json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
