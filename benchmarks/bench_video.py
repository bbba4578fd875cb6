"""How fast films are drawn: frames a second of pictures and of whole .mp4 files, beside the load of the machine.

    python benchmarks/bench_video.py                        about a minute; 512 x 512, as many threads as cores
    python benchmarks/bench_video.py --threads 1 --backend gpu
    python benchmarks/bench_video.py --dry                  toy sizes, to see that it runs
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import emoface
from emoface.animation import Animation
from emoface.demo import demo_path
from emoface.face.presets import PEOPLE
from emoface.info import cpu_model
from emoface.kernels._runtime import native


def measure(
    take: Animation, person: str | None, size: int, threads: int, backend: str, film: bool
) -> tuple[float, float]:
    """Frames a second of wall time, and milliseconds of all processors for a frame, the encoder's included."""
    view: dict[str, Any] = {"size": size, "threads": threads, "backend": backend}
    if person is not None:
        view["identity"] = PEOPLE[person]
    before, start = _cpu(), time.perf_counter()
    if film:
        with tempfile.TemporaryDirectory() as folder:
            take.save(Path(folder) / "film.mp4", **view)
    else:
        for _ in take.render(**view):
            pass
    return len(take) / (time.perf_counter() - start), 1e3 * (_cpu() - before) / len(take)


def _cpu() -> float:
    """Seconds of all processors that this process and the encoders that it ran have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    """Measure in turns and print medians."""
    cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--threads", type=int, default=cores, help="frames drawn at a time (the cores)")
    add("--backend", default="cpu", choices=("cpu", "gpu"), help="what draws (cpu)")
    add("--rounds", type=int, default=5, help="runs of each, in turns (5)")
    add("--seconds", type=float, default=3.0, help="of the demo's recording (3)")
    add("--dry", action="store_true", help="toy sizes")
    asked = parser.parse_args()
    size, seconds, rounds = (64, 0.2, 1) if asked.dry else (512, asked.seconds, asked.rounds)
    take = emoface.animate(demo_path(), emotion="happy")
    take = Animation.from_motion(take.motion[: max(round(seconds * take.fps), 1)], take.fps)
    isa = "not built" if native.CPU is None else native.CPU.isa()
    print(f"{cpu_model()}, {cores} cores, {isa}")
    print(f"{size} x {size}, {len(take)} frames, {asked.threads} threads, {asked.backend}")
    rows = [(person, film) for person in (None, "bruno") for film in (False, True)]
    found: dict[tuple[str | None, bool], list[tuple[float, float]]] = {row: [] for row in rows}
    for number in range(rounds + 1):
        load = os.getloadavg()[0]
        for row in rows:
            one = measure(take, row[0], size, asked.threads, asked.backend, row[1])
            if number or rounds == 1:  # the first round warms up
                found[row].append(one)
        print(f"round {number}: load {load:.1f} before")
    for (person, film), runs in found.items():
        speed, cost = (statistics.median(column) for column in zip(*runs))
        what = f"{person or 'as stored':10} {'mp4' if film else 'pictures':9}"
        print(f"{what} {speed:6.1f} frames/s {cost:7.1f} ms of all processors a frame")


if __name__ == "__main__":
    main()
