"""The page of the service in headless Chromium, with a recording in place of a microphone."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emoface.demo import demo_path

pytest.importorskip("websockets")
from chromium import browser

Image = pytest.importorskip("PIL.Image")
MICROPHONE = (
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
    f"--use-file-for-fake-audio-capture={demo_path()}",
)  # fmt: skip

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


def test_a_head_speaks_with_the_microphone(tmp_path: Path, run_service: Callable[..., Any]) -> None:
    token = "a-secret-of-sixteen-letters"
    with (
        run_service(token=token) as running,
        browser(f"http://127.0.0.1:{running.port}/#token={token}", tmp_path, (420, 460), *MICROPHONE) as tab,
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
        picture = tab.picture(tmp_path / "page.png")
        assert len(np.unique(np.asarray(Image.open(picture)).reshape(-1, 3), axis=0)) > 200
        tab.value('document.getElementById("talk").click()')
        tab.wait('document.getElementById("talk").getAttribute("aria-pressed") === "false"')
        while running.service.worker.streams:
            time.sleep(0.02)
