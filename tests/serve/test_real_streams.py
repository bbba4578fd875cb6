"""The service with a real pipeline: what a client gets is what ``animate`` gives, whoever else speaks meanwhile."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from emoface.demo import demo_path
from emoface.pipeline import load

pytest.importorskip("websockets")
from websockets.sync.client import connect

SECONDS = 1.5


def motion(port: int, sound: np.ndarray, rate: int, chunk: int, **wishes: Any) -> np.ndarray:
    """Motion (T, 56) that comes for sound in chunks."""
    with connect(f"ws://127.0.0.1:{port}/stream") as client:
        start = {"type": "start", "sample_rate": rate, "output": "flame", "dtype": "float32", **wishes}
        client.send(json.dumps(start))
        names = json.loads(client.recv(30))["names"]
        for begin in range(0, len(sound), chunk):
            client.send(sound[begin : begin + chunk].tobytes())
        client.send('{"type": "end"}')
        frame = np.dtype([("index", "<u4"), ("time", "<f4"), ("values", "<f4", (len(names),))])
        messages = [message for message in client if isinstance(message, bytes)]
    rows = np.concatenate([np.frombuffer(message, frame) for message in messages])
    assert rows["index"].tolist() == list(range(len(rows)))
    return rows["values"]


def test_each_gets_what_animate_gives(tiny_checkpoint: Path, run_service: Callable[..., Any]) -> None:
    pipeline = load(tiny_checkpoint)
    sound, rate = soundfile.read(demo_path(), dtype="int16", frames=round(16000 * SECONDS))
    calls = [
        {"chunk": 320, "latency": "live", "emotion": "happy", "fps": 25, "seed": 1},
        {"chunk": 5000, "latency": "live", "emotion": {"sad": 0.5, "angry": 0.5}, "fps": 60, "seed": 2},
        {"chunk": 777, "latency": "instant", "emotion": "surprised", "intensity": 1.5, "fps": 30, "seed": 3},
    ]
    got: dict[int, np.ndarray] = {}
    with run_service(pipeline) as running:
        threads = [
            threading.Thread(target=lambda n=n, call=call: got.update({n: motion(running.port, sound, rate, **call)}))
            for n, call in enumerate(calls)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    for number, call in enumerate(calls):
        options = {name: value for name, value in call.items() if name != "chunk"}
        expected = pipeline.animate(sound, sample_rate=rate, **options).motion
        np.testing.assert_array_equal(got[number], expected)
