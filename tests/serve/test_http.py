"""Files, health, metrics and the page over HTTP."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emoface.demo import demo_path
from emoface.face.layout import ARKIT_NAMES
from emoface.pipeline import load
from emoface.serve.access import VARIABLE, Access, read_token
from emoface.serve.limits import Allowance, Limits, OverLimit
from emoface.serve.run import Doors, bind, serve

pytest.importorskip("starlette")
RunService = Callable[..., Any]
TOKEN = "a-secret-of-sixteen-letters"


def ask(running: Any, method: str, path: str, body: Any = None, headers: Any = None) -> tuple[int, Any, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_health_tells_whether_another_stream_fits(run_service: RunService) -> None:
    from websockets.sync.client import connect

    with run_service(connections=1) as running:
        for prefix in ("/health", "/v1/health"):
            assert ask(running, "GET", f"{prefix}/live")[0] == 200
            assert ask(running, "GET", f"{prefix}/ready")[0] == 200
        with connect(f"ws://127.0.0.1:{running.port}/stream") as client:
            client.send('{"type": "start"}')
            client.recv(5)
            status, _, body = ask(running, "GET", "/health/ready")
            assert status == 503 and json.loads(body)["reason"] == "all 1 streams are taken"


def test_metrics_are_prometheus(shared: Any) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    status, headers, body = ask(shared, "GET", "/metrics")
    assert status == 200 and headers["content-type"].startswith("text/plain; version=0.0.4")
    names = {family.name for family in text_string_to_metric_families(body.decode())}
    assert names >= {
        "emoface_streams", "emoface_frames", "emoface_frame_latency_seconds", "emoface_queue_seconds",
        "emoface_frames_dropped", "emoface_refused", "emoface_busy_share", "process_resident_memory_bytes",
    }  # fmt: skip


def test_the_page_needs_nothing_else(shared: Any) -> None:
    status, headers, body = ask(shared, "GET", "/")
    assert status == 200 and "default-src 'none'" in headers["content-security-policy"]
    text = body.decode()
    assert "http://" not in text and "https://" not in text and "{{" not in text
    status, headers, body = ask(shared, "GET", "/microphone.js")
    assert status == 200 and b"registerProcessor" in body and headers["content-type"].startswith("text/javascript")


@pytest.fixture(scope="module")
def files(tiny_checkpoint: Path, run_service: RunService) -> Iterator[Any]:
    """A service whose files are animated by the toy checkpoint; it lets two wait, of half a megabyte."""
    with run_service(load(tiny_checkpoint), files=2, file_bytes=500_000, idle_seconds=0.5, file_seconds=30) as found:
        yield found


def test_a_file_comes_back_as_motion(files: Any) -> None:
    speech = demo_path().read_bytes()
    status, headers, body = ask(files, "POST", "/animate?emotion=happy&seed=3", speech)
    assert status == 200, body
    assert headers["content-type"] == "application/json" and "motion.json" in headers["content-disposition"]
    first = json.loads(body)
    assert len(json.dumps(first)) > 1000 and any(name in json.dumps(first) for name in ARKIT_NAMES)
    status, headers, body = ask(files, "POST", '/animate?format=csv&options={"emotion":"sad","fps":30}', speech)
    assert status == 200 and headers["content-type"].startswith("text/csv") and b"JawOpen" in body
    for wrong in (b"no sound", b""):
        status, _, body = ask(files, "POST", "/animate", wrong)
        assert status == 400 and json.loads(body)["code"] == "bad_file" and b"/tmp" not in body, body
    status, _, body = ask(files, "POST", "/animate", speech, {"Content-Type": "multipart/form-data; boundary=x"})
    assert status == 400 and b"--data-binary sends it, got multipart/form-data" in body, body
    assert 'emoface_files_total{outcome="done"} 2.0' in files.service.telemetry.text().decode()


def test_limits_of_files(files: Any) -> None:
    status, _, body = ask(files, "POST", "/animate", bytes(600_000))
    assert status == 413 and json.loads(body)["code"] == "file_bytes"
    status, _, body = ask(files, "POST", "/animate", iter([bytes(300_000)] * 3))  # chunked: its size is not told
    assert status == 413
    waiting = []
    for _ in range(2):  # uploads that never end hold both places
        one = socket.create_connection(("127.0.0.1", files.port))
        one.sendall(b"POST /animate HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nhalf")
        waiting.append(one)
    while files.service.uploads._waiting < 2:
        threading.Event().wait(0.01)
    status, headers, body = ask(files, "POST", "/animate", b"more")
    assert status == 429 and headers["retry-after"] and json.loads(body)["code"] == "files"
    for one in waiting:
        assert one.recv(100).startswith(b"HTTP/1.1 408")
        one.close()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"emotion": "hapy"}, "hapy"), ({"emotoin": "happy"}, "did you mean 'emotion'"), ({"fps": "fast"}, "fps"),
        ({"format": "mp4"}, "format must be one of"), ({"options": "[1]"}, "must be an object"),
        ({"num_samples": "2"}, "num_samples must be 1 here"),
        ({"emotion": "[" * 20_000}, r"emotion '\[\[.* is not known"),
    ],
)  # fmt: skip
def test_wrong_wishes(query: dict[str, str], words: str) -> None:
    from emoface.serve.uploads import wishes

    with pytest.raises((TypeError, ValueError), match=words):
        wishes(query)


def test_wishes_are_json_or_text() -> None:
    from emoface.serve.uploads import wishes

    options, suffix = wishes({"emotion": '{"happy": 0.5, "sad": 0.5}', "blink": "false", "fps": "30000/1001"})
    assert options.emotion == {"happy": 0.5, "sad": 0.5} and options.blink is False and suffix == "json"
    assert abs(options.fps - 29.97) < 0.01


def test_pages_and_tokens(run_service: RunService) -> None:
    with run_service(token=TOKEN) as running:
        assert ask(running, "GET", "/")[0] == 200 and ask(running, "GET", "/health/live")[0] == 200
        assert ask(running, "GET", "/metrics")[0] == 401
        assert ask(running, "POST", "/animate", b"x")[0] == 401
        right = {"Authorization": f"Bearer {TOKEN}"}
        assert ask(running, "GET", "/metrics", headers=right)[0] == 200
        status, _, body = ask(running, "POST", "/animate?fps=0", b"x", right)
        assert status == 400 and json.loads(body)["code"] == "bad_options"
        assert ask(running, "POST", "/animate", b"x", {**right, "Origin": "https://evil.example"})[0] == 403


def test_connections_that_say_nothing_are_closed(run_service: RunService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emoface.serve.run.REQUEST_SECONDS", 0.3)
    with run_service() as running:
        silent = socket.create_connection(("127.0.0.1", running.port), timeout=5)
        partial = socket.create_connection(("127.0.0.1", running.port), timeout=5)
        partial.sendall(b"GET / HTTP/1.1\r\nHost")
        for one in (silent, partial):
            assert one.recv(1) == b""
            one.close()
        assert ask(running, "GET", "/health/live")[0] == 200


def test_tokens_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert read_token(None) is None
    monkeypatch.setenv(VARIABLE, TOKEN)
    assert read_token(None) == TOKEN
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}-of-the-file\nsecond line\n")
    assert read_token(file) == f"{TOKEN}-of-the-file"
    for text in ("", "short", "with spaces in the middle of it", "ü" * 20):
        file.write_text(text)
        with pytest.raises(ValueError, match="16 to 256 letters, digits"):
            read_token(file)
    with pytest.raises(FileNotFoundError):
        read_token(tmp_path / "none")


def test_what_cannot_be_served_is_said_before_a_checkpoint_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)

    def never() -> Any:
        raise AssertionError("the checkpoint was read")

    taken = bind("127.0.0.1", 0, 60)
    port = taken.getsockname()[1]
    for doors, error, words in (
        (Doors(port=port), OSError, f"port {port} of 127.0.0.1 is taken; --port names another one"),
        (Doors(host="0.0.0.0", port=0), ValueError, "--host 0.0.0.0 can be reached by others: give --token-file"),
        (Doors(host="192.0.2.1", port=0, token_file=tmp_path / "token"), OSError, "cannot be listened at"),
        (Doors(port=0, origins=("example.org",)), ValueError, "an origin must look like https://example.org"),
    ):
        (tmp_path / "token").write_text(TOKEN)
        with pytest.raises(error, match=words):
            serve(never, doors, Limits())
    taken.close()


def test_limits_are_checked() -> None:
    with pytest.raises(ValueError, match=r"connections must be in 1..100000, got 0"):
        Limits(connections=0)
    with pytest.raises(TypeError, match="message_bytes must be an integer"):
        Limits(message_bytes=1e6)  # type: ignore[arg-type]


def test_an_allowance_fills_up_again() -> None:
    now = [0.0]
    allowance = Allowance(100, lambda: now[0])
    allowance.take(1000)
    with pytest.raises(OverLimit, match="more than 100 bytes per second came"):
        allowance.take(1)
    now[0] += 1
    allowance.take(99)
    now[0] += 1e6
    allowance.take(1000)


def test_an_origin_with_a_token_is_still_an_origin() -> None:
    access = Access(None, "::1", 80)
    assert access.comes_from_a_known_page({"origin": "http://[::1]"})
    assert access.comes_from_a_known_page({})
    assert not access.comes_from_a_known_page({"origin": "http://[::1]:8000"})
