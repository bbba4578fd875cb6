"""The service under load, on this machine's loopback: how many voices it carries, what rough clients do to the others,
and whether its memory stays level.

    python benchmarks/bench_serve.py                      # three minutes or less
    python benchmarks/bench_serve.py --soak 600           # ten minutes more
    python benchmarks/bench_serve.py --out results.json
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import platform
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import soundfile
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage

from emoface.demo import demo_path
from emoface.files import write_text
from emoface.info import cpu_model
from emoface.pipeline import load

RATE = 16000
CHUNK = RATE // 50
"""Samples of a message: 20 ms."""
TARGET = 0.1
"""Seconds that 99 of 100 frames may take."""
COUNTS = (1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 40, 48, 64, 80, 96, 128)
FPS = 60.0
WRONG = (b"x" * (1 << 21), "{", '{"type": "dance"}', b"odd", "[" * 4000, '{"type": "emotion", "emotion": 3}')
"""Messages that are too large, or no messages of a stream."""


@dataclass
class Outcome:
    """What a client saw: seconds that each frame took, frames that it lacked, and how it was refused, if it was."""

    late: list[float] = field(default_factory=list)
    missing: int = 0
    refused: str = ""


def chunks(seconds: float) -> list[bytes]:
    """Speech of a length as messages of 20 ms."""
    voice, rate = soundfile.read(demo_path(), dtype="int16")
    assert rate == RATE
    count = round(seconds * RATE / CHUNK) * CHUNK
    whole = np.tile(voice, 1 + count // len(voice))[:count]
    return [part.tobytes() for part in whole.reshape(-1, CHUNK)]


def needed(messages: int, checkpoint: Path | None) -> np.ndarray:
    """For each frame the number of the message that completes it, as a stream that is never late gives it."""
    stream = load(checkpoint).stream(latency="live", fps=FPS, emotion="happy")
    found: list[int] = []
    for number in range(messages):
        found += [number] * len(stream.feed(np.zeros(CHUNK, np.int16)))
    return np.array(found)


class Server:
    """``emoface serve`` in a process of its own, without a bound on what streams may take."""

    flags: ClassVar[list[str]] = []
    """Those of every service of the run."""

    def __init__(self, **limits: Any) -> None:
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in {"busy_share": 1.0, **limits}.items()]
        command = [sys.executable, "-m", "emoface", "serve", "--port", "0", *self.flags, *flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.http = self.process.stdout.readline().strip()
        if not self.http:
            raise RuntimeError("the service did not start")
        self.url = f"{self.http.replace('http', 'ws')}stream"
        self.port = int(self.http.rstrip("/").rsplit(":", 1)[1])

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        with urllib.request.urlopen(f"{self.http}metrics") as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.split("{")[0].split()[0] == name)

    @property
    def memory(self) -> float:
        """Resident memory in MiB, of the service and its processes of streams."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in [self.process.pid, *children])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextlib.contextmanager
def server(**limits: Any) -> Iterator[Server]:
    """A service while the block runs."""
    running = Server(**limits)
    try:
        yield running
    finally:
        running.process.terminate()
        running.process.wait(20)


async def begin(client: ClientConnection, **wishes: Any) -> dict[str, Any]:
    """Open a stream."""
    await client.send(json.dumps({"type": "start", "fps": FPS, "emotion": "happy", **wishes}))
    return json.loads(await client.recv())


async def talk(url: str, messages: list[bytes], owner: np.ndarray, delay: float) -> Outcome:
    """A client that speaks in real time, and notes how long after its sound each frame came."""
    outcome, sent = Outcome(), np.zeros(len(messages))
    await asyncio.sleep(delay)
    try:
        async with connect(url, compression=None) as client:
            ready = await begin(client)
            if ready["type"] != "ready":
                return Outcome(refused=ready["code"])
            reader = asyncio.create_task(listen(client, ready["frame_bytes"], owner, sent, outcome))
            clock = time.perf_counter()
            for number, message in enumerate(messages):
                await asyncio.sleep(max(clock + (number + 1) * CHUNK / RATE - time.perf_counter(), 0))
                sent[number] = time.perf_counter()
                await client.send(message)
            await client.send('{"type": "end"}')
            outcome.missing = await reader
    except (ConnectionClosed, OSError, InvalidMessage) as error:
        outcome.refused = str(error)
    return outcome


