"""Streams over WebSocket: what a client gets, and what happens to one that misbehaves."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from emoface.face.layout import ARKIT_INDEX, ARKIT_NAMES, MOTION_NAMES

pytest.importorskip("websockets")
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

RunService = Callable[..., Any]
TOKEN = "a-secret-of-sixteen-letters"


def start(socket: ClientConnection, **wishes: Any) -> dict[str, Any]:
    socket.send(json.dumps({"type": "start", **wishes}))
    return json.loads(socket.recv(5))


def pcm(seconds: float, level: float = 0.5, rate: int = 16000) -> bytes:
    return np.full(round(seconds * rate), level * 32768, "<i2").tobytes()


def records(ready: dict[str, Any], data: bytes) -> np.ndarray:
    """Frames of a message by the description in docs/serve.md."""
    half = {"float16": "<f2", "float32": "<f4"}[ready["dtype"]]
    rows = np.frombuffer(data, [("index", "<u4"), ("time", "<f4"), ("values", half, (len(ready["names"]),))])
    assert rows.itemsize == ready["frame_bytes"]
    return rows


def rest(socket: ClientConnection) -> list[Any]:
    """All messages up to the close, JSON parsed."""
    found = []
    with pytest.raises(ConnectionClosed):
        while True:
            message = socket.recv(5)
            found.append(message if isinstance(message, bytes) else json.loads(message))
    return found


def closed(socket: ClientConnection) -> tuple[int, str]:
    rest(socket)
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it does not become true")


def wait_for_no_streams(running: Any) -> None:
    wait_until(lambda: running.service.worker.streams == 0)


def address(running: Any) -> str:
    return f"ws://127.0.0.1:{running.port}/stream"


@pytest.mark.parametrize(
    ("output", "names"),
    [("arkit", ARKIT_NAMES), ("arkit+head", (*ARKIT_NAMES, "headX", "headY", "headZ")), ("flame", MOTION_NAMES)],
)
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_frames_come_for_sound(shared: Any, output: str, names: tuple[str, ...], dtype: str) -> None:
    with connect(address(shared)) as client:
        ready = start(client, output=output, dtype=dtype, fps=50)
        assert ready["type"] == "ready" and ready["fps"] == 50 and tuple(ready["names"]) == names
        for level in (0.25, 0.5):
            client.send(pcm(0.1, level))
        client.send('{"type": "end"}')
        messages = rest(client)
        assert messages[-1] == {"type": "end", "frames": 10} and client.close_code == 1000
        rows = np.concatenate([records(ready, message) for message in messages[:-1]])
    assert rows["index"].tolist() == list(range(10))
    np.testing.assert_allclose(rows["time"], (np.arange(10) + 0.5) / 50, atol=1e-6)
    if output != "flame":
        jaw = rows["values"][:, ARKIT_INDEX["jawOpen"]]
        np.testing.assert_allclose(jaw, [0.25] * 5 + [0.5] * 5, atol=1e-3)
    if output == "arkit+head":
        np.testing.assert_allclose(rows["values"][:, -3:], 0.25)


def test_forms_of_sound(shared: Any) -> None:
    with connect(address(shared)) as client:
        start(client, format="f32le", channels=2, sample_rate=8000)
        client.send(np.full((640, 2), 0.5, "<f4").tobytes())
        client.send('{"type": "end"}')
        assert rest(client)[-1]["frames"] == 2


def test_wishes_reach_the_stream_in_their_order(shared: Any) -> None:
    with connect(address(shared)) as client:
        start(client, emotion={"happy": 0.7, "sad": 0.3}, intensity=1.5, seed=3, blink=False)
        stream = shared.streams.opened[-1]
        assert stream.options["emotion"] == {"happy": 0.7, "sad": 0.3} and stream.intensity == 1.5
        assert stream.options["seed"] == 3 and stream.options["blink"] is False
        client.send(json.dumps({"type": "emotion", "emotion": ["angry", 3]}))
        client.send(json.dumps({"type": "intensity", "intensity": 0.5}))
        client.send('{"type": "end"}')
        rest(client)
        assert stream.emotion == ("angry", 3.0) and stream.intensity == 0.5


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"type": "emotion", "emotion": "hapy"}, "hapy"),
        ({"type": "intensity", "intensity": 9}, "intensity must be in 0..2"),
        ({"type": "dance"}, "type must be one of"),
        ({"type": "end", "now": 1}, "end has no 'now'"),
        ("{nonsense", "not JSON"),
        ('{"type": "intensity", "intensity": NaN}', "NaN"),
        ("[1]", "must be a JSON object"),
        ("[" * 5000, "nested"),
        (b"\0", "whole samples of 2 bytes"),
    ],
)
def test_a_wrong_message_is_told_and_the_stream_goes_on(shared: Any, message: Any, words: str) -> None:
    with connect(address(shared)) as client:
        start(client, emotion="happy")
        client.send(json.dumps(message) if isinstance(message, dict) else message)
        told = json.loads(client.recv(5))
        assert told["type"] == "error" and words in told["message"], told
        client.send(pcm(0.04))
        assert isinstance(client.recv(5), bytes)
        assert shared.streams.opened[-1].options["emotion"] == "happy"


def test_sound_that_is_not_finite(shared: Any) -> None:
    with connect(address(shared)) as client:
        start(client, format="f32le")
        client.send(np.array([0, np.nan, np.inf], "<f4").tobytes())
        assert "2 samples that are not" in json.loads(client.recv(5))["message"]


def test_sound_after_the_end(shared: Any) -> None:
    with connect(address(shared)) as client:
        start(client)
        client.send('{"type": "end"}')
        with contextlib.suppress(ConnectionClosed):  # the service may have closed by now
            client.send(pcm(0.04))
        assert rest(client)[-1] == {"type": "end", "frames": 0}


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (b"sound", "the first message must be JSON"),
        ('{"type": "end"}', "the first message must be"),
        ('{"type": "start", "emotoin": "happy"}', "did you mean 'emotion'"),
        ('{"type": "start", "sample_rate": 12}', "sample_rate"),
        ('{"type": "start", "format": "mp3"}', "format must be one of"),
        ('{"type": "start", "latency": "yesterday"}', "latency"),
        ('{"type": "start", "num_samples": 2}', "num_samples"),
        ('{"type": "start", "intensity": "strong"}', "intensity must be a number"),
    ],
)
def test_a_wrong_beginning_ends_the_connection(shared: Any, first: Any, words: str) -> None:
    with connect(address(shared)) as client:
        client.send(first)
        told = json.loads(client.recv(5))
        assert told["type"] == "error" and words in told["message"], told
        code, reason = closed(client)
        assert code == 1008 and reason.startswith("bad_start: ")


@pytest.mark.parametrize(("shown", "begin"), [(None, 10), (3, 4), (99, 10)])
def test_interruption_goes_on_after_what_was_shown(shared: Any, shown: int | None, begin: int) -> None:
    with connect(address(shared)) as client:
        ready = start(client)
        client.send(pcm(0.4))
        assert sum(len(records(ready, client.recv(5))) for _ in range(5)) == 10
        client.send(json.dumps({"type": "interrupt", **({} if shown is None else {"shown": shown})}))
        client.send('{"type": "end"}')
        told, closing, last = rest(client)
        assert told == {"type": "interrupted", "start": begin} and last["frames"] == begin + 2
        assert records(ready, closing)["index"].tolist() == [begin, begin + 1]


def test_a_fault_of_one_stream_ends_that_one_alone(shared: Any) -> None:
    with connect(address(shared)) as good, connect(address(shared)) as bad:
        start(good)
        start(bad)
        bad.send(np.full(640, 13, "<i2").tobytes())
        assert closed(bad)[0] == 1011
        good.send(pcm(0.04))
        assert isinstance(good.recv(5), bytes)


def test_limits_are_told_and_others_go_on(run_service: RunService) -> None:
    with run_service(connections=2, message_bytes=40_000, bytes_per_second=8000, queue_seconds=1) as running:
        with connect(address(running)) as first, connect(address(running)) as second:
            start(first)
            start(second)
            with connect(address(running)) as third:
                third.send('{"type": "start"}')
                assert json.loads(third.recv(5))["code"] == "connections"
                assert closed(third) == (1013, "connections: all 2 streams are taken")
            second.send(bytes(50_000))
            assert closed(second)[0] == 1009
            with connect(address(running)) as flood:
                start(flood)
                with pytest.raises(ConnectionClosed):  # 1 GB is not read to its end
                    for _ in range(25_000):
                        flood.send(bytes(39_998))
                assert (flood.close_code, (flood.close_reason or "").split(":")[0]) in (
                    (1013, "bytes_per_second"), (1013, "queue_seconds"))  # fmt: skip
            first.send(pcm(0.04))
            assert isinstance(first.recv(5), bytes)
        wait_for_no_streams(running)
        text = running.service.telemetry.text().decode()
        assert 'emoface_refused_total{limit="connections"} 1.0' in text and "emoface_streams 0.0" in text


def test_silent_clients_are_let_go(run_service: RunService) -> None:
    with run_service(idle_seconds=0.3) as running, connect(address(running)) as client:
        start(client)
        assert closed(client) == (1013, "idle_seconds: no message came for 0.3 s")
        for _ in range(100):  # the client knows before its stream is forgotten
            if running.service.worker.streams:
                time.sleep(0.02)
        assert running.service.worker.streams == 0


def test_a_client_may_be_silent_while_its_sound_is_heard(run_service: RunService) -> None:
    with run_service(idle_seconds=0.2) as running, connect(address(running)) as client:
        start(client)
        running.streams.pause = 0.1  # of every step
        client.send(pcm(0.64))
        client.send('{"type": "end"}')
        assert rest(client)[-1] == {"type": "end", "frames": 16} and client.close_code == 1000


def test_those_who_read_too_slowly_lose_the_oldest_frames(run_service: RunService) -> None:
    with run_service(queue_seconds=2, bytes_per_second=1 << 24) as running:
        small = socket.socket()
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        small.connect(("127.0.0.1", running.port))
        with connect(address(running), sock=small, max_queue=1) as slow, connect(address(running)) as quick:
            ready = start(slow, dtype="float32", output="flame", fps=240.0, sample_rate=4800)
            start(quick)
            stream = running.streams.opened[0]
            for _ in range(12):  # the client reads nothing, so that the sockets fill
                heard = stream.index + 240
                slow.send(pcm(1, rate=4800))
                wait_until(lambda: stream.index >= heard)  # noqa: B023  # it is called here
            quick.send(pcm(0.04))
            assert isinstance(quick.recv(5), bytes)
            slow.send('{"type": "end"}')
            messages = rest(slow)
        rows = np.concatenate([records(ready, one) for one in messages if isinstance(one, bytes)])
        assert (np.diff(rows["index"].astype(int)) > 0).all()
        assert messages[-1] == {"type": "end", "frames": 2880}
        dropped = running.service.telemetry.dropped.labels("slow_reader")._value.get()
        assert dropped == 2880 - len(rows) > 0


def test_invalid_utf8_closes(shared: Any) -> None:
    with connect(address(shared)) as client:
        start(client)
        client.send(b"\xff\xfe{", text=True)
        assert closed(client)[0] == 1007


def test_a_client_that_vanishes_is_forgotten(shared: Any) -> None:
    with contextlib.suppress(OSError, ConnectionClosed), connect(address(shared)) as client:
        start(client)
        client.send(pcm(1))
        abort = struct.pack("ii", 1, 0)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, abort)  # a reset instead of a good-bye
        client.close_socket()
    wait_for_no_streams(shared)


def test_tokens_and_origins(run_service: RunService) -> None:
    with run_service(token=TOKEN, origins=("https://example.org",)) as running:
        url, right = address(running), {"Authorization": f"Bearer {TOKEN}"}
        for headers in ({}, {"Authorization": "Bearer wrong-" + TOKEN}, {"Authorization": f"Basic {TOKEN}"}):
            with pytest.raises(InvalidStatus) as refused:
                connect(url, additional_headers=headers)
            assert refused.value.response.status_code == 401
        with connect(url, additional_headers=right) as client:
            assert start(client)["type"] == "ready"
        with connect(url, subprotocols=["emoface", f"bearer.{TOKEN}"]) as client:
            assert client.subprotocol == "emoface" and start(client)["type"] == "ready"
        for origin in ("https://evil.example", "null", f"http://evil.example:{running.port}"):
            with pytest.raises(InvalidStatus) as refused:
                connect(url, additional_headers={**right, "Origin": origin})
            assert refused.value.response.status_code == 403
        for origin in ("https://example.org", f"http://127.0.0.1:{running.port}", f"http://localhost:{running.port}"):
            with connect(url, additional_headers={**right, "Origin": origin}) as client:
                assert start(client)["type"] == "ready"
