"""The page of the service in headless Chromium, with a recording in place of a microphone."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emoface.demo import demo_path

pytest.importorskip("websockets")
from websockets.sync.client import ClientConnection, connect

Image = pytest.importorskip("PIL.Image")

PRESSED = """
document.getElementById("emotion").value = "happy";
document.getElementById("talk").click();
"""
SPEAKING = """live.clip.arrived.length > 40 &&
  Math.max(...live.clip.arrived.map(({ values }) => values[live.talk.format.names.indexOf("jawOpen")])) > 0.1"""
FOUND = """({
  state: document.documentElement.dataset.state,
  notice: document.getElementById("notice").textContent,
  status: document.getElementById("status").textContent,
  pressed: document.getElementById("talk").getAttribute("aria-pressed"),
  level: document.getElementById("level").value,
  shown: live.clip.shownAt(performance.now() / 1000),
  newest: live.clip.arrived.at(-1)?.time,
  indices: live.clip.arrived.map((frame) => frame.index),
  jaw: live.clip.weights[live.clip.shapes.findIndex(({ name }) => name === "jawOpen")],
  moved: live.clip.positions.some((value, n) => value !== live.clip.rest[n]),
  error: live.scene.gl.getError(),
})"""


class Tab:
    """A page in Chromium, spoken to by its debugging protocol."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket, self.number = socket, 0

    def call(self, method: str, **parameters: Any) -> Any:
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv(60))
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]

    def value(self, expression: str) -> Any:
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, expression: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not self.value(expression):
            assert time.monotonic() < end, (expression, self.value("document.body.innerText"))
            time.sleep(0.1)


@contextlib.contextmanager
def browser(url: str, folder: Path) -> Iterator[Tab]:
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if program is None:
        pytest.skip("no Chromium on PATH")
    command = [
        program, "--headless", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
        f"--user-data-dir={folder / 'profile'}", "--window-size=420,460", "--remote-debugging-port=0",
        "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={demo_path()}", url,
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port_file, end = folder / "profile" / "DevToolsActivePort", time.monotonic() + 60
        while not (port_file.exists() and port_file.read_text().strip()):
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.05)
        port = port_file.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
            tabs = [tab for tab in json.load(answer) if tab["type"] == "page"]
        with connect(tabs[0]["webSocketDebuggerUrl"], max_size=None) as socket:
            yield Tab(socket)
    finally:
        process.kill()
        process.wait()


def test_a_head_speaks_with_the_microphone(tmp_path: Path, run_service: Callable[..., Any]) -> None:
    token = "a-secret-of-sixteen-letters"
    with (
        run_service(token=token) as running,
        browser(f"http://127.0.0.1:{running.port}/#token={token}", tmp_path) as tab,
    ):
        tab.wait("document.documentElement?.dataset.state")
        before = tab.value(FOUND.replace("live.clip.shownAt(performance.now() / 1000)", "0"))
        assert (before["state"], before["notice"], before["moved"]) == ("ready", "", False), before
        tab.value(PRESSED)
        tab.wait(SPEAKING)
        found = tab.value(FOUND)
        assert (found["status"], found["pressed"], found["error"]) == ("Listening", "true", 0), found
        assert (np.diff(found["indices"]) == 1).all() and found["shown"] < found["newest"] + 1
        tab.wait("live.clip.weights.some((weight) => weight > 0.05)")
        assert tab.value(FOUND)["moved"] and running.service.worker.streams == 1
        picture = tmp_path / "page.png"
        picture.write_bytes(base64.b64decode(tab.call("Page.captureScreenshot")["data"]))
        assert len(np.unique(np.asarray(Image.open(picture)).reshape(-1, 3), axis=0)) > 200
        tab.value('document.getElementById("talk").click()')
        tab.wait('document.getElementById("talk").getAttribute("aria-pressed") === "false"')
        while running.service.worker.streams:
            time.sleep(0.02)