async def listen(client: ClientConnection, size: int, owner: np.ndarray, sent: np.ndarray, outcome: Outcome) -> int:
    """Read frames to the end of a stream; how many of them never came."""
    got = 0
    async for message in client:
        now = time.perf_counter()
        if isinstance(message, str):
            told = json.loads(message)
            if told["type"] == "end":
                return int(told["frames"]) - got
            outcome.refused = told["code"]
            return 0
        got += len(message) // size
        last = np.frombuffer(message[-size:], "<u4", 1)[0]
        if last < len(owner) and owner[last] < len(sent):  # the end of the sound completes the others
            outcome.late += [now - sent[owner[last]]] * (len(message) // size)
    return 0


def summary(outcomes: list[Outcome]) -> dict[str, Any]:
    """Latencies in ms and failures of clients."""
    late = np.array([seconds for outcome in outcomes for seconds in outcome.late]) * 1e3
    row: dict[str, Any] = {"clients": len(outcomes), "frames": len(late)}
    if len(late):
        row |= {f"p{share}_ms": round(float(np.percentile(late, share)), 1) for share in (50, 90, 99)}
        row["most_ms"] = round(float(late.max()), 1)
    row["missing"] = sum(outcome.missing for outcome in outcomes)
    row["refused"] = sorted({outcome.refused for outcome in outcomes if outcome.refused})
    return row


async def crowd(url: str, count: int, seconds: float, owner: np.ndarray) -> list[Outcome]:
    """Clients that speak at once, each at its own place within a step of the stream."""
    messages = chunks(seconds)
    delays = np.random.default_rng(0).uniform(0, 0.5, count)
    return list(await asyncio.gather(*(talk(url, messages, owner, float(delay)) for delay in delays)))


def load_curve(seconds: float, most: int, owner: np.ndarray) -> list[dict[str, Any]]:
    """More and more clients, until 99 of 100 frames no longer come in time."""
    rows = []
    with server(connections=1000) as running:
        asyncio.run(crowd(running.url, 1, 2, owner))  # the first stream fills caches
        for count in (count for count in COUNTS if count <= most):
            row = summary(asyncio.run(crowd(running.url, count, seconds, owner)))
            row |= {"busy_share": round(running.metric("emoface_busy_share"), 2), "memory_mib": round(running.memory)}
            row["load_average"] = round(os.getloadavg()[0], 1)
            rows.append(row)
            print(json.dumps(row), flush=True)
            if row["p99_ms"] > 1e3 * TARGET:
                break
    return rows


async def rough(url: str, port: int, seconds: float) -> None:
    """Clients that misuse the service, over and over: none of them may disturb another."""
    messages, held = chunks(1), []
    for number in range(4):  # half-open: a connection that asks nothing, one that asks by halves, one that opens only
        held.append(socket.create_connection(("127.0.0.1", port)))
        if number % 2:
            held[-1].sendall(b"GET /stream HTTP/1.1\r\nHost: ")
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop:
        slow = await connect(url, max_queue=1)
        await begin(slow)
        with contextlib.suppress(ConnectionClosed):
            for message in messages:  # and nothing is read
                await slow.send(message)
        for wrong in (
            b"x" * (1 << 21),
            "{",
            '{"type": "dance"}',
            b"odd",
            "[" * 4000,
            '{"type": "emotion", "emotion": 3}',
        ):
            with contextlib.suppress(ConnectionClosed):
                async with connect(url) as client:
                    await begin(client)
                    await client.send(wrong)
                    await client.recv()
        with contextlib.suppress(ConnectionClosed):  # a gigabyte, as far as it is taken
            async with connect(url) as client:
                await begin(client)
                for _ in range(1 << 10):
                    await client.send(bytes(1 << 20))
        await asyncio.sleep(0.2)
        slow.transport.abort()  # gone without a word
    for one in held:
        one.close()


def be_rough(url: str, port: int, seconds: float) -> None:
    """The process of the rough clients, apart from those who measure."""
    asyncio.run(rough(url, port, seconds + 2))


def with_rough_clients(seconds: float, owner: np.ndarray) -> dict[str, Any]:
    """What two clients see alone, and beside rough ones."""
    with server(connections=32, idle_seconds=5) as running:
        alone = summary(asyncio.run(crowd(running.url, 2, seconds, owner)))
        other = multiprocessing.get_context("spawn").Process(target=be_rough, args=(running.url, running.port, seconds))
        other.start()
        time.sleep(2)  # until it is at work
        beside = summary(asyncio.run(crowd(running.url, 2, seconds, owner)))
        other.join()
        names = ("emoface_refused_total", "emoface_errors_total", "emoface_frames_dropped_total")
        counted = {name: running.metric(name) for name in names}
        found = {"alone": alone, "beside_rough_clients": beside, "counted": counted}
    print(json.dumps(found), flush=True)
    return found


def soak(seconds: float, clients: int, owner: np.ndarray) -> dict[str, Any]:
    """Clients that come and go for a long time, and the memory of the service over it."""
    with server() as running:
        begun, memory, outcomes = time.perf_counter(), [], []
        while (passed := time.perf_counter() - begun) < seconds:
            outcomes += asyncio.run(crowd(running.url, clients, min(10, seconds), owner))
            memory.append((round(passed, 1), round(running.memory, 1)))
        settled = [size for at, size in memory if at >= seconds / 10] or [memory[-1][1]]
        row = summary(outcomes) | {"seconds": round(time.perf_counter() - begun), "memory_mib": memory}
        row["growth_mib"] = round(settled[-1] - settled[0], 1)
        row["streams_left"] = running.metric("emoface_streams")
    print(json.dumps(row | {"memory_mib": [memory[0], memory[-1]]}), flush=True)
    return row


def machine() -> dict[str, Any]:
    """Where the figures come from."""
    from emoface.kernels._runtime import native

    packages = ("torch", "numpy", "uvicorn", "starlette", "websockets")
    return {
        "cpu": cpu_model(), "cores": len(os.sched_getaffinity(0)), "isa": native.CPU.isa() if native.CPU else None,
        "load_average_before": [round(load, 1) for load in os.getloadavg()], "python": platform.python_version(),
        "versions": {name: version(name) for name in packages}, "chunk_ms": 1000 * CHUNK / RATE, "fps": FPS,
        "latency": "live",
    }  # fmt: skip


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--seconds", type=float, default=8, metavar="S", help="of each number of clients (8)")
    add("--clients", type=int, default=64, metavar="N", help="at most so many (64)")
    add("--soak", type=float, default=20, metavar="S", help="seconds of the long run (20)")
    add("--soak-clients", type=int, default=2, metavar="N", help="in the long run (2)")
    add(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="another checkpoint; a toy one shows what the service itself takes",
    )
    add("--threads", type=int, default=1, metavar="N", help="of each process of streams (1)")
    add("--workers", type=int, default=len(os.sched_getaffinity(0)), metavar="N", help="processes of streams (cores)")
    add("--out", type=Path, metavar="JSON", help="where the figures are written")
    asked = parser.parse_args()
    asked_for = {"threads": asked.threads, "workers": asked.workers, "checkpoint": str(asked.checkpoint)}
    found: dict[str, Any] = {"machine": machine() | asked_for}
    Server.flags = [
        "--threads",
        str(asked.threads),
        "--workers",
        str(asked.workers),
        *(["--checkpoint", str(asked.checkpoint)] if asked.checkpoint else []),
    ]
    owner = needed(round(max(asked.seconds, 10) * RATE / CHUNK), asked.checkpoint)
    found["load"] = load_curve(asked.seconds, asked.clients, owner)
    in_time = [row["clients"] for row in found["load"] if row["p99_ms"] <= 1e3 * TARGET]
    found["streams_in_time"] = max(in_time, default=0)
    found["rough"] = with_rough_clients(asked.seconds, owner)
    found["soak"] = soak(asked.soak, asked.soak_clients, owner)
    if asked.out:
        write_text(asked.out, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
